"""The ledger on a real PostgreSQL: repeated, out of order, across midnight, by several nodes at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from common.database import Database
from common.testing.servers import TestDatabase
from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.ledger import NOT_RETURNED, Account
from stream_gateway.domain.segments import RecordingTerms, Segment
from stream_gateway.recording.audit import SETTLED_AFTER, audit
from stream_gateway.repository.ledger import (
    end_expected,
    expected_cameras,
    forget_ledger,
    note_footage,
    note_gap,
    set_expected,
    sheet,
)

pytestmark = pytest.mark.integration

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
TERMS = RecordingTerms("95598", 14, "AUT/1")
CAMERA = "PV-1"
WINDOW = (MIDNIGHT - timedelta(minutes=5), MIDNIGHT + timedelta(minutes=5))


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def segment(begin: float, end: float, camera_id: str = CAMERA) -> Segment:
    return Segment(camera_id, TERMS, at(begin), round((end - begin) * 1000))


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    made = Database(make_database("stream_gateway").app_url)
    yield made
    await made.dispose()


async def expect(database: Database, cameras: dict[str, str], when: datetime) -> None:
    async with database.transaction() as connection:
        await set_expected(connection, cameras, at=when)


async def record(database: Database, *segments: Segment) -> None:
    async with database.transaction() as connection:
        await note_footage(connection, segments)


async def account_of(database: Database, camera_id: str = CAMERA, window: Interval = WINDOW) -> Account:
    async with database.transaction() as connection:
        return (await sheet(connection, [camera_id], window))[camera_id]


async def test_footage_counts_once_in_any_order_and_across_midnight(database: Database) -> None:
    await expect(database, {CAMERA: "95598"}, at(-300))
    await record(database, segment(60, 120), segment(-60, 0))
    await record(database, segment(-30, 60), segment(60, 120))
    for _ in range(3):
        await record(database, segment(-30, 60))
    one = await account_of(database)
    assert (one.expected_seconds, one.recorded_seconds, one.open_seconds) == (600, 180, 420)
    assert one.adds_up
    assert one.open_time == ((at(-300), at(-60)), (at(120), at(300)))
    async with database.transaction() as connection:
        query = "SELECT day::text, recorded::text FROM recorded_time ORDER BY day"
        rows = (await connection.exec_driver_sql(query)).all()
    assert [row[0] for row in rows] == ["2026-11-22", "2026-11-23"]
    assert all(row[1].count("[") == 1 for row in rows), "what touches is one range"


async def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    cameras = [f"PV-{number}" for number in range(8)]
    await expect(database, dict.fromkeys(cameras, "95598"), at(-300))

    async def writer(number: int) -> None:
        for minute in range(-5, 5):
            pieces = [segment(minute * 60 + number * 15, minute * 60 + number * 15 + 15, one) for one in cameras]
            await record(database, *(pieces if number % 2 else reversed(pieces)))

    await asyncio.gather(*(writer(number) for number in range(4)))
    for camera in cameras:
        assert (await account_of(database, camera)).recorded_seconds == 600


async def test_several_nodes_note_what_is_expected_at_once(database: Database) -> None:
    cameras = {f"PV-{number}": "95598" for number in range(50)}
    await asyncio.gather(*(expect(database, cameras, at(number / 10)) for number in range(8)))
    async with database.transaction() as connection:
        assert await expected_cameras(connection, since=at(0)) == cameras
        count = await connection.execute(text("SELECT count(*) FROM expected_time"))
        assert count.scalar_one() == 50
    await asyncio.gather(*(expect(database, {CAMERA: "95598"}, at(100 + number / 10)) for number in range(4)))
    one = await account_of(database, "PV-7")
    assert 99 <= one.expected_seconds <= 100.3
    assert (await account_of(database)).expected_seconds == pytest.approx(300, abs=1)


async def test_a_right_that_ended_while_nobody_looked_ends_then(database: Database) -> None:
    await expect(database, {CAMERA: "95598"}, at(0))
    async with database.transaction() as connection:
        await end_expected(connection, {CAMERA: at(100), "PV-unknown": at(5)})
        await set_expected(connection, {}, at=at(160))
    assert (await account_of(database)).expected_seconds == 100
    await expect(database, {CAMERA: "95598"}, at(200))
    await expect(database, {CAMERA: "95598"}, at(250))
    assert (await account_of(database)).expected_seconds == 200


async def test_a_gap_is_kept_once_and_footage_takes_its_place(database: Database) -> None:
    await expect(database, {CAMERA: "95598"}, at(-300))
    for _ in range(2):
        async with database.transaction() as connection:
            await note_gap(connection, CAMERA, Gap(at(-10), at(50), "le nœud média n1 ne répondait plus"))
    one = await account_of(database)
    assert (one.gap_seconds, one.adds_up) == (60, True)
    await record(database, segment(0, 50))
    one = await account_of(database)
    assert [(gap.started_at, gap.ended_at) for gap in one.gaps] == [(at(-10), at(0))]
    assert (one.recorded_seconds, one.gap_seconds, one.open_seconds) == (50, 10, 540)


async def run_audit(database: Database, when: datetime) -> int:
    async with database.transaction() as connection:
        return await audit(connection, when)


async def declared(database: Database) -> list[tuple[datetime, datetime, str]]:
    async with database.transaction() as connection:
        query = text("SELECT started_at, ended_at, cause FROM declared_gaps ORDER BY started_at")
        return [(row.started_at, row.ended_at, row.cause) for row in await connection.execute(query)]


async def test_two_audits_at_a_time_declare_once(database: Database) -> None:
    cameras = {f"PV-{number}": "95598" for number in range(250)}
    await expect(database, cameras, at(0))
    await record(database, *(segment(0, 60, camera) for camera in cameras))
    when = at(120) + SETTLED_AFTER
    counts = await asyncio.gather(*(run_audit(database, when) for _ in range(4)))
    assert sum(counts) == 250
    assert await run_audit(database, when) == 0
    found = await declared(database)
    assert len(found) == 250
    assert set(found) == {(at(60), at(120), NOT_RETURNED)}
    async with database.transaction() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 250


async def test_a_camera_that_was_taken_out_of_service_is_audited_all_the_same(database: Database) -> None:
    await expect(database, {CAMERA: "95598"}, at(0))
    await record(database, segment(0, 60))
    await expect(database, {}, at(120))
    assert await run_audit(database, at(600)) == 0
    assert await run_audit(database, at(121) + SETTLED_AFTER) == 1
    assert await declared(database) == [(at(60), at(120), NOT_RETURNED)]


async def test_what_is_older_than_a_year_is_forgotten(database: Database) -> None:
    await expect(database, {CAMERA: "95598"}, at(-300))
    await record(database, segment(-60, 0), segment(0, 60))
    async with database.transaction() as connection:
        await note_gap(connection, CAMERA, Gap(at(-300), at(-60), "panne"))
        await forget_ledger(connection, before=MIDNIGHT)
    one = await account_of(database)
    assert (one.recorded_seconds, one.gap_seconds) == (60, 0)
    assert one.expected_seconds == 600, "it is expected still"
