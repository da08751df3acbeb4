"""The retention service on real servers: index, refuse, destroy, shorten."""

import hashlib
from datetime import timedelta

import asyncpg
import pytest

from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.states import SOISY, a_camera, an_authorisation, put_camera

from .conftest import CAMERA, FOOTAGE, Centre, any_time, as_json, recorded

pytestmark = pytest.mark.integration


async def test_a_segment_is_indexed_once_however_often_it_is_announced(centre: Centre) -> None:
    envelope = await centre.record(recorded(0))
    await centre.publish(envelope)
    await centre.record(recorded(1))
    found = await eventually(centre.segments, until=lambda items: len(items) >= 2)
    assert len(found) == 2
    assert found[0]["sha256"] == hashlib.sha256(FOOTAGE).hexdigest()


async def test_past_retention_it_is_refused_at_once_and_then_physically_gone_with_a_proof(centre: Centre) -> None:
    segment = recorded(0)
    await centre.record(segment)
    await eventually(centre.segments)
    centre.clock.set(segment.started_at + timedelta(days=14))
    assert await centre.segments() == []

    async def still_there() -> bool:
        return segment.bucket in await centre.footage.list_buckets()

    await eventually(still_there, until=lambda there: not there)
    assert not await centre.footage.exists(segment.bucket, segment.object_key)
    rows = await eventually(lambda: centre.register_rows("destruction"))
    assert "1 segments" in rows[0].motive_text
    assert rows[0].insee == SOISY


async def test_destruction_goes_on_while_another_kind_of_work_fails(centre: Centre) -> None:
    """No arrêté may set 0 days: the database refuses it, so every sweep fails to shorten."""
    segment = recorded(0)
    await centre.record(segment)
    await eventually(centre.segments)
    await put_camera(centre.bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=0)))

    async def failures() -> bool:
        metrics = (await centre.client.get("/metrics")).text
        return 'vigie_retention_failures_total{work="shorten"}' in metrics

    await eventually(failures)
    centre.clock.set(segment.started_at + timedelta(days=14))

    async def footage_there() -> bool:
        return await centre.footage.exists(segment.bucket, segment.object_key)

    await eventually(footage_there, until=lambda there: not there)
    assert await eventually(lambda: centre.register_rows("destruction"))


async def test_a_shortened_authorisation_acts_on_stored_footage_and_a_longer_one_brings_nothing_back(
    centre: Centre,
) -> None:
    segment = recorded(0, retention_days=30)
    await centre.record(segment)
    await eventually(centre.segments)
    await put_camera(centre.bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=5)))
    await eventually(
        centre.segments,
        until=lambda items: items[0]["expires_at"] == as_json(segment.started_at + timedelta(days=5)),
    )
    await put_camera(centre.bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=30)))
    await centre.record(recorded(2, retention_days=30))
    found = await eventually(centre.segments, until=lambda items: len(items) == 2)
    assert found[0]["expires_at"] == as_json(segment.started_at + timedelta(days=5))


async def test_footage_announced_after_a_shortening_does_not_keep_the_longer_retention(centre: Centre) -> None:
    first, late = recorded(0, retention_days=30), recorded(2, retention_days=30)
    await centre.record(first)
    await eventually(centre.segments)
    await put_camera(centre.bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=5)))
    await eventually(
        centre.segments,
        until=lambda items: items[0]["expires_at"] == as_json(first.started_at + timedelta(days=5)),
    )
    await centre.record(late)
    found = await eventually(centre.segments, until=lambda items: len(items) == 2)
    assert found[1]["expires_at"] == as_json(late.started_at + timedelta(days=5))


async def test_croix_rouge_gets_no_recording_and_the_refusal_is_in_the_register(centre: Centre) -> None:
    answer = await centre.get("recordings", "cr.petit", **any_time())
    unnamed = await centre.client.get("/api/retention/segments", params=any_time())
    assert answer.status_code in {403, 404}
    assert answer.headers["content-type"] == "application/problem+json"
    assert unnamed.status_code == 401
    rows = await eventually(lambda: centre.register_rows("view_recordings"))
    assert rows[0].actor_id == "cr.petit"
    assert rows[0].result == "refused"


async def test_the_serving_role_cannot_drop_a_day_that_still_holds_footage(
    centre: Centre, database: TestDatabase
) -> None:
    segment = recorded(0)
    await centre.record(segment)
    await eventually(centre.segments)
    connection = await asyncpg.connect(database.app_url.replace("+asyncpg", ""))
    try:
        dropped = await connection.fetchval("SELECT drop_empty_segment_partition($1)", segment.started_at.date())
        assert dropped is False
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DROP TABLE segments_{segment.started_at:%Y%m%d}")
    finally:
        await connection.close()
