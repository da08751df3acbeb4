"""How the fleet does, as an agent may see it: every query is bounded by the agent's communes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.availability import Availability, Span, availability, second_of
from camera_registry.domain.commune import folded
from camera_registry.repository.checks import CHECKED
from camera_registry.repository.troubles import outages_within
from camera_registry.tables import camera_checks, camera_troubles, cameras, communes, tickets
from contracts.registry import AlarmKind

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """Cameras with a stream: ``expected`` to work; of these ``online``, ``lost``, ``unknown`` and ``troubled`` ones.

    ``set_aside`` are in works or not in service yet.
    """

    expected: int
    online: int
    lost: int
    unknown: int
    troubled: int
    set_aside: int
    by_kind: dict[AlarmKind, int]


@dataclass(frozen=True, slots=True)
class LastingTrouble:
    """What is wrong with a camera since when; ``alarm`` while it keeps an alarm open."""

    kind: AlarmKind
    since: datetime
    detail: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A row of the last checks of a camera (its columns), what is wrong with it, and its open ticket."""

    row: Row[Any]
    troubles: tuple[LastingTrouble, ...]
    ticket_id: str | None


@dataclass(frozen=True, slots=True)
class CameraAvailability:
    """One camera's account of a month."""

    camera_id: str
    label: str
    insee: str
    commune: str
    account: Availability


async def counts(conn: AsyncConnection, insee_codes: Iterable[str]) -> Counts:
    """Count the cameras of some communes that have a stream."""
    expected = cameras.c.status.in_(CHECKED)
    troubled = exists().where(camera_troubles.c.camera_id == cameras.c.camera_id, camera_troubles.c.lasting)

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(and_(expected, condition))

    mine = and_(cameras.c.main_url.is_not(None), cameras.c.insee.in_(sorted(insee_codes)))
    query = select(
        func.count().filter(expected).label("expected"),
        number(cameras.c.online.is_(True)).label("online"),
        number(cameras.c.online.is_(False)).label("lost"),
        number(cameras.c.online.is_(None)).label("unknown"),
        number(troubled).label("troubled"),
        func.count().filter(~expected).label("set_aside"),
    ).where(mine)
    row = (await conn.execute(query)).one()
    kinds = (
        select(camera_troubles.c.kind, func.count().label("number"))
        .join(cameras, cameras.c.camera_id == camera_troubles.c.camera_id)
        .where(mine, expected, camera_troubles.c.lasting)
        .group_by(camera_troubles.c.kind)
    )
    by_kind = {AlarmKind(kind): number for kind, number in (await conn.execute(kinds)).all()}
    return Counts(row.expected, row.online, row.lost, row.unknown, row.troubled, row.set_aside, by_kind)


async def page(
    conn: AsyncConnection,
    insee_codes: Iterable[str],
    *,
    troubled_only: bool,
    text: str,
    after: str | None,
    limit: int,
) -> list[CameraHealth]:
    """Return at most ``limit`` cameras that have a stream, in the order of their ids, those beyond ``after``."""
    lasting = exists().where(camera_troubles.c.camera_id == cameras.c.camera_id, camera_troubles.c.lasting)
    query = _cameras(insee_codes).order_by(cameras.c.camera_id).limit(min(limit, MAX_PAGE + 1))
    if troubled_only:
        query = query.where(cameras.c.status.in_(CHECKED), or_(lasting, cameras.c.online.is_(False)))
    if after is not None:
        query = query.where(cameras.c.camera_id > after)
    for word in folded(text).split():
        query = query.where(cameras.c.search.contains(word, autoescape=True))
    return await _with_troubles(conn, (await conn.execute(query)).all())


async def one(conn: AsyncConnection, insee_codes: Iterable[str], camera_id: str) -> CameraHealth | None:
    """Return one camera, None when there is none with a stream in these communes."""
    rows = (await conn.execute(_cameras(insee_codes).where(cameras.c.camera_id == camera_id))).all()
    found = await _with_troubles(conn, rows)
    return found[0] if found else None


async def accounts(
    conn: AsyncConnection, insee_codes: Iterable[str], within: Span, at: datetime
) -> list[CameraAvailability]:
    """Return the account of each followed camera between two instants; what lies beyond ``at`` is not counted."""
    codes = sorted(insee_codes)
    frame = Span(within.start, min(within.end, second_of(at)))
    starts, ends = (datetime.fromtimestamp(edge, tz=at.tzinfo) for edge in (frame.start, max(frame.end, frame.start)))
    query = (
        select(
            cameras.c.camera_id,
            cameras.c.label,
            cameras.c.insee,
            communes.c.name.label("commune"),
            camera_checks.c.followed_since,
        )
        .join(camera_checks, camera_checks.c.camera_id == cameras.c.camera_id)
        .join(communes, communes.c.insee == cameras.c.insee)
        .where(cameras.c.insee.in_(codes), camera_checks.c.followed_since < ends)
        .order_by(cameras.c.insee, cameras.c.camera_id)
    )
    rows = (await conn.execute(query)).all()
    spans: dict[tuple[str, bool], list[Span]] = {}
    for gap in await outages_within(conn, codes, starts, ends):
        span = Span(second_of(gap.started_at), second_of(gap.ended_at) if gap.ended_at else frame.end)
        spans.setdefault((gap.camera_id, gap.planned), []).append(span)
    return [
        CameraAvailability(
            row.camera_id,
            row.label,
            row.insee,
            row.commune,
            availability(
                frame,
                Span(second_of(row.followed_since), frame.end),
                spans.get((row.camera_id, False), []),
                spans.get((row.camera_id, True), []),
            ),
        )
        for row in rows
    ]


def _cameras(insee_codes: Iterable[str]) -> Select[Any]:
    ticket = (
        select(func.min(tickets.c.ticket_id))
        .where(tickets.c.closed_at.is_(None), tickets.c.camera_ids.contains(array([cameras.c.camera_id])))
        .scalar_subquery()
    )
    shown = ("camera_id", "code", "label", "insee", "kind", "status", "opening_deg", "online", "online_reason")
    checks = ("watched_by", "checked_at", "looked_at", "look_error", "received_kbps", "quality", "clock_offset_s")
    return (
        select(
            *(cameras.c[name] for name in shown),
            *(camera_checks.c[name] for name in checks),
            cameras.c.online_since.label("since"),
            communes.c.name.label("commune"),
            ticket.label("ticket_id"),
        )
        .select_from(
            cameras.join(communes, communes.c.insee == cameras.c.insee).outerjoin(
                camera_checks, camera_checks.c.camera_id == cameras.c.camera_id
            )
        )
        .where(cameras.c.main_url.is_not(None), cameras.c.insee.in_(sorted(insee_codes)))
    )


async def _with_troubles(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> list[CameraHealth]:
    query = select(camera_troubles).where(
        camera_troubles.c.camera_id == func.any([row.camera_id for row in rows]), camera_troubles.c.lasting
    )
    found: dict[str, list[LastingTrouble]] = {}
    for row in (await conn.execute(query)).all() if rows else []:
        one = LastingTrouble(AlarmKind(row.kind), row.changed_at, row.detail, row.alarm_raised)
        found.setdefault(row.camera_id, []).append(one)
    return [CameraHealth(row, tuple(found.get(row.camera_id, ())), row.ticket_id) for row in rows]
