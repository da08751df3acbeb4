"""Recording: from a real camera's bytes to a verified object that is announced once."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from common.database import Database
from common.object_store import StoredObject
from common.testing.polling import eventually
from common.testing.states import an_authorisation, put_camera
from contracts.registry import CameraStatus
from contracts.stream import SegmentRecorded
from stream_gateway.domain.coverage import TOLERANCE
from stream_gateway.domain.segments import RecordingTerms, Segment, parse_segment_name
from stream_gateway.repository import recording as rows
from stream_gateway.repository.ledger import expected_cameras
from stream_gateway.tables import coverage
from stream_gateway.testing.films import frames_of, kinds_of
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration


async def stored_segment(gateway: Gateway, camera_id: str) -> tuple[SegmentRecorded, bytes]:
    fact = await gateway.wait_for("segment_recorded", lambda data: data["camera_id"] == camera_id)
    segment = SegmentRecorded.model_validate(fact)
    return segment, await gateway.store.get_range(segment.bucket, segment.object_key)


async def test_a_recorded_segment_lands_in_the_store_and_decodes(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    segment, content = await stored_segment(gateway, camera.camera_id)

    assert hashlib.sha256(content).hexdigest() == segment.sha256
    assert len(content) == segment.size
    assert segment.bucket == f"vigie-95598-{segment.started_at:%Y%m%d}"
    start, epoch = parse_segment_name(segment.object_key.rsplit("/", 1)[1].removesuffix(".mp4"))
    assert (start, epoch) == (segment.started_at, segment.epoch)
    assert segment.epoch > 0
    assert (segment.width, segment.height, segment.engine) == (1280, 720, "native")
    assert segment.first_pts is not None
    assert segment.last_pts == segment.first_pts + segment.duration_ms * 90
    assert (segment.ended_at - segment.started_at) == timedelta(milliseconds=segment.duration_ms)
    assert segment.retention_days == 14
    assert segment.authorisation_id == "AUT-1"

    assert kinds_of(content) == ["video"]
    frames = frames_of(content)
    assert len(frames) == segment.pictures >= 10
    assert (frames[0].width, frames[0].height) == (1280, 720)


async def test_segments_follow_each_other_without_a_hole_and_leave_the_spool(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)

    async def segments() -> list[dict[str, Any]]:
        return [item.data for item in await gateway.events("segment_recorded")]

    found = await eventually(segments, until=lambda items: len(items) >= 3)
    bounds = sorted(
        (datetime.fromisoformat(item["started_at"]), datetime.fromisoformat(item["ended_at"])) for item in found
    )
    for (_, ended), (started, _) in pairwise(bounds):
        assert abs(started - ended) < timedelta(seconds=1)
    announced = {item["object_key"].rpartition("/")[2] for item in found}

    async def still_here() -> set[str]:
        return announced & {path.name for path in (gateway.spool / camera.camera_id).rglob("*.mp4")}

    await eventually(still_here, until=lambda names: names == set())


async def test_an_upload_repeated_after_a_crash_announces_nothing_twice(gateway: Gateway) -> None:
    """What a kill between PUT and commit, or between commit and delete, makes the next start do."""
    segment = Segment("CAM-X", RecordingTerms("95598", 14, "AUT-1"), datetime(2026, 11, 22, tzinfo=UTC), 2000)
    stored = StoredObject(segment.bucket, segment.object_key, 10, "00" * 32)
    for _ in range(2):
        async with gateway.database.transaction() as connection:
            assert await rows.save_uploads(connection, [(segment, stored)], at=datetime.now(UTC)) == set()
    await gateway.wait_for("segment_recorded", lambda data: data["camera_id"] == "CAM-X")
    announced = [e for e in await gateway.events("segment_recorded") if e.data["camera_id"] == "CAM-X"]
    assert [e.id for e in announced] == [segment.segment_id]


async def test_recording_stops_with_the_authorisation(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    await stored_segment(gateway, camera.camera_id)

    async def recorders() -> list[dict[str, Any]]:
        answer = await gateway.http.get("/api/stream/recorders", headers=gateway.headers("chef.martin"))
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    await eventually(recorders, until=bool)  # reports come every few seconds: none yet is no end
    until = datetime.now(UTC) + timedelta(seconds=3)
    ending = an_authorisation(valid_until=until)
    await put_camera(gateway.bus, camera.model_copy(update={"authorisation": ending}))
    await eventually(recorders, until=lambda items: items == [])
    assert datetime.now(UTC) >= until

    async def spooled() -> int:
        return len(list(gateway.spool.rglob("*.mp4")))

    await eventually(spooled, until=lambda count: count == 0)
    ends = [datetime.fromisoformat(e.data["ended_at"]) for e in await gateway.events("segment_recorded")]
    assert until - timedelta(seconds=2) <= max(ends) <= until + timedelta(seconds=1)
    assert await gateway.events("gap_declared") == []


async def test_a_camera_out_of_service_for_a_while_has_no_gap_for_it(gateway: Gateway) -> None:
    """Nothing was expected of it meanwhile, and no other node took its place."""
    camera = await gateway.add_camera(1)

    async def expected() -> set[str]:
        async with gateway.database.transaction() as connection:
            return set(await expected_cameras(connection, since=datetime.now(UTC) + timedelta(hours=1)))

    async def segments() -> list[SegmentRecorded]:
        found = [SegmentRecorded.model_validate(one.data) for one in await gateway.events("segment_recorded")]
        return sorted(found, key=lambda one: one.started_at)

    async def on_disk() -> int:
        return len(list(gateway.spool.rglob("*.mp4")))

    await eventually(expected)
    await eventually(segments)
    out = {"status": CameraStatus.EN_PANNE, "revision": camera.revision + 1}
    await put_camera(gateway.bus, camera.model_copy(update=out))
    await eventually(expected, until=lambda found: found == set())
    await eventually(on_disk, until=lambda count: count == 0)
    await asyncio.sleep(2 * TOLERANCE.total_seconds())  # a pause that is no jitter
    before = await segments()
    await put_camera(gateway.bus, camera.model_copy(update={"revision": camera.revision + 2}))
    later = (await eventually(segments, until=lambda found: len(found) >= len(before) + 3))[len(before) :]
    assert later[0].started_at - before[-1].ended_at > TOLERANCE
    assert {one.epoch for one in later} == {before[-1].epoch}, "under the same placement"
    assert await gateway.events("gap_declared") == []


async def test_a_node_frozen_in_a_transaction_does_not_keep_others_from_announcing(gateway: Gateway) -> None:
    """What a node that was stopped or lost its machine leaves open on the server, with the rows it had locked."""
    camera = await gateway.add_camera(1)
    await stored_segment(gateway, camera.camera_id)
    mine = select(coverage).where(coverage.c.camera_id == camera.camera_id)
    database: Database = gateway.parts.app.state.database
    with pytest.raises(DBAPIError):  # noqa: PT012 - at its commit
        async with database.transaction() as frozen:
            assert (await frozen.execute(mine.with_for_update())).all()
            since = datetime.now(UTC)
            await gateway.wait_for("segment_recorded", lambda data: datetime.fromisoformat(data["started_at"]) > since)


async def test_a_lost_camera_is_reported_and_its_gap_declared(gateway: Gateway) -> None:
    camera = await gateway.add_camera(2)
    await stored_segment(gateway, camera.camera_id)
    gateway.simulator.set_faults(2, offline=True)
    lost = await gateway.wait_for("camera_reachability_changed", lambda data: not data["online"])
    assert lost["camera_id"] == camera.camera_id
    assert lost["reason"]
    gateway.simulator.set_faults(2)
    gap = await gateway.wait_for("gap_declared")
    (envelope, *_) = await gateway.events("gap_declared")
    assert envelope.nats_subject.endswith(".segment.gap_declared.v1"), "retention listens to the owner segment"
    assert gap["camera_id"] == camera.camera_id
    assert gap["cause"] == lost["reason"]
    assert datetime.fromisoformat(gap["started_at"]) < datetime.fromisoformat(gap["ended_at"])
    back = [e.data["online"] for e in await gateway.events("camera_reachability_changed")]
    assert back == [True, False, True]


async def test_a_frozen_camera_is_noticed_while_its_connection_lives(gateway: Gateway) -> None:
    camera = await gateway.add_camera(3)
    await stored_segment(gateway, camera.camera_id)
    gateway.simulator.set_faults(3, freeze=True)
    lost = await gateway.wait_for("camera_reachability_changed", lambda data: not data["online"])
    assert lost["reason"]
    gateway.simulator.set_faults(3)
    await gateway.wait_for("gap_declared")
    states = [e.data["online"] for e in await gateway.events("camera_reachability_changed")]
    assert states == [True, False, True]


async def test_the_registry_away_stops_no_recorder(gateway: Gateway) -> None:
    camera = await gateway.add_camera(2)
    await stored_segment(gateway, camera.camera_id)
    gateway.neighbours.away = True
    gateway.simulator.set_faults(2, offline=True)
    await gateway.wait_for("camera_reachability_changed", lambda data: not data["online"])
    gateway.simulator.set_faults(2)
    await gateway.wait_for("gap_declared")


async def test_no_log_names_a_camera_address_or_password(gateway: Gateway, capfd: pytest.CaptureFixture[str]) -> None:
    camera = await gateway.add_camera(2)
    await stored_segment(gateway, camera.camera_id)
    gateway.simulator.set_faults(2, offline=True)
    await gateway.wait_for("camera_reachability_changed", lambda data: not data["online"])
    gateway.neighbours.sources[camera.camera_id]["password"] = "wrong-secret-word"
    await put_camera(gateway.bus, camera.model_copy(update={"revision": camera.revision + 1}))
    gateway.simulator.set_faults(2)

    async def refused() -> bool:
        answer = await gateway.http.get("/api/stream/recorders", headers=gateway.headers("chef.martin"))
        return any("refuse les identifiants" in item["reason"] for item in answer.json()["items"])

    await eventually(refused)
    said = "".join(capfd.readouterr())
    assert "la caméra refuse les identifiants" in said
    assert "rtsp://" not in said
    secrets = ("wrong-secret-word", gateway.simulator.password or "")
    for secret in (*secrets, *map(quote, secrets)):
        assert secret not in said
