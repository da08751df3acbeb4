"""The recorded-seconds ledger: what was expected, what is footage, what was declared missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.ledger import Account, account
from stream_gateway.domain.segments import Segment
from stream_gateway.tables import coverage, declared_gaps, expected_time, recorded_time

_AUDIT = 0x5669_6769  # any number that no other lock of this database has
KEPT_FOR = timedelta(days=400)
"""A year and a month: what a prefect or a judge may ask of last year's recording."""


async def cover(connection: AsyncConnection, until: Mapping[str, datetime]) -> None:
    """Move cameras' ends of accounting forward; in the order of ids, so that two of these never wait crosswise."""
    if not until:
        return
    rows = [{"camera_id": camera_id, "covered_until": until[camera_id]} for camera_id in sorted(until)]
    query = upsert(coverage)
    query = query.on_conflict_do_update(
        index_elements=[coverage.c.camera_id],
        set_={"covered_until": func.greatest(coverage.c.covered_until, query.excluded.covered_until)},
    )
    await connection.execute(query, rows)


async def covered_until(connection: AsyncConnection, camera_ids: Iterable[str]) -> dict[str, datetime]:
    """Return how far each camera's expected time is accounted for; cameras never recorded are left out."""
    query = select(coverage.c.camera_id, coverage.c.covered_until).where(coverage.c.camera_id.in_(list(camera_ids)))
    return {str(row.camera_id): row.covered_until for row in await connection.execute(query)}


async def note_footage(connection: AsyncConnection, segments: Iterable[Segment]) -> None:
    """Add footage to the ledger; what is there already changes nothing."""
    pieces = sorted(
        (segment.camera_id, begin.date(), begin, end)
        for segment in segments
        for begin, end in by_day(segment.started_at, segment.ended_at)
    )
    if pieces:
        await connection.exec_driver_sql(_NOTE, tuple(map(list, zip(*pieces, strict=True))))


async def note_gap(connection: AsyncConnection, camera_id: str, gap: Gap) -> None:
    """Keep a declared gap."""
    row = {"camera_id": camera_id, "started_at": gap.started_at, "ended_at": gap.ended_at, "cause": gap.cause}
    await connection.execute(upsert(declared_gaps).values(**row).on_conflict_do_nothing())


async def set_expected(
    connection: AsyncConnection,
    cameras: Mapping[str, str],
    *,
    at: datetime,
    revisions: Mapping[str, int] | None = None,
) -> None:
    """Note which cameras (id → INSEE code) must be recorded from an instant on, and that no others must.

    Repeating it, by any node and at any later instant, changes nothing. A newer revision of a camera begins a row of
    its own, so that one row is time in which nothing about the camera changed.
    """
    ids = sorted(cameras)
    now = [(revisions or {}).get(one) for one in ids]
    await connection.exec_driver_sql(_END_CHANGED, (ids, now, at))
    await connection.exec_driver_sql(_EXPECT, (ids, [cameras[one] for one in ids], at, now))


async def end_expected(connection: AsyncConnection, ended: Mapping[str, datetime]) -> None:
    """Note at which instant a right to record ended, for cameras that are expected still."""
    if ended:
        ids = sorted(ended)
        await connection.exec_driver_sql(_END, (ids, [ended[one] for one in ids]))


async def only_auditor(connection: AsyncConnection) -> bool:
    """Become the only one of all nodes that audits, until the transaction ends; False when another one is."""
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(_AUDIT)))).scalar_one())


async def expected_cameras(connection: AsyncConnection, *, since: datetime) -> dict[str, str]:
    """Return the cameras that were to be recorded at any time since an instant, as noted (id → INSEE code)."""
    query = select(expected_time.c.camera_id, expected_time.c.insee).where(
        expected_time.c.ended_at.is_(None) | (expected_time.c.ended_at > since)
    )
    return {str(row.camera_id): str(row.insee) for row in await connection.execute(query)}


