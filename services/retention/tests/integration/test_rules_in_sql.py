"""The rules in SQL against the rules of the domain, on random footage and holds in a real database.

Every instant lies on a grid of hours, so that all the boundaries (expiry, lapse, lift, lock, window) are met exactly.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from common.database import Database
from common.ids import new_id
from common.testing.servers import TestDatabase
from retention import repository
from retention.domain.destruction import destructible
from retention.domain.hold import Hold
from retention.domain.segment import Segment, expiry

pytestmark = pytest.mark.integration

START = datetime(2026, 11, 1, tzinfo=UTC)
CAMERAS = ("A", "B")
INSEE = "95598"
WINDOW = {"since": START - timedelta(days=1), "until": START + timedelta(days=30)}


@pytest_asyncio.fixture
async def connection(database: TestDatabase) -> AsyncIterator[AsyncConnection]:
    """A transaction of the serving role."""
    served = Database(database.app_url)
    async with served.transaction() as opened:
        yield opened
    await served.dispose()


def dice(seed: int) -> random.Random:
    """Return repeatable chance."""
    return random.Random(seed)  # noqa: S311 - test data, no secret


def instant(chance: random.Random, *, days: int) -> datetime:
    """Return a full hour within ``days`` after the start; three of four are the same hour of a day."""
    return START + timedelta(days=chance.randrange(days), hours=chance.choice([0, 0, 0, 1]))


def a_segment(chance: random.Random) -> Segment:
    started_at, retention_days = instant(chance, days=6), chance.randint(1, 6)
    return Segment(
        segment_id=new_id(),
        camera_id=chance.choice(CAMERAS),
        insee=INSEE,
        bucket="b",
        object_key="k",
        started_at=started_at,
        ended_at=started_at + timedelta(hours=1),
        duration_ms=3_600_000,
        size=1,
        sha256="00",
        retention_days=retention_days,
        authorisation_id="AUT-1",
        expires_at=expiry(started_at, retention_days),
        evidence_locked_until=chance.choice([None, None, instant(chance, days=16)]),
    )


def a_hold(chance: random.Random) -> Hold:
    window_from, placed_at = instant(chance, days=6), instant(chance, days=8)
    return Hold(
        hold_id=new_id(),
        camera_id=chance.choice(CAMERAS),
        insee=INSEE,
        window_from=window_from,
        window_until=window_from + timedelta(hours=chance.choice([1, 2, 24])),
        legal_basis="60-1 CPP",
        procedure_number="2026/123",
        requesting_service="CSP Enghien",
        placed_at=placed_at,
        placed_by="chef.martin",
        confirmed_at=chance.choice([None, placed_at]),
        lifted_at=chance.choice([None, None, placed_at + timedelta(days=chance.randint(0, 6))]),
    )


async def readable(connection: AsyncConnection, at: datetime) -> dict[Segment, bool]:
    """Return what may be read at an instant and whether a hold keeps it."""
    found: dict[Segment, bool] = {}
    for camera_id in CAMERAS:
        found |= dict(await repository.readable_segments(connection, camera_id=camera_id, at=at, **WINDOW))
    return found


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_held_readable_and_destructible_is_the_same_in_sql_and_in_the_domain(
    connection: AsyncConnection, seed: int
) -> None:
    chance = dice(seed)
    footage = [a_segment(chance) for _ in range(80)]
    holds = [a_hold(chance) for _ in range(chance.choice([2, 6, 12]))]
    for segment in footage:
        await repository.add_segment(connection, segment)
    for hold in holds:
        await repository.save_hold(connection, hold, [])
    for day in range(18):
        at = START + timedelta(days=day)
        active = [hold for hold in holds if hold.active_at(at)]
        held = {segment: any(hold.covers(segment) for hold in active) for segment in footage}
        expected = {segment: kept for segment, kept in held.items() if kept or segment.readable_at(at)}
        assert await readable(connection, at) == expected
        doomed = await repository.lock_destructible(connection, insee=INSEE, at=at, limit=1000)
        assert set(doomed) == set(destructible(footage, holds, at))
        assert await repository.expired_batches(connection, at) == ([INSEE] if doomed else [])


@pytest.mark.parametrize("seed", range(4))
async def test_a_shortening_is_the_same_in_sql_and_in_the_domain(connection: AsyncConnection, seed: int) -> None:
    chance = dice(seed)
    footage = [a_segment(chance) for _ in range(40)]
    for segment in footage:
        await repository.add_segment(connection, segment)
    for _ in range(4):
        retentions, at = {"A": chance.randint(1, 6), "B": chance.randint(1, 6)}, instant(chance, days=8)
        await repository.shorten(connection, retentions, at)
        footage = [segment.shortened_to(retentions[segment.camera_id], at) for segment in footage]
        assert set(await readable(connection, START)) == {segment for segment in footage if segment.readable_at(START)}
        stored = await repository.lock_destructible(connection, insee=INSEE, at=START + timedelta(days=60), limit=1000)
        assert set(stored) == set(footage)


async def test_footage_that_cannot_be_copied_never_stands_before_other_footage(connection: AsyncConnection) -> None:
    chance = dice(0)
    keeping = replace(
        a_hold(chance),
        camera_id="A",
        window_from=START,
        window_until=START + timedelta(days=8),
        placed_at=START,
        confirmed_at=START,
        lifted_at=None,
    )
    await repository.save_hold(connection, keeping, [])
    footage = [replace(a_segment(chance), camera_id="A", evidence_locked_until=None) for _ in range(6)]
    for segment in footage:
        await repository.add_segment(connection, segment)
    tried: list[Segment] = []
    for minute in range(2 * len(footage)):
        tried += await repository.begin_copies(connection, START + timedelta(minutes=minute), 1)
    order = [segment.segment_id for segment in tried]
    assert set(order[: len(footage)]) == {segment.segment_id for segment in footage}
    assert order[: len(footage)] == order[len(footage) :]
