"""Surveyed needs and yearly envelopes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Finalite
from camera_registry.domain.planning import Need, NeedStatus, Works, WorksKind
from camera_registry.domain.position import Position
from camera_registry.tables import budget_envelopes, cameras, needs
from contracts.registry import CameraKind


@dataclass(frozen=True, slots=True)
class NeedFilters:
    """What to list; None or empty asks nothing. ``year`` is the budget year."""

    status: str | None = None
    year: int | None = None
    priority: int | None = None


async def lock_planning(conn: AsyncConnection) -> None:
    """Let one writer at a time change needs and envelopes: a proposal adopted must be the one that was computed."""
    await conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('camera_registry.planning'))"))


async def needs_of(conn: AsyncConnection, insee_codes: Iterable[str], filters: NeedFilters | None = None) -> list[Need]:
    """Return the needs of these communes: by commune, priority, day of survey, reference."""
    query = (
        select(needs)
        .where(needs.c.insee.in_(sorted(insee_codes)))
        .order_by(needs.c.insee, needs.c.priority, needs.c.surveyed_on, needs.c.reference)
    )
    asked = filters or NeedFilters()
    if asked.status is not None:
        query = query.where(needs.c.status == asked.status)
    if asked.year is not None:
        query = query.where(needs.c.budget_year == asked.year)
    if asked.priority is not None:
        query = query.where(needs.c.priority == asked.priority)
    return [_need(row) for row in (await conn.execute(query)).all()]


async def one_need(conn: AsyncConnection, need_id: str) -> Need | None:
    """Return one need, or None."""
    row = (await conn.execute(select(needs).where(needs.c.need_id == need_id))).one_or_none()
    return _need(row) if row else None


async def need_with_reference(conn: AsyncConnection, insee: str, reference: str) -> str | None:
    """Return the id of the need that has this reference in the commune, or None."""
    query = select(needs.c.need_id).where(needs.c.insee == insee, needs.c.reference == reference)
    return (await conn.execute(query)).scalar_one_or_none()


async def count_of_needs(conn: AsyncConnection, insee: str) -> int:
    """Return how many needs a commune has."""
    return (await conn.execute(select(func.count()).where(needs.c.insee == insee))).scalar_one()


async def camera_commune(conn: AsyncConnection, camera_id: str) -> str | None:
    """Return the INSEE code of a camera, None when there is none."""
    return (await conn.execute(select(cameras.c.insee).where(cameras.c.camera_id == camera_id))).scalar_one_or_none()


async def save_needs(conn: AsyncConnection, items: Sequence[Need], at: datetime) -> None:
    """Insert or replace needs."""
    if not items:
        return
    rows = [_columns(one) | {"changed_at": at} for one in items]
    statement = insert(needs)
    statement = statement.on_conflict_do_update(
        index_elements=["need_id"],
        set_={name: statement.excluded[name] for name in rows[0] if name != "need_id"},
    )
    await conn.execute(statement, rows)


async def envelopes_of(conn: AsyncConnection, insee_codes: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the envelopes of these communes, in cents by (INSEE code, year)."""
    query = select(budget_envelopes).where(budget_envelopes.c.insee.in_(sorted(insee_codes)))
    return {(row.insee, row.year): row.amount_cents for row in (await conn.execute(query)).all()}


async def save_envelope(conn: AsyncConnection, insee: str, year: int, amount_cents: int) -> None:
    """Insert or replace the envelope of a commune's year."""
    statement = insert(budget_envelopes).values(insee=insee, year=year, amount_cents=amount_cents)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["insee", "year"], set_={"amount_cents": statement.excluded.amount_cents}
        )
    )


def _columns(one: Need) -> dict[str, Any]:
    return {
        "need_id": one.need_id,
        "insee": one.insee,
        "reference": one.reference,
        "place": one.place,
        "lon": one.position.lon if one.position else None,
        "lat": one.position.lat if one.position else None,
        "camera_kind": one.camera_kind.value,
        "finalite": one.finalite.value,
        "motive": one.motive,
        "requested_by": one.requested_by,
        "surveyed_on": one.surveyed_on,
        "priority": one.priority,
        "cost_cents": one.cost_cents,
        "works": [[works.kind.value, works.label, works.cost_cents] for works in one.works],
        "status": one.status.value,
        "budget_year": one.budget_year,
        "year_fixed": one.year_fixed,
        "camera_id": one.camera_id,
        "note": one.note,
        "revision": one.revision,
    }


def _need(row: Row[Any]) -> Need:
    return Need(
        need_id=row.need_id,
        insee=row.insee,
        reference=row.reference,
        place=row.place,
        position=Position(row.lon, row.lat) if row.lon is not None else None,
        camera_kind=CameraKind(row.camera_kind),
        finalite=Finalite(row.finalite),
        motive=row.motive,
        requested_by=row.requested_by,
        surveyed_on=row.surveyed_on,
        priority=row.priority,
        cost_cents=row.cost_cents,
        works=tuple(Works(WorksKind(kind), label, cost) for kind, label, cost in row.works),
        status=NeedStatus(row.status),
        budget_year=row.budget_year,
        year_fixed=row.year_fixed,
        camera_id=row.camera_id,
        note=row.note,
        revision=row.revision,
    )
