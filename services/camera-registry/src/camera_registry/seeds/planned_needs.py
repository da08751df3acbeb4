"""The surveyed needs that a town starts with: 106 of them for Béthune (fictional, see ``needs/bethune.toml``)."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.needs_csv import read_needs
from camera_registry.domain.planning import Need
from camera_registry.repository.planning import envelopes_of, lock_planning, needs_of, save_envelope, save_needs

_CENTS = 100


@dataclass(frozen=True, slots=True)
class PlannedNeeds:
    """A town's needs and its envelope, the same for each year from ``first_year`` to ``last_year``, in cents."""

    insee: str
    needs: tuple[Need, ...]
    envelope_cents: int
    first_year: int
    last_year: int


def load_needs(town: str) -> PlannedNeeds | None:
    """Read the needs of a town of `seeds.town.TOWNS`; None for a town without a survey."""
    folder = files("camera_registry.seeds") / "needs"
    description = folder / f"{town}.toml"
    if not description.is_file():
        return None
    document = tomllib.loads(description.read_text(encoding="utf-8"))
    return PlannedNeeds(
        insee=document["insee"],
        needs=tuple(read_needs((folder / document["file"]).read_text(encoding="utf-8"))),
        envelope_cents=document["annual_envelope_euros"] * _CENTS,
        first_year=document["first_year"],
        last_year=document["last_year"],
    )


async def seed_needs(conn: AsyncConnection, town: str, at: datetime) -> int:
    """Record a town's needs and envelopes; what is there stays as people left it. Returns how many needs are new.

    The communes are registered already.
    """
    planned = load_needs(town)
    if planned is None:
        return 0
    await lock_planning(conn)
    known = {need.reference for need in await needs_of(conn, [planned.insee])}
    fresh = [need for need in planned.needs if need.reference not in known]
    await save_needs(conn, fresh, at)
    envelopes = await envelopes_of(conn, [planned.insee])
    for year in range(planned.first_year, planned.last_year + 1):
        if (planned.insee, year) not in envelopes:
            await save_envelope(conn, planned.insee, year, planned.envelope_cents)
    return len(fresh)
