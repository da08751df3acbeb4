"""A card's search and replay, by an independent ONVIF client (official WSDLs) and an independent player (FFmpeg)."""

import asyncio
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import av
import numpy as np
import pytest
from zeep.exceptions import Fault

from camera_simulator.bare_client import BareClient, Frame
from camera_simulator.counter import counter_at, read_counter
from camera_simulator.testing import SimulatorProcess

from .test_onvif import client, soon

pytestmark = pytest.mark.integration
FLASH = 3
GUARDED, EMPTY = 5, 6
NTP_EPOCH_OFFSET = 2_208_988_800
STREAM_SETUP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


@pytest.fixture(scope="module")
def cards() -> Iterator[SimulatorProcess]:
    """Three open cameras that have had a card for some seconds; the last one counts."""
    with SimulatorProcess(count=FLASH, flash_count=1) as process:
        for number in range(1, FLASH + 1):
            process.insert_card(number)
        time.sleep(6)
        yield process


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


def ntp_of(frame: Frame) -> float | None:
    """The instant in a packet's replay extension, None in a packet without one."""
    if not frame.octets[0] & 0x10:
        return None
    profile, words, seconds, fraction = struct.unpack_from("!HHII", frame.octets, 12)
    assert (profile, words) == (0xABAC, 3)
    return seconds - NTP_EPOCH_OFFSET + fraction / (1 << 32)


async def test_an_independent_client_finds_the_recording_and_where_it_is_replayed(simulator: SimulatorProcess) -> None:
    await asyncio.to_thread(simulator.insert_card, GUARDED)
    await asyncio.sleep(6)
    async with client(simulator, GUARDED) as camera:
        search = await camera.create_search_service()
        summary = await soon(search.GetRecordingSummary())
        assert summary.NumberRecordings == 1
        token = await soon(search.FindRecordings({"Scope": {}, "KeepAliveTime": timedelta(seconds=10)}))
        results = await soon(search.GetRecordingSearchResults({"SearchToken": token, "WaitTime": timedelta(seconds=5)}))
        assert results.SearchState == "Completed"
        (found,) = results.RecordingInformation
        (track,) = found.Track
        assert (track.TrackType, track.DataFrom, track.DataTo) == ("Video", summary.DataFrom, found.LatestRecording)
        assert timedelta(seconds=3) < track.DataTo - track.DataFrom
        alone = await soon(search.GetRecordingInformation({"RecordingToken": found.RecordingToken}))
        assert alone.Source.SourceId == found.Source.SourceId
        await soon(search.EndSearch({"SearchToken": token}))
        with pytest.raises(Fault):
            await soon(search.EndSearch({"SearchToken": token}))
        replay = await camera.create_replay_service()
        uri = await soon(replay.GetReplayUri({"StreamSetup": STREAM_SETUP, "RecordingToken": found.RecordingToken}))
        assert uri == simulator.card_url(GUARDED)


async def test_an_empty_slot_says_so_and_a_camera_without_one_offers_nothing(simulator: SimulatorProcess) -> None:
    await asyncio.to_thread(lambda: simulator.insert_card(EMPTY, capacity_s=0))
    async with client(simulator, EMPTY) as camera:
        search = await camera.create_search_service()
        assert (await soon(search.GetRecordingSummary())).NumberRecordings == 0
    await asyncio.to_thread(simulator.remove_card_slot, EMPTY)
    async with client(simulator, EMPTY) as camera:
        device = await camera.create_devicemgmt_service()
        services = await soon(device.GetServices({"IncludeCapability": False}))
        assert not [one for one in services if "search" in one.Namespace or "replay" in one.Namespace]


def test_a_replay_shows_the_seconds_that_were_asked_for_with_their_instants(cards: SimulatorProcess) -> None:
    begin = time.time() - 4.0
    with BareClient(cards.card_url(FLASH)) as bare:
        bare.ask("DESCRIBE", Require="onvif-replay")
        bare.set_up()
        asked = {"Range": f"clock={clock(begin)}-{clock(begin + 2)}", "Rate_Control": "no", "Require": "onvif-replay"}
        assert bare.ask("PLAY", **asked).status == 200
        frames = bare.frames(45)
    instants = [at for at in map(ntp_of, frames) if at is not None]
    assert frames[0].octets[24] & 0xA0 == 0xA0, "a clean point after a discontinuity"
    assert begin - 2.05 <= instants[0] <= begin
    assert all(abs(after - before - 0.04) < 0.001 for before, after in pairwise(instants))


def test_an_unknown_time_and_an_unknown_feature_are_refused(cards: SimulatorProcess) -> None:
    with BareClient(cards.card_url(1)) as bare:
        assert bare.ask("DESCRIBE", Require="another-feature").status == 551
        bare.ask("DESCRIBE")
        bare.set_up()
        assert bare.ask("PLAY", Range="clock=20200101T000000Z-20200101T000100Z", Require="onvif-replay").status == 457
        assert bare.ask("PLAY", Range="clock=yesterday-", Require="onvif-replay").status == 457


def test_an_independent_player_reads_a_card_while_the_network_of_live_pictures_is_frozen(
    cards: SimulatorProcess,
) -> None:
    cards.set_faults(FLASH, freeze=True)
    options = {"rtsp_transport": "tcp", "analyzeduration": "200000"}
    with av.open(cards.card_url(FLASH), options=options, timeout=(20, 20)) as container:
        numbers = [
            read_counter(picture.to_ndarray(format="gray").astype(np.uint8))
            for picture in islice(container.decode(video=0), 100)
        ]
    cards.set_faults(FLASH)
    assert {(after - before) % 500 for before, after in pairwise(numbers)} == {1}
    age = (counter_at(time.time()) - numbers[-1]) % 500
    assert age > 0
