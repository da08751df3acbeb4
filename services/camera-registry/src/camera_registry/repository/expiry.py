"""Warnings of arrêtés that end: which ones were told, and telling them once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import WARNING_DAYS
from camera_registry.domain.renewal import RenewalState
from camera_registry.tables import authorisation_warnings, authorisations, renewals
from common import outbox
from common.ids import new_id
from contracts.envelope import make_envelope
from contracts.registry import FACT_AUTHORISATION_WARNING, OWNER, AuthorisationWarning


@dataclass(frozen=True, slots=True)
class Ending:
    """An arrêté that ends within the farthest warning, and what was told of this very end."""

    authorisation_id: str
    arrete_number: str
    communes: tuple[str, ...]
    valid_until: datetime
    known_since: datetime
    told: frozenset[int]


async def endings(conn: AsyncConnection, at: datetime) -> list[Ending]:
    """Return the arrêtés to warn about, but those whose end is told (0) and those already granted a successor.

    A successor that begins later than the old one ends leaves a gap: the warnings go on.
    """
    successor = authorisations.alias("successor")
    granted = (
        select(renewals.c.authorisation_id)
        .join(successor, successor.c.authorisation_id == renewals.c.successor_id)
        .where(
            renewals.c.authorisation_id == authorisations.c.authorisation_id,
            renewals.c.state == RenewalState.ACCORDEE.value,
            successor.c.valid_from <= authorisations.c.valid_until,
        )
        .correlate(authorisations)
        .exists()
    )
    same_end = (authorisation_warnings.c.authorisation_id == authorisations.c.authorisation_id) & (
        authorisation_warnings.c.valid_until == authorisations.c.valid_until
    )
    told = func.array_remove(func.array_agg(authorisation_warnings.c.days_left), None)
    query = (
        select(
            authorisations.c.authorisation_id,
            authorisations.c.arrete_number,
            authorisations.c.communes,
            authorisations.c.valid_until,
            authorisations.c.end_known_at,
            told.label("told"),
        )
        .select_from(authorisations.outerjoin(authorisation_warnings, same_end))
        .where(authorisations.c.valid_until <= at + timedelta(days=max(WARNING_DAYS)), ~granted)
        .group_by(authorisations.c.authorisation_id)
        .having(~func.coalesce(func.bool_or(authorisation_warnings.c.days_left == 0), False))
        .order_by(authorisations.c.authorisation_id)
    )
    return [
        Ending(
            row.authorisation_id,
            row.arrete_number,
            tuple(row.communes),
            row.valid_until,
            row.end_known_at,
            frozenset(row.told),
        )
        for row in (await conn.execute(query)).all()
    ]


async def tell(conn: AsyncConnection, ending: Ending, days_left: int, at: datetime) -> bool:
    """Announce one warning to each commune of the arrêté, unless it was told already; returns whether it is told now.

    The row and the events are of one transaction: two workers, or a restart in the middle, tell it once.
    """
    row = {
        "authorisation_id": ending.authorisation_id,
        "valid_until": ending.valid_until,
        "days_left": days_left,
        "told_at": at,
    }
    statement = insert(authorisation_warnings).values(row).on_conflict_do_nothing()
    statement = statement.returning(authorisation_warnings.c.days_left)
    if (await conn.execute(statement)).one_or_none() is None:
        return False
    payload = AuthorisationWarning(
        authorisation_id=ending.authorisation_id,
        arrete_number=ending.arrete_number,
        communes=ending.communes,
        valid_until=ending.valid_until,
        days_left=days_left,
    )
    events = [
        make_envelope(
            payload,
            event_id=new_id(),
            owner=OWNER,
            fact=FACT_AUTHORISATION_WARNING,
            source="camera-registry",
            aggregate=f"authorisation:{ending.authorisation_id}",
            insee=insee,
            at=at,
        )
        for insee in ending.communes
    ]
    await outbox.append(conn, events)
    return True
