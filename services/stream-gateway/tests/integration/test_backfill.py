"""A gap is filled from the camera's own card: real pictures of the right seconds, and never what may not be fetched."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import text

from camera_simulator.testing import SimulatorProcess, counter_at, read_counter
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.states import put_camera
from common.testing.tokens import TokenMint
from contracts.registry import CameraState
from contracts.stream import GapDeclared, SegmentRecorded
from stream_gateway.domain.backfill import BackfillRules, EdgeAnswer, EdgeRefusal
from stream_gateway.domain.footage import read_footage
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.ledger import Account
from stream_gateway.repository.backfill import asked_between
from stream_gateway.repository.ledger import sheet
from stream_gateway.settings import Settings
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway, running_gateway

pytestmark = pytest.mark.integration

PLAIN, COUNTING = 1, 2
CUT_SECONDS = 4.0
LONGEST_GROUP = 3.0
"""The key frame that the first missing picture needs was taken under the same right to record."""
MASKS = {
    "revision": "m1",
    "turns": False,
    "views": [{"aim": None, "polygons": [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.2], [0.0, 0.2]]]}],
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """An ordinary camera and one that counts its pictures by the wall clock; a password guards both."""
    with SimulatorProcess(count=2, flash_count=1, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest_asyncio.fixture
async def gateway(
    settings: Settings, bus: Bus, tokens: TokenMint, object_store: ObjectStore, simulator: SimulatorProcess
) -> AsyncIterator[Gateway]:
    """Asks cameras a second after a gap ended, and again at once when they refuse."""
    for number in (PLAIN, COUNTING):
        simulator.set_faults(number)
        simulator.remove_card_slot(number)
    told = settings.model_copy(update={"backfill_after_seconds": 1.0, "backfill_retry_seconds": 0.1})
    async with running_gateway(told, bus=bus, tokens=tokens, store=object_store, simulator=simulator) as started:
        yield started


async def recorded_and_lost(
    gateway: Gateway, number: int, camera: CameraState, *, clock_s: float = 0.0, clock_after_s: float | None = None
) -> GapDeclared:
    """Record a camera for a while, cut its network, mend it; returns the gap. Its clock may be set meanwhile."""
    after_s = clock_s if clock_after_s is None else clock_after_s
    await gateway.wait_for("segment_recorded", lambda data: data["camera_id"] == camera.camera_id)

    async def is_expected() -> float:
        now = datetime.now(UTC)
        return (await account_of(gateway, camera, (now - timedelta(minutes=1), now))).expected_seconds

    await eventually(is_expected, until=lambda expected: expected > LONGEST_GROUP)
    await asyncio.to_thread(lambda: gateway.simulator.set_faults(number, offline=True, clock_error_s=clock_s))
    await asyncio.sleep(CUT_SECONDS)
    await asyncio.to_thread(lambda: gateway.simulator.set_faults(number, clock_error_s=after_s))
    fact = await gateway.wait_for("gap_declared", lambda data: data["camera_id"] == camera.camera_id)
    return GapDeclared.model_validate(fact)


async def account_of(gateway: Gateway, camera: CameraState, window: Interval) -> Account:
    async with gateway.database.transaction() as connection:
        return (await sheet(connection, [camera.camera_id], window))[camera.camera_id]


async def answers(gateway: Gateway, camera: CameraState) -> list[EdgeAnswer]:
    now = datetime.now(UTC)
    async with gateway.database.transaction() as connection:
        found = await asked_between(connection, [camera.camera_id], (now - timedelta(hours=1), now))
    return found[camera.camera_id]


async def fetched(gateway: Gateway, camera: CameraState) -> list[SegmentRecorded]:
    facts = [SegmentRecorded.model_validate(one.data) for one in await gateway.events("segment_recorded")]
    return [one for one in facts if one.camera_id == camera.camera_id and one.origin == "edge"]


@pytest.mark.parametrize("clock_s", [0.0, -90.0], ids=["clock right", "clock 90 s late"])
async def test_a_gap_is_filled_with_the_pictures_of_its_own_seconds(gateway: Gateway, clock_s: float) -> None:
    await asyncio.to_thread(gateway.simulator.insert_card, COUNTING)
    await asyncio.to_thread(lambda: gateway.simulator.set_faults(COUNTING, clock_error_s=clock_s))
    camera = await gateway.add_camera(COUNTING, sub=False)
    gap = await recorded_and_lost(gateway, COUNTING, camera, clock_s=clock_s)
    window = gap.started_at, gap.ended_at
    assert gap.cause
    assert (gap.ended_at - gap.started_at).total_seconds() >= CUT_SECONDS

    sheet_after = await eventually(
        lambda: account_of(gateway, camera, window), until=lambda account: account.gap_seconds == 0
    )
    assert sheet_after.adds_up
    assert sheet_after.recorded_seconds == pytest.approx((gap.ended_at - gap.started_at).total_seconds(), abs=0.001)
    assert (sheet_after.gap_seconds, sheet_after.open_seconds) == (0, 0)

    segments = await eventually(lambda: fetched(gateway, camera))
    for one in segments:
        content = await gateway.store.get_range(one.bucket, one.object_key)
        assert hashlib.sha256(content).hexdigest() == one.sha256
        label = read_footage(io.BytesIO(content), len(content)).label
        assert label is not None
        assert (label.origin, label.camera_id, label.authorisation_id) == ("edge", camera.camera_id, "AUT-1")
        assert one.authorisation_id == "AUT-1"
        assert one.clock_offset_ms == pytest.approx(clock_s * 1000, abs=500)
        assert one.retention_days == 14
        assert one.epoch > 0
        assert one.object_key.endswith(f"-{one.epoch}-e{label.fetched_ms}.mp4")
        shown = await asyncio.to_thread(counters, content)
        assert len(shown) == one.pictures
        for counter, position in shown:
            taken_at = one.started_at.timestamp() + position
            late = (counter_at(taken_at) - counter + 250) % 500 - 250
            assert abs(late) <= 3, (counter, taken_at)
    assert {one.window for one in await answers(gateway, camera) if one.reason == ""}
    async with gateway.database.transaction() as connection:
        rows = (
            await connection.execute(text("SELECT label->>'origin' FROM uploads WHERE label IS NOT NULL"))
        ).scalars()
        assert set(rows) == {"live", "edge"}
    told = await gateway.http.get("/api/stream/ledger", headers=gateway.headers("chef.martin"))
    (line,) = told.json()["items"]
    assert (line["gap_seconds"], line["gaps"]) == (0, [])
    assert {one["reason"] for one in line["edge"]} == {""}


def counters(film: bytes) -> list[tuple[int, float]]:
    """Return the number that each picture shows, and its seconds in the film."""
    return [
        (read_counter(frame.to_ndarray(format="gray").astype(np.uint8)), float(frame.time or 0.0))
        for frame in frames_of(film)
    ]


async def test_pictures_of_a_clock_that_was_set_meanwhile_are_not_given_an_instant(gateway: Gateway) -> None:
    await asyncio.to_thread(gateway.simulator.insert_card, COUNTING)
    camera = await gateway.add_camera(COUNTING, sub=False)
    before = await asyncio.to_thread(gateway.simulator.card_calls, COUNTING)
    await recorded_and_lost(gateway, COUNTING, camera, clock_after_s=600.0)
    found = await eventually(lambda: answers(gateway, camera))
    assert {one.reason for one in found} == {EdgeRefusal.CLOCK_UNSURE.sentence}
    assert await asyncio.to_thread(gateway.simulator.card_calls, COUNTING) == before


@pytest.mark.parametrize(
    ("capacity_s", "kind", "call"),
    [(None, EdgeRefusal.NO_ARCHIVE, None), (0.0, EdgeRefusal.NO_CARD, "FindRecordings")],
    ids=["no slot", "empty slot"],
)
async def test_a_camera_without_a_card_is_asked_a_few_times_and_it_is_told(
    gateway: Gateway, capacity_s: float | None, kind: EdgeRefusal, call: str | None
) -> None:
    if capacity_s is not None:
        await asyncio.to_thread(lambda: gateway.simulator.insert_card(PLAIN, capacity_s=capacity_s))
    before = await asyncio.to_thread(gateway.simulator.card_calls, PLAIN)
    camera = await gateway.add_camera(PLAIN)
    gap = await recorded_and_lost(gateway, PLAIN, camera)
    tries = BackfillRules().tries
    (answer,) = await eventually(
        lambda: answers(gateway, camera), until=lambda found: [one.times for one in found] == [tries]
    )
    assert answer.reason == kind.sentence
    assert answer.window == (gap.started_at, gap.ended_at)
    await asyncio.sleep(3)  # several looks: nothing more is asked
    calls = await asyncio.to_thread(gateway.simulator.card_calls, PLAIN)
    assert calls.get(call or "", 0) - before.get(call or "", 0) == (tries if call else 0)
    assert [one.times for one in await answers(gateway, camera)] == [tries]
    account = await account_of(gateway, camera, (gap.started_at, gap.ended_at))
    assert account.gap_seconds == pytest.approx((gap.ended_at - gap.started_at).total_seconds(), abs=0.001)
    told = await gateway.http.get("/api/stream/ledger", headers=gateway.headers("chef.martin"))
    (line,) = told.json()["items"]
    assert [(one["reason"], one["times"]) for one in line["edge"]] == [(kind.sentence, tries)]


async def test_what_the_media_plane_masks_is_never_fetched_from_the_card(gateway: Gateway) -> None:
    await asyncio.to_thread(gateway.simulator.insert_card, PLAIN)
    before = await asyncio.to_thread(gateway.simulator.card_calls, PLAIN)
    masked = {"masks_signed": False, "masks_by_media_plane": True, "masks_revision": "m1"}
    camera = await gateway.add_camera(PLAIN, sub=False)
    gateway.neighbours.sources[camera.camera_id]["masks"] = MASKS
    camera = camera.model_copy(update={**masked, "revision": 1})
    await put_camera(gateway.bus, camera)
    await gateway.wait_for("segment_recorded", lambda data: data["engine"] == "masques")
    gap = await recorded_and_lost(gateway, PLAIN, camera)
    found = await eventually(
        lambda: answers(gateway, camera), until=lambda given: any(one.window[1] == gap.ended_at for one in given)
    )
    await asyncio.sleep(3)
    assert {one.reason for one in found} == {EdgeRefusal.MASKS_BY_MEDIA_PLANE.sentence}
    assert await asyncio.to_thread(gateway.simulator.card_calls, PLAIN) == before, "the camera was not even asked"
    assert await fetched(gateway, camera) == []
    assert await asyncio.to_thread(lambda: list(gateway.spool.rglob("*-e*.mp4"))) == []
