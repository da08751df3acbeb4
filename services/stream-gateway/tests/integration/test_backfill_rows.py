"""The rows behind the backfill on a real PostgreSQL: what was expected as of which revision, answers, and the fence."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from common.database import Database
from common.object_store import StoredObject
from common.testing.servers import TestDatabase
from stream_gateway.domain.backfill import EdgeAnswer
from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.segment_label import SegmentLabel
from stream_gateway.domain.segments import RecordingTerms, Segment
from stream_gateway.repository.backfill import (
    GapsOf,
    asked_between,
    cameras_with_gaps,
    clock_offset_before,
    known_of,
    note_asked,
)
from stream_gateway.repository.ledger import note_gap, set_expected, sheet
from stream_gateway.repository.placement import Epoch, begin_epochs
from stream_gateway.repository.recording import save_uploads
from stream_gateway.repository.sweep import sweep

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAMERA = "PV-1"
TERMS = RecordingTerms("95598", 14, "AUT/1")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    made = Database(make_database("stream_gateway").app_url)
    yield made
    await made.dispose()


async def expect(database: Database, revision: int, when: datetime) -> None:
    async with database.transaction() as connection:
        await set_expected(connection, {CAMERA: "95598"}, at=when, revisions={CAMERA: revision})


def segment(begin: float, *, epoch: int = 1, fetched_at: datetime | None = None, offset_ms: int | None = 40) -> Segment:
    fetched_ms = 0 if fetched_at is None else int(fetched_at.timestamp() * 1000)
    label = SegmentLabel(CAMERA, "AUT/1", at(begin), epoch, 0, offset_ms, "native", "n1", fetched_ms)
    return Segment(CAMERA, TERMS, at(begin), 10_000, epoch, label)


async def announce(database: Database, *segments: Segment, when: datetime = NOON) -> list[bool]:
    """Announce segments; returns for each whether it was refused."""
    stored = [(one, StoredObject(one.bucket, one.object_key, 10, "00" * 32)) for one in segments]
    async with database.transaction() as connection:
        refused = await save_uploads(connection, stored, at=when)
    return [one.segment_id in refused for one in segments]


async def test_a_newer_revision_begins_a_row_and_the_expected_time_goes_on(database: Database) -> None:
    for revision, seconds in ((1, 0), (1, 5), (2, 10), (1, 12), (2, 15), (3, 20)):
        await expect(database, revision, at(seconds))
    async with database.transaction() as connection:
        known = await known_of(connection, CAMERA, (at(-100), at(60)))
        account = (await sheet(connection, [CAMERA], (at(-100), at(60))))[CAMERA]
    assert sorted(known.expected) == [((at(0), at(10)), 1), ((at(10), at(20)), 2), ((at(20), at(60)), 3)]
    assert account.expected_seconds == 60


async def test_time_that_was_expected_before_revisions_were_noted_is_of_no_known_one(database: Database) -> None:
    async with database.transaction() as connection:
        await set_expected(connection, {CAMERA: "95598"}, at=at(0))
    await expect(database, 4, at(10))
    async with database.transaction() as connection:
        known = await known_of(connection, CAMERA, (at(0), at(60)))
    assert sorted(known.expected) == [((at(0), at(10)), None), ((at(10), at(60)), 4)]


async def test_answers_are_kept_once_per_time_and_forgotten_with_the_footage(database: Database) -> None:
    window = at(0), at(60)
    async with database.transaction() as connection:
        for times in (1, 2):
            await note_asked(connection, CAMERA, [EdgeAnswer(window, times, at(100 * times), "non")])
        await note_asked(connection, CAMERA, [])
    async with database.transaction() as connection:
        found = (
            await asked_between(connection, [CAMERA, "PV-2"], (at(30), at(90))),
            await known_of(connection, CAMERA, (at(-600), at(600))),
        )
    assert found[0] == {CAMERA: [EdgeAnswer(window, 2, at(200), "non")], "PV-2": []}
    assert found[1].asked == [EdgeAnswer(window, 2, at(200), "non")]
    async with database.transaction() as connection:
        await sweep(connection, at(0) + timedelta(days=31))
        assert (await asked_between(connection, [CAMERA], window))[CAMERA] != []
        await sweep(connection, at(61) + timedelta(days=31))
        assert (await asked_between(connection, [CAMERA], window))[CAMERA] == []


async def test_cameras_with_gaps_come_newest_first(database: Database) -> None:
    async with database.transaction() as connection:
        await note_gap(connection, CAMERA, Gap(at(0), at(10), "x"))
        await note_gap(connection, "PV-2", Gap(at(5), at(30), "x"))
        await note_gap(connection, "PV-2", Gap(at(40), at(50), "x"))
        await note_gap(connection, "PV-3", Gap(at(-90), at(-50), "x"))
        ids = [CAMERA, "PV-2", "PV-3", "PV-4"]
        assert await cameras_with_gaps(connection, ids, since=at(0)) == [
            GapsOf("PV-2", 2, at(50)),
            GapsOf(CAMERA, 1, at(10)),
        ]
        assert await cameras_with_gaps(connection, [], since=at(0)) == []


async def test_the_clock_before_a_gap_is_that_of_the_last_live_footage(database: Database) -> None:
    await announce(database, segment(-60, offset_ms=10), segment(-30, offset_ms=40), segment(90, offset_ms=700))
    await announce(database, segment(-20, fetched_at=at(5), offset_ms=5000), segment(-10, offset_ms=None))
    async with database.transaction() as connection:
        assert await clock_offset_before(connection, CAMERA, at(0)) == 40
        assert await clock_offset_before(connection, "PV-2", at(0)) is None
        assert await clock_offset_before(connection, CAMERA, at(7200)) is None, "too long ago to say anything"


async def test_footage_fetched_under_a_lost_placement_is_refused_however_old_its_pictures_are(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch(CAMERA, 1, "n1", at(-1000)), Epoch(CAMERA, 2, "n2", at(0))])
    late = [segment(-600, fetched_at=at(60)), segment(-590, fetched_at=at(60))]
    in_time = segment(-600, fetched_at=at(-30))
    assert await announce(database, *late, in_time) == [True, True, False]
    async with database.transaction() as connection:
        rows = await connection.execute(text("SELECT label->>'origin', object_key FROM uploads"))
        (row,) = rows.all()
        recorded = (await known_of(connection, CAMERA, (at(-700), at(0)))).footage
    assert row[0] == "edge"
    assert row[1].endswith(f"-1-e{in_time.fetched_ms}.mp4")
    assert recorded == [(at(-600), at(-590))]
