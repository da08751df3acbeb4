"""The two-level nomenclature of incidents: data shipped with the package, read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from contracts.access import OrganisationKind
from contracts.incident import Priority


@dataclass(frozen=True, slots=True)
class NomenclatureEntry:
    """One kind of incident; ``code`` is ``<family>.<entry>``, ``partner_kinds`` the default addressees."""

    code: str
    family: str
    label: str
    priority: Priority
    partner_kinds: tuple[OrganisationKind, ...]


def read_nomenclature(text: str) -> Mapping[str, NomenclatureEntry]:
    """Read a nomenclature in TOML, in its order.

    Raises:
        ValueError: a code appears twice, or a priority or a partner kind is unknown.
    """
    entries: dict[str, NomenclatureEntry] = {}
    for family in tomllib.loads(text)["family"]:
        for item in family["entry"]:
            code = f"{family['code']}.{item['code']}"
            if code in entries:
                raise ValueError(f"nomenclature code {code} appears twice")
            entries[code] = NomenclatureEntry(
                code=code,
                family=family["label"],
                label=item["label"],
                priority=Priority(item["priority"]),
                partner_kinds=tuple(OrganisationKind(kind) for kind in item["partners"]),
            )
    return entries


NOMENCLATURE: Mapping[str, NomenclatureEntry] = read_nomenclature(
    (files("incident") / "nomenclature.toml").read_text(encoding="utf-8")
)