async def sheet(connection: AsyncConnection, camera_ids: Sequence[str], window: Interval) -> dict[str, Account]:
    """Return the accounts of cameras in a window."""
    begin, end = window
    expected: dict[str, list[Interval]] = {camera_id: [] for camera_id in camera_ids}
    query = select(expected_time).where(
        expected_time.c.camera_id.in_(camera_ids),
        expected_time.c.began_at < end,
        func.coalesce(expected_time.c.ended_at, end) > begin,
    )
    for row in await connection.execute(query):
        expected[row.camera_id].append((row.began_at, row.ended_at or end))
    recorded = await recorded_between(connection, camera_ids, window)
    gaps: dict[str, list[Gap]] = {camera_id: [] for camera_id in camera_ids}
    declared = await connection.execute(
        select(declared_gaps).where(
            declared_gaps.c.camera_id.in_(camera_ids),
            declared_gaps.c.started_at < end,
            declared_gaps.c.ended_at > begin,
        )
    )
    for row in declared:
        gaps[row.camera_id].append(Gap(row.started_at, row.ended_at, row.cause))
    return {one: account(expected[one], recorded[one], gaps[one], window) for one in camera_ids}


async def recorded_between(
    connection: AsyncConnection, camera_ids: Sequence[str], window: Interval
) -> dict[str, list[Interval]]:
    """Return the footage of cameras on the days of a window."""
    days = [one.date() for one, _ in by_day(*window)]
    recorded: dict[str, list[Interval]] = {camera_id: [] for camera_id in camera_ids}
    rows = await connection.execute(
        select(recorded_time).where(recorded_time.c.camera_id.in_(camera_ids), recorded_time.c.day.in_(days))
    )
    for row in rows:
        recorded[row.camera_id] += [_interval(one) for one in row.recorded]
    return recorded


async def forget_ledger(connection: AsyncConnection, *, before: datetime) -> None:
    """Delete what is older than an instant."""
    await connection.execute(delete(recorded_time).where(recorded_time.c.day < before.date()))
    await connection.execute(delete(declared_gaps).where(declared_gaps.c.ended_at < before))
    await connection.execute(delete(expected_time).where(expected_time.c.ended_at < before))


def by_day(begin: datetime, end: datetime) -> list[Interval]:
    """Cut an interval at the UTC midnights inside it."""
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    pieces: list[Interval] = []
    while begin < end:
        midnight = datetime.combine(_after(begin.date()), time(), UTC)
        pieces.append((begin, min(end, midnight)))
        begin = midnight
    return pieces


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _interval(held: Range[datetime]) -> Interval:
    assert held.lower is not None and held.upper is not None  # noqa: S101, PT018 - we write bounded ones only
    return held.lower, held.upper


_NOTE = """
INSERT INTO recorded_time (camera_id, day, recorded)
SELECT camera_id, day, range_agg(tstzrange(began, ended))
FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::timestamptz[]) AS piece (camera_id, day, began, ended)
GROUP BY camera_id, day ORDER BY camera_id, day
ON CONFLICT (camera_id, day) DO UPDATE SET recorded = recorded_time.recorded + excluded.recorded
"""

_EXPECT = """
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $4::bigint[]) AS wanted (camera_id, insee, revision)
),
gone AS (
    UPDATE expected_time SET ended_at = greatest($3, began_at)
    WHERE ended_at IS NULL AND camera_id NOT IN (SELECT camera_id FROM wanted)
)
INSERT INTO expected_time (camera_id, insee, began_at, revision)
SELECT camera_id, insee, $3, revision FROM wanted
WHERE NOT EXISTS (
    SELECT FROM expected_time AS known WHERE known.camera_id = wanted.camera_id AND known.ended_at IS NULL
)
ORDER BY camera_id
ON CONFLICT DO NOTHING
"""

_END_CHANGED = """
UPDATE expected_time AS known SET ended_at = greatest($3, known.began_at)
FROM unnest($1::text[], $2::bigint[]) AS wanted (camera_id, revision)
WHERE known.camera_id = wanted.camera_id AND known.ended_at IS NULL
  AND wanted.revision > coalesce(known.revision, -1)
"""

_END = """
UPDATE expected_time AS known SET ended_at = greatest(ended.at, known.began_at)
FROM unnest($1::text[], $2::timestamptz[]) AS ended (camera_id, at)
WHERE known.camera_id = ended.camera_id AND known.ended_at IS NULL
"""
