"""Holds on real servers: they win over the sweep, make evidence, end, and leave nothing behind."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from contracts.stream import FACT_SEGMENT_RECORDED, SEGMENT_OWNER, SegmentRecorded
from retention.domain.hold import LAPSES_AFTER
from retention.jobs import EVIDENCE_LOCKED_FOR

from .conftest import EVIDENCE_BUCKET, RECORDED_AT, Centre, any_time, as_json, recorded

pytestmark = pytest.mark.integration


async def footage_gone(centre: Centre, segment: SegmentRecorded) -> None:
    async def there() -> bool:
        return await centre.footage.exists(segment.bucket, segment.object_key)

    await eventually(there, until=lambda exists: not exists)


async def test_a_hold_wins_over_the_sweep_while_its_neighbour_goes(centre: Centre) -> None:
    kept, neighbour = recorded(0), recorded(5)
    await centre.record(kept)
    await centre.record(neighbour)
    await eventually(centre.segments, until=lambda items: len(items) == 2)
    centre.clock.set(kept.started_at + timedelta(days=13))
    hold_id = await centre.place_hold(kept.started_at, kept.started_at + timedelta(seconds=30))
    centre.clock.set(kept.started_at + timedelta(days=14, hours=1))
    await footage_gone(centre, neighbour)
    assert await centre.footage.exists(kept.bucket, kept.object_key)
    found = await centre.segments()
    assert [(item["segment_id"], item["held"], item["expires_at"]) for item in found] == [
        (str(kept.segment_id), True, as_json(kept.started_at + timedelta(days=14)))
    ]
    listed = await centre.get("recordings", "chef.martin", **any_time())
    assert listed.status_code == 200, listed.text
    assert listed.json()["items"] == []
    assert (await centre.lift(hold_id, "chef.martin")).status_code == 200
    assert (await centre.lift(hold_id, "chef.martin")).status_code == 409
    assert (await centre.lift(hold_id, "resp.csu")).status_code == 200
    assert await centre.segments() == []


async def test_an_evidence_copy_goes_once_its_lock_ended_and_only_then_is_destruction_proven(
    centre: Centre, database: TestDatabase
) -> None:
    """The store keeps locks by the real clock: the copy is made 90 days ago, so that its lock ends in 30 seconds."""
    copied_at = datetime.now(UTC) - EVIDENCE_LOCKED_FOR + timedelta(seconds=30)
    since = copied_at - timedelta(days=13)
    kept, neighbour = recorded(0, since=since), recorded(5, since=since)
    centre.clock.set(copied_at)
    await centre.record(kept)
    await centre.record(neighbour)
    await eventually(centre.segments, until=lambda items: len(items) == 2)
    hold_id = await centre.place_hold(kept.started_at, kept.ended_at)
    connection = await asyncpg.connect(database.app_url.replace("+asyncpg", ""))
    try:

        async def locked_until() -> datetime | None:
            sql = "SELECT evidence_locked_until FROM segments WHERE segment_id = $1"
            return await connection.fetchval(sql, kept.segment_id)

        assert await eventually(locked_until) == copied_at + EVIDENCE_LOCKED_FOR
    finally:
        await connection.close()
    assert await centre.evidence.exists(EVIDENCE_BUCKET, kept.object_key)
    await centre.lift(hold_id, "chef.martin")
    await centre.lift(hold_id, "resp.csu")

    centre.clock.set(copied_at + timedelta(days=10))
    rows = await eventually(lambda: centre.register_rows("destruction"))
    assert [row.window_from for row in rows] == [neighbour.started_at]
    assert await centre.segments() == []
    assert await centre.evidence.exists(EVIDENCE_BUCKET, kept.object_key)

    centre.clock.set(copied_at + EVIDENCE_LOCKED_FOR)
    rows = await eventually(lambda: centre.register_rows("destruction"), until=lambda found: len(found) == 2)
    assert rows[1].window_from == kept.started_at
    assert not await centre.evidence.exists(EVIDENCE_BUCKET, kept.object_key)
    assert not await centre.footage.exists(kept.bucket, kept.object_key)


async def test_held_footage_that_cannot_be_copied_stops_neither_copies_nor_destruction(centre: Centre) -> None:
    missing, altered, good, neighbour = (recorded(minute) for minute in (0, 2, 4, 30))
    await centre.announce(missing, SEGMENT_OWNER, FACT_SEGMENT_RECORDED)
    await centre.record(altered, b"not what was recorded")
    await centre.record(good)
    await centre.record(neighbour)
    await eventually(centre.segments, until=lambda items: len(items) == 4)
    hold_id = await centre.place_hold(missing.started_at, good.ended_at)

    async def copied() -> bool:
        return await centre.evidence.exists(EVIDENCE_BUCKET, good.object_key)

    await eventually(copied)
    confirmed = await centre.post(f"holds/{hold_id}/confirmations", "chef.martin")
    assert confirmed.status_code == 200, confirmed.text
    centre.clock.set(neighbour.started_at + timedelta(days=14))
    await footage_gone(centre, neighbour)
    assert len(await centre.segments()) == 3
    assert not await centre.evidence.exists(EVIDENCE_BUCKET, altered.object_key)


async def test_a_lapsed_hold_is_neither_confirmed_nor_lifted(centre: Centre) -> None:
    placed_at = centre.clock.now()
    hold_id = await centre.place_hold(RECORDED_AT, RECORDED_AT + timedelta(minutes=1))
    centre.clock.set(placed_at + LAPSES_AFTER)
    confirmed = await centre.post(f"holds/{hold_id}/confirmations", "chef.martin")
    lifted = await centre.lift(hold_id, "chef.martin")
    for answer in (confirmed, lifted):
        assert answer.status_code == 409
        assert answer.json()["detail"] == (
            f"Ce gel est caduc depuis le {placed_at + LAPSES_AFTER:%d/%m/%Y} : posez un nouveau gel."
        )
