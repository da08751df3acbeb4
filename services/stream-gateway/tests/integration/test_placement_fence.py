"""The fence in the database, and the routes about media nodes."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from common.database import Database
from common.testing.servers import TestDatabase
from stream_gateway.repository.placement import (
    OVERLAP,
    Epoch,
    Footage,
    begin_epochs,
    fence,
    forget_epochs,
)

pytestmark = pytest.mark.integration
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    opened = Database(make_database("stream_gateway").app_url)
    yield opened
    await opened.dispose()


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _shot(epoch: int, seconds: float, camera: str = "c1") -> Footage:
    return Footage(camera, epoch, _at(seconds))


async def test_footage_of_an_ended_epoch_is_refused_but_for_the_overlap(database: Database) -> None:
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch("c1", 10, "a", _at(0)), Epoch("c2", 11, "a", _at(0))])
        assert await fence(connection, [_shot(10, 5000), _shot(11, 5000, "c2")]) == set()
        await begin_epochs(connection, [Epoch("c1", 20, "b", _at(60))])
        late = _shot(10, 60 + OVERLAP.total_seconds() + 0.001)
        asked = [_shot(10, 60), _shot(10, 60 + OVERLAP.total_seconds()), late, _shot(20, 999), _shot(11, 999, "c2")]
        assert await fence(connection, asked) == {late}


async def test_an_epoch_that_was_never_noted_is_judged_by_its_successor(database: Database) -> None:
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch("c1", 20, "b", _at(60))])
        assert await fence(connection, [_shot(10, 30), _shot(10, 71), _shot(15, 71), _shot(25, 999)]) == {
            _shot(10, 71),
            _shot(15, 71),
        }


async def test_epochs_that_arrive_late_or_twice_reopen_nothing(database: Database) -> None:
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch("c1", 30, "c", _at(120))])
        for _ in range(2):
            await begin_epochs(connection, [Epoch("c1", 20, "b", _at(60)), Epoch("c1", 10, "a", _at(0))])
        asked = [_shot(10, 70), _shot(10, 71), _shot(20, 130), _shot(20, 131), _shot(30, 9999)]
        assert await fence(connection, asked) == {_shot(10, 71), _shot(20, 131)}


async def test_epochs_that_ended_long_ago_are_forgotten_and_fenced_all_the_same(database: Database) -> None:
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch("c1", 10, "a", _at(0)), Epoch("c2", 11, "a", _at(0))])
        await begin_epochs(connection, [Epoch("c1", 20, "b", _at(60))])
        assert await fence(connection, [_shot(10, 70), _shot(10, 71)]) == {_shot(10, 71)}
        before = _at(61)
        assert await forget_epochs(connection, before=before, at_most=100) == 1
        assert await forget_epochs(connection, before=before, at_most=100) == 0
        assert await fence(connection, [_shot(10, 71), _shot(20, 9999), _shot(11, 9999, "c2")]) == {_shot(10, 71)}


async def test_two_thousand_pieces_are_judged_in_one_go(database: Database) -> None:
    cameras = [f"c{number}" for number in range(2000)]
    async with database.transaction() as connection:
        await begin_epochs(connection, [Epoch(camera, 10, "a", _at(0)) for camera in cameras])
        await begin_epochs(connection, [Epoch(camera, 20, "b", _at(60)) for camera in cameras[::2]])
        refused = await fence(connection, [_shot(10, 100, camera) for camera in cameras])
    assert {piece.camera_id for piece in refused} == set(cameras[::2])
