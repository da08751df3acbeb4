"""Which alarms open which incidents: read from `alarm_rules.toml`, narrowed or widened by the town's settings."""

import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from contracts.registry import AlarmKind, AlarmRaised, AlarmSource
from incident.domain import Author, Declaration, Origin
from incident.nomenclature import NOMENCLATURE, NomenclatureEntry

TECHNICAL_WATCH = Author("surveillance-technique", "Surveillance technique")
_LONGEST_ADDRESS = 300
_LONGEST_FACTS = 4000


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """What an alarm of one kind becomes."""

    entry: NomenclatureEntry
    facts: str
    opens: bool
    technical: bool


def read_rules(text: str, street_kinds: Collection[AlarmKind] | None = None) -> Mapping[AlarmKind, AlarmRule]:
    """Read the table. ``street_kinds``: those camera events that open incidents, None: as the table says.

    Raises:
        KeyError: a kind has no line, or names no code of the nomenclature.
    """
    table = tomllib.loads(text)
    return {kind: _rule(table[kind.value], kind, street_kinds) for kind in AlarmKind}


def shipped_rules(street_kinds: Collection[AlarmKind] | None = None) -> Mapping[AlarmKind, AlarmRule]:
    """Return the rules of the package with the town's choice of street kinds."""
    return read_rules((files("incident") / "alarm_rules.toml").read_text(encoding="utf-8"), street_kinds)


def declaration_of(alarm: AlarmRaised, rule: AlarmRule, commune: str | None, at: datetime) -> Declaration:
    """Return what is declared for an alarm; the registry's own words, made fit for the main courante."""
    label = _plain(alarm.label) or alarm.source_id
    facts = " ".join(part for part in (rule.facts.format(label=label), _plain(alarm.detail)) if part)
    whole = alarm.lon is not None and alarm.lat is not None
    return Declaration(
        code=rule.entry.code,
        title=rule.entry.label,
        priority=rule.entry.priority,
        insee=alarm.insee,
        commune=commune,
        camera_ids=alarm.camera_ids,
        address=label[:_LONGEST_ADDRESS],
        lon=alarm.lon if whole else None,
        lat=alarm.lat if whole else None,
        origin=_ORIGINS[alarm.source],
        facts=facts[:_LONGEST_FACTS],
        detected_at=min(alarm.raised_at, at),
    )


def author_of(alarm: AlarmRaised) -> Author:
    """Return who declares: the button, the camera, or the watch over the fleet."""
    if alarm.source is AlarmSource.SURVEILLANCE_TECHNIQUE:
        return TECHNICAL_WATCH
    return Author(f"{alarm.source.value}:{alarm.source_id}", _plain(alarm.label) or alarm.source_id)


def _rule(line: dict[str, str | bool], kind: AlarmKind, street_kinds: Collection[AlarmKind] | None) -> AlarmRule:
    technical = bool(line["technical"])
    chosen = street_kinds is not None and not technical and kind is not AlarmKind.BOUTON_ALERTE
    opens = kind in street_kinds if chosen and street_kinds is not None else bool(line["opens"])
    return AlarmRule(NOMENCLATURE[str(line["code"])], str(line["facts"]), opens=opens, technical=technical)


def _plain(text: str) -> str:
    """Return text as the main courante takes it: form C, no control or direction characters, no doubled blanks."""
    kept = (" " if unicodedata.category(char).startswith("C") else char for char in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


_ORIGINS = {
    AlarmSource.BOUTON: Origin.BOUTON,
    AlarmSource.CAMERA: Origin.ANALYTIQUE,
    AlarmSource.SURVEILLANCE_TECHNIQUE: Origin.SURVEILLANCE_TECHNIQUE,
}
