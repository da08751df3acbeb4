"""Troubles of cameras with the alarm each may have opened, and the intervals in which a camera was of no use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.flap_damper import FlapDamper
from camera_registry.domain.position import Position
from camera_registry.repository.checks import CHECKED
from camera_registry.tables import camera_checks, camera_outages, camera_troubles, cameras
from contracts.registry import AlarmKind


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of trouble of a camera: lasting or over since ``damper.changed_at``; ``detail`` is French."""

    camera_id: str
    kind: AlarmKind
    damper: FlapDamper
    detail: str


@dataclass(frozen=True, slots=True)
class DueTrouble:
    """A trouble whose alarm may have to begin or end, and what the alarm says of the camera."""

    trouble: Trouble
    insee: str
    label: str
    position: Position
    expected: bool


async def locked_trouble(conn: AsyncConnection, camera_id: str, kind: AlarmKind) -> Trouble:
    """Return one trouble, its row locked until the transaction ends; one that never was is not lasting."""
    query = (
        select(camera_troubles)
        .where(camera_troubles.c.camera_id == camera_id, camera_troubles.c.kind == kind.value)
        .with_for_update()
    )
    row = (await conn.execute(query)).one_or_none()
    return _trouble(row) if row else Trouble(camera_id, kind, FlapDamper(), "")


async def save_trouble(conn: AsyncConnection, trouble: Trouble, *, due_at: datetime | None) -> None:
    """Insert or replace a trouble that has changed at least once."""
    values = {
        "lasting": trouble.damper.bad,
        "changed_at": trouble.damper.changed_at,
        "detail": trouble.detail,
        "losses": list(trouble.damper.losses),
        "alarm_raised": trouble.damper.raised,
        "due_at": due_at,
    }
    statement = insert(camera_troubles).values(camera_id=trouble.camera_id, kind=trouble.kind.value, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id", "kind"], set_=values))


async def due_troubles(conn: AsyncConnection, at: datetime, *, limit: int) -> list[DueTrouble]:
    """Return troubles that are due, their rows locked; rows that another process holds are left to it.

    ``expected``: the camera is meant to work now (in service or known out of order, not in works).
    """
    query = (
        select(camera_troubles, cameras.c.insee, cameras.c.label, cameras.c.lon, cameras.c.lat, cameras.c.status)
        .join(cameras, cameras.c.camera_id == camera_troubles.c.camera_id)
        .where(camera_troubles.c.due_at <= at)
        .order_by(camera_troubles.c.due_at)
        .limit(limit)
        .with_for_update(of=camera_troubles, skip_locked=True)
    )
    return [
        DueTrouble(_trouble(row), row.insee, row.label, Position(row.lon, row.lat), row.status in CHECKED)
        for row in (await conn.execute(query)).all()
    ]


async def lasting_kinds(conn: AsyncConnection, camera_id: str) -> tuple[AlarmKind, ...]:
    """Return what is wrong with a camera now."""
    query = (
        select(camera_troubles.c.kind)
        .where(camera_troubles.c.camera_id == camera_id, camera_troubles.c.lasting)
        .order_by(camera_troubles.c.kind)
    )
    return tuple(AlarmKind(kind) for kind in (await conn.execute(query)).scalars())


async def begin_outage(conn: AsyncConnection, camera_id: str, *, at: datetime, reason: str) -> None:
    """Open an interval without bytes; one that is open already goes on."""
    statement = insert(camera_outages).values(camera_id=camera_id, started_at=at, planned=False, reason=reason)
    await conn.execute(statement.on_conflict_do_nothing())


async def end_outage(conn: AsyncConnection, camera_id: str, *, at: datetime) -> None:
    """Close the interval without bytes that is open, if one is."""
    await conn.execute(
        update(camera_outages)
        .where(_open(planned=False), camera_outages.c.camera_id == camera_id)
        .values(ended_at=func.greatest(camera_outages.c.started_at, at))
    )


async def settle_planned(conn: AsyncConnection, at: datetime) -> None:
    """Open and close the intervals in which a followed camera is not expected to work, as its status now says."""
    working = cameras.c.status.in_(CHECKED)
    followed = camera_checks.join(cameras, cameras.c.camera_id == camera_checks.c.camera_id)
    absent = (
        select(cameras.c.camera_id, text("CAST(:at AS timestamptz)"), text("true"), cameras.c.status)
        .select_from(followed)
        .where(~working)
    )
    columns = ["camera_id", "started_at", "planned", "reason"]
    await conn.execute(insert(camera_outages).from_select(columns, absent).on_conflict_do_nothing(), {"at": at})
    back = select(cameras.c.camera_id).where(working)
    await conn.execute(
        update(camera_outages)
        .where(_open(planned=True), camera_outages.c.camera_id.in_(back))
        .values(ended_at=func.greatest(camera_outages.c.started_at, at))
    )


async def outages_within(
    conn: AsyncConnection, insee_codes: list[str], start: datetime, end: datetime
) -> list[Row[Any]]:
    """Return (camera_id, started_at, ended_at, planned) of the intervals that touch ``[start, end)``."""
    query = (
        select(
            camera_outages.c.camera_id,
            camera_outages.c.started_at,
            camera_outages.c.ended_at,
            camera_outages.c.planned,
        )
        .join(cameras, cameras.c.camera_id == camera_outages.c.camera_id)
        .where(
            cameras.c.insee.in_(insee_codes),
            camera_outages.c.started_at < end,
            or_(camera_outages.c.ended_at.is_(None), camera_outages.c.ended_at > start),
        )
    )
    return list((await conn.execute(query)).all())


def _open(*, planned: bool) -> ColumnElement[bool]:
    return and_(camera_outages.c.ended_at.is_(None), camera_outages.c.planned == planned)


def _trouble(row: Row[Any]) -> Trouble:
    damper = FlapDamper(row.lasting, row.changed_at, tuple(row.losses), row.alarm_raised)
    return Trouble(row.camera_id, AlarmKind(row.kind), damper, row.detail)
