"""The port ``EdgeArchive`` on a simulated camera's card, by odd devices too; our requests by the official schema."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from camera_simulator.testing import SimulatorProcess, counter_at, read_counter
from stream_gateway.backfill.edge_archive import OnvifEdgeArchive
from stream_gateway.domain.access_units import ParameterSets
from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.media import Pull
from stream_gateway.onvif import recordings
from stream_gateway.onvif.soap import REPLAY, SEARCH, Operation, envelope
from stream_gateway.ports import CameraSource, EdgePicture, EdgeRefused
from stream_gateway.testing.films import frames_of

pytestmark = pytest.mark.integration

PLAIN, COUNTING, HEVC = 1, 2, 3
FAST = 50_000_000.0


@pytest.fixture(scope="module")
def cards() -> Iterator[SimulatorProcess]:
    """Three cameras that have had a card for some seconds: an ordinary one, one that counts, one of H.265."""
    with SimulatorProcess(count=3, flash_count=1, hevc_count=1, username="vigie", password="p@ss'w:rd") as process:
        for number in (PLAIN, COUNTING, HEVC):
            process.insert_card(number)
        time.sleep(8)
        yield process


def archive(
    cards: SimulatorProcess, number: int, *, password: str | None = None, rate: float = FAST
) -> OnvifEdgeArchive:
    pull = Pull(cards.rtsp_url(number, with_credentials=True))
    source = CameraSource(pull, pull, cards.onvif_url(number), cards.username, password or cards.password)
    return OnvifEdgeArchive(source, bytes_per_second=rate)


def ago(begin: float, end: float) -> Interval:
    now = datetime.now(UTC)
    return now - timedelta(seconds=begin), now - timedelta(seconds=end)


async def footage(
    asked: OnvifEdgeArchive, window: Interval, *, until: datetime | None = None
) -> tuple[list[ParameterSets], list[EdgePicture]]:
    """Read a window as the worker does: up to the first picture behind its end."""
    sets, pictures = list[ParameterSets](), list[EdgePicture]()
    try:
        async with contextlib.aclosing(asked.footage(window)) as film:
            async for one in film:
                if isinstance(one, ParameterSets):
                    sets.append(one)
                    continue
                pictures.append(one)
                if one.taken_at >= (until or window[1]):
                    break
    finally:
        await asked.close()
    return sets, pictures


def film_of(sets: ParameterSets, pictures: list[EdgePicture]) -> bytes:
    units = [one.unit for one in pictures]
    return init_segment(sets).content + fragment(units, units[-1].time + 3600, sequence=1, since=units[0].time).content


@pytest.mark.parametrize("number", [PLAIN, COUNTING, HEVC])
async def test_a_window_comes_from_the_key_frame_before_it_to_its_end(cards: SimulatorProcess, number: int) -> None:
    window = ago(4, 2)
    sets, pictures = await footage(archive(cards, number), window)
    assert len(sets) == 1
    assert pictures[0].unit.keyframe
    assert window[0] - timedelta(seconds=2.1) <= pictures[0].taken_at <= window[0]
    assert pictures[-1].taken_at >= window[1]
    steps = {round((after.taken_at - before.taken_at).total_seconds(), 3) for before, after in pairwise(pictures)}
    assert len(steps) == 1, "no picture is missing"
    film = film_of(sets[0], pictures)
    assert len(await asyncio.to_thread(frames_of, film)) == len(pictures)


async def test_the_pictures_are_those_of_their_instants(cards: SimulatorProcess) -> None:
    sets, pictures = await footage(archive(cards, COUNTING), ago(4, 2))
    film = film_of(sets[0], pictures)
    frames = await asyncio.to_thread(frames_of, film)
    shown = [read_counter(one.to_ndarray(format="gray").astype(np.uint8)) for one in frames]
    for counter, picture in zip(shown, pictures, strict=True):
        late = (counter_at(picture.taken_at.timestamp() + 0.02) - counter + 250) % 500 - 250
        assert late == 0


async def test_a_camera_that_names_an_inner_host_and_knows_no_get_services_is_read(cards: SimulatorProcess) -> None:
    await asyncio.to_thread(cards.set_quirks, PLAIN, "wrong_xaddr", "no_get_services")
    try:
        _, pictures = await footage(archive(cards, PLAIN), ago(4, 3))
    finally:
        await asyncio.to_thread(cards.set_quirks, PLAIN)
    assert pictures


async def test_a_window_that_goes_on_beyond_the_recording_ends_with_it(cards: SimulatorProcess) -> None:
    begin = datetime.now(UTC) - timedelta(seconds=3)
    _, pictures = await footage(archive(cards, PLAIN), (begin, begin + timedelta(hours=1)))
    assert begin + timedelta(seconds=1) < pictures[-1].taken_at <= datetime.now(UTC)


async def test_it_is_read_no_faster_than_told(cards: SimulatorProcess) -> None:
    """At 30 kB/s four seconds of a main stream do not come in one."""
    loop, window = asyncio.get_running_loop(), ago(5, 1)
    begun = loop.time()
    _, pictures = await footage(archive(cards, PLAIN, rate=100_000.0), window)
    octets = sum(len(one.unit.sample) for one in pictures)
    assert octets > 200_000
    assert loop.time() - begun >= (octets - 2 * 65_536) / 100_000.0


@pytest.mark.parametrize(
    ("window", "kind"),
    [((7200.0, 3600.0), EdgeRefusal.UNKNOWN_TIME), ((-3600.0, -7200.0), EdgeRefusal.UNKNOWN_TIME)],
    ids=["before", "after"],
)
async def test_a_time_that_the_card_has_not_kept_is_told(
    cards: SimulatorProcess, window: tuple[float, float], kind: EdgeRefusal
) -> None:
    with pytest.raises(EdgeRefused) as refused:
        await footage(archive(cards, PLAIN), ago(*window))
    assert refused.value.kind is kind


@pytest.mark.parametrize(
    ("quirk", "kind"),
    [
        ("web_page", EdgeRefusal.UNREACHABLE),
        ("oversized", EdgeRefusal.UNREACHABLE),
        ("entities", EdgeRefusal.UNREACHABLE),
        ("circles", EdgeRefusal.UNREACHABLE),
    ],
)
async def test_a_device_that_answers_nonsense_is_not_read(
    cards: SimulatorProcess, quirk: str, kind: EdgeRefusal
) -> None:
    await asyncio.to_thread(cards.set_quirks, PLAIN, quirk)
    try:
        with pytest.raises(EdgeRefused) as refused:
            await footage(archive(cards, PLAIN), ago(4, 3))
    finally:
        await asyncio.to_thread(cards.set_quirks, PLAIN)
    assert refused.value.kind is kind


async def test_a_wrong_password_is_told_and_shown_to_nobody(cards: SimulatorProcess) -> None:
    with pytest.raises(EdgeRefused) as refused:
        await footage(archive(cards, PLAIN, password="wrong"), ago(4, 3))
    assert refused.value.kind is EdgeRefusal.UNREACHABLE
    assert "wrong" not in str(refused.value)


async def test_a_camera_that_goes_away_in_the_middle_leaves_what_came(cards: SimulatorProcess) -> None:
    """What came before stays with the caller; the end of it is a clean one."""
    asked = archive(cards, COUNTING, rate=20_000.0)
    pictures = list[EdgePicture]()
    async with contextlib.aclosing(asked.footage(ago(7, 0))) as film:
        async for one in film:
            if isinstance(one, EdgePicture):
                pictures.append(one)
            if len(pictures) == 1:
                await asyncio.to_thread(lambda: cards.set_faults(COUNTING, offline=True))
    await asyncio.to_thread(cards.set_faults, COUNTING)
    await asked.close()
    assert pictures


async def test_the_clock_of_the_camera_is_told_to_a_second(cards: SimulatorProcess) -> None:
    await asyncio.to_thread(lambda: cards.set_faults(PLAIN, clock_error_s=90.0))
    asked = archive(cards, PLAIN)
    try:
        assert await asked.clock_offset() == pytest.approx(90.0, abs=1.2)
    finally:
        await asked.close()
        await asyncio.to_thread(cards.set_faults, PLAIN)


@pytest.mark.parametrize(
    ("wsdl", "operation"),
    [
        ("search", Operation(SEARCH, "FindRecordings", recordings.FIND)),
        ("search", Operation(SEARCH, "GetRecordingSearchResults", recordings.results("a&b"))),
        ("search", Operation(SEARCH, "EndSearch", recordings.search("a&b"))),
        ("replay", Operation(REPLAY, "GetReplayUri", recordings.replay("a&b"))),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_our_requests_are_those_of_the_official_schema(wsdl: str, operation: Operation) -> None:
    path = str(files("onvif") / "wsdl" / f"{wsdl}.wsdl")
    types = etree.parse(path).find(".//{http://www.w3.org/2001/XMLSchema}schema")
    assert types is not None
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(types), base_url=path))
    body = etree.fromstring(envelope(operation, None, datetime.now(UTC))).find("{*}Body")
    assert body is not None
    schema.assertValid(body[0])
    etree.SubElement(body[0], "stranger")
    assert not schema.validate(body[0])
