"""Odd and hostile cameras: each is recorded, or said to be unreadable and why; none harms the others.

All of them are recorded at the same time, by one loop, before the first case is judged.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from av.error import FFmpegError

from camera_simulator.testing import SimulatorProcess
from common.clock import SystemClock
from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec, ParameterSets
from stream_gateway.domain.coverage import TOLERANCE, Gap
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.choice import EngineChoice
from stream_gateway.ingest.hub import NO_PICTURE, NOTHING_READABLE, HubLimits, HubState, HubTools, StreamHub
from stream_gateway.ingest.line import Line
from stream_gateway.media import MediaEngine, OpenPull, Pull, PullSink
from stream_gateway.native.engine import NativeEngine
from stream_gateway.ports import CameraSource
from stream_gateway.recording.recorder import Recorder, RecorderTools
from stream_gateway.recording.spool import ReadyFile, Spool
from stream_gateway.testing.films import digests, frames_of
from stream_gateway.testing.taking import Kept, film_of, pulling

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

TERMS = RecordingTerms("95598", 14, "AUT/1")
SEGMENT_SECONDS = 2
_ENOUGH_SEGMENTS = 4
_SECONDS = 60.0


@dataclass
class Outcome:
    """What became of a camera: what its takers were told, what is on the disk."""

    words: list[str] = field(default_factory=list[str])
    ready: list[ReadyFile] = field(default_factory=list[ReadyFile])
    gaps: list[Gap] = field(default_factory=list[Gap])
    engine: str = ""
    engine_reason: str = ""
    state: str = ""
    reason: str = ""
    decoded: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """Of each file: width, height, number of decoded frames."""

    # --- PictureTaker: listens beside the recorder

    hurried = False

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        self.words.append(f"begin {line.engine} {parameters.codec} {parameters.width}x{parameters.height}")

    def take(self, units: Sequence[AccessUnit]) -> None:
        assert units

    def lost(self, cause: str) -> None:
        if self.words[-1:] != [f"lost {cause}"]:
            self.words.append(f"lost {cause}")

    def broken(self, reason: str) -> None:
        self.words.append(f"broken {reason}")

    # --- Ledger

    def reachability(self, camera_id: str, insee: str, *, online: bool, reason: str) -> None:
        assert camera_id
        assert insee == "95598"
        assert bool(reason) is not online

    def gap(self, camera_id: str, insee: str, gap: Gap) -> None:
        assert (camera_id[:2], insee) == ("c-", "95598")
        self.gaps.append(gap)


Done = Callable[[Outcome, StreamHub], bool]


def recorded(outcome: Outcome, hub: StreamHub) -> bool:
    """Enough segments are on the disk."""
    del hub
    return len(outcome.ready) >= _ENOUGH_SEGMENTS


def by_ffmpeg(outcome: Outcome, hub: StreamHub) -> bool:
    """The compatible engine has the camera."""
    del outcome
    return hub.status.engine == "ffmpeg"


def told(word: str) -> Done:
    """The takers were told something."""
    return lambda outcome, _: any(word in one for one in outcome.words)


def recorded_after(word: str) -> Done:
    """As many segments again, after the takers were told something."""

    def done(outcome: Outcome, hub: StreamHub) -> bool:
        at = next((number for number, one in enumerate(outcome.words) if word in one), None)
        return at is not None and recorded(outcome, hub)

    return done


@dataclass(frozen=True)
class Case:
    """A camera. ``events`` happen one after the other once it is recorded."""

    name: str
    quirks: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict[str, float])
    done: Done = recorded
    events: tuple[str, ...] = ()
    hevc: bool = False


PLAIN = (
    Case("ordinary"),
    Case("late_answer", ("late_answer",), {"late_answer_s": 0.7}),
    Case("rtp_before_play_answer", ("rtp_before_play_answer",)),
    Case("basic_auth", ("basic_auth",)),
    Case("sha256_digest", ("sha256_digest",)),
    Case("stale_nonce", ("stale_nonce", "session_dies"), {"nonce_requests": 2}),
    Case("no_keepalive", ("no_keepalive", "session_dies")),
    Case("session_dies", ("session_dies",)),
    Case("lying_sdp", ("lying_sdp",)),
    Case("no_sprop", ("no_sprop",)),
    Case("no_marker", ("no_marker",)),
    Case("stap", ("stap",)),
    Case("duplicate", ("duplicate",), {"every": 7}),
    Case("one_client", ("one_client",)),
    Case("hevc", hevc=True),
    Case("hevc_no_marker", ("no_marker",), hevc=True),
    Case("hevc_lying_sdp", ("lying_sdp",), hevc=True),
)
JUMPING = (
    Case("clock_step", events=("clock_step",)),
    Case("clock_backward", events=("clock_backward",)),
    Case("ssrc_change", events=("ssrc_change",)),
    Case("hevc_clock_step", events=("clock_step",), hevc=True),
)
LOSSY = (
    Case("loss", ("loss",), {"every": 60}, done=recorded_after("lost")),
    Case("reorder", ("reorder",), {"every": 60}),
    Case("hevc_loss", ("loss",), {"every": 60}, done=recorded_after("lost"), hevc=True),
)
UNREADABLE = (
    Case("garbage", ("garbage",), done=by_ffmpeg),
    Case("oversized", ("oversized",), done=by_ffmpeg),
    Case("noise", ("noise",), done=by_ffmpeg),
    Case("oversized_sdp", ("oversized_sdp",), done=by_ffmpeg),
)
DUMB = (
    Case("mute", ("mute",), done=told("broken")),
    Case("drip", ("drip",), done=told("broken")),
    Case("redirect_control", ("redirect_control",), done=told("broken")),
)
UNREADABLE_REASONS = {
    "garbage": NOTHING_READABLE,
    "oversized": NOTHING_READABLE,
    "noise": "la caméra ne parle pas RTSP correctement",
    "oversized_sdp": "la caméra ne parle pas RTSP correctement",
}
DUMB_REASONS = {"mute": NO_PICTURE, "drip": NO_PICTURE, "redirect_control": "la caméra ne connaît pas ce flux"}
COMPATIBLE = (
    Case("udp_only", ("udp_only",)),
    Case("b_frames", ("b_frames",)),
)
SWITCHING = Case("resolution_switch", events=("resolution_switch",))
WRONG_CODEC = Case("wrong_codec", ("wrong_codec",), done=by_ffmpeg)
CASES = (*PLAIN, *JUMPING, *LOSSY, *UNREADABLE, *DUMB, *COMPATIBLE, SWITCHING, WRONG_CODEC)


class NoMasks:
    """Stands where the masking engine does: nothing here has masks."""

    name = "masques"

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        raise AssertionError((pull, sink))


class Room:
    """Records every case at once."""

    def __init__(self, simulator: SimulatorProcess, folder: Path) -> None:
        self._simulator = simulator
        self._spool = Spool(folder / "spool")
        self._spool.claim()
        by_codec = sorted(CASES, key=lambda case: case.hevc)  # those that send H.265 are the last ones
        self._numbers = {case.name: number for number, case in enumerate(by_codec, start=1)}
        engines = EngineChoice(native=NativeEngine(), compatible=FfmpegEngine(), masking=NoMasks())
        limits = HubLimits(start_seconds=8.0)
        tools = HubTools(engines=engines, clock=SystemClock(), starts=partial(asyncio.sleep, 0), limits=limits)
        self._hubs = CameraHubs(tools, self, lambda _: 1)

    async def get(self, camera_id: str, revision: int) -> CameraSource:
        assert revision == 1
        number = self._numbers[camera_id.removeprefix("c-")]
        pull = Pull(self._simulator.rtsp_url(number, "sub", with_credentials=True))
        return CameraSource(pull, pull, None, None, None)

    def doubt(self, camera_id: str) -> None:
        del camera_id

    async def film_all(self) -> dict[str, Outcome]:
        """Return what became of each case, by its name."""
        watching = asyncio.create_task(self._hubs.run())
        try:
            outcomes = await asyncio.gather(*(self._film(case) for case in CASES))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self._hubs.close_all()
            self._spool.release()
        return {case.name: outcome for case, outcome in zip(CASES, outcomes, strict=True)}

    async def _film(self, case: Case) -> Outcome:
        outcome, number, camera_id = Outcome(), self._numbers[case.name], f"c-{case.name}"
        tell = partial(self._simulator.set_stream_quirks, number, *case.quirks, **case.parameters)
        await asyncio.to_thread(tell)
        recorder = Recorder(self._tools(outcome), camera_id, TERMS)
        hub = self._hubs.open(camera_id)
        hub.join(outcome)
        hub.join(recorder)
        for event in case.events:
            await self._until(recorded, outcome, hub, segments=1)
            await asyncio.to_thread(self._simulator.stream_event, number, event)
            outcome.words.append("event")
        await self._until(case.done, outcome, hub)
        outcome.engine, outcome.engine_reason = hub.status.engine, hub.status.engine_reason
        outcome.state, outcome.reason = hub.status.state, hub.status.reason
        hub.leave(recorder)
        recorder.finish()
        await self._hubs.close(camera_id)
        return outcome

    async def _until(self, done: Done, outcome: Outcome, hub: StreamHub, *, segments: int | None = None) -> None:
        """Wait, at most so long: what is missing then is said by the case's test."""
        deadline = asyncio.get_running_loop().time() + _SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if done(outcome, hub) if segments is None else len(outcome.ready) >= segments:
                return
            await asyncio.sleep(0.1)

    def _tools(self, outcome: Outcome) -> RecorderTools:
        return RecorderTools(
            spool=self._spool,
            ledger=outcome,
            offer=outcome.ready.append,
            clock=SystemClock(),
            gate=lambda _: 1,
            undecided=lambda: False,
            room=lambda _: None,
            node_id="media-1",
            segment_seconds=SEGMENT_SECONDS,
        )


@pytest.fixture(scope="module")
def odd_simulator() -> Iterator[SimulatorProcess]:
    hevc = sum(case.hevc for case in CASES)
    with SimulatorProcess(count=len(CASES), hevc_count=hevc, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest.fixture(scope="module")
def outcomes(odd_simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    async def film() -> dict[str, Outcome]:
        return await Room(odd_simulator, tmp_path_factory.mktemp("odd")).film_all()

    found = asyncio.run(film())
    for outcome in found.values():
        outcome.decoded = [_decoded_size(ready.path) for ready in outcome.ready]
    return found


def _decoded_size(path: Path) -> tuple[int, int, int]:
    try:
        frames = frames_of(path)
    except FFmpegError:
        return 0, 0, 0  # says which camera it is, in the case's own test
    return frames[0].width, frames[0].height, len(frames)


def names(cases: Sequence[Case]) -> list[str]:
    return [case.name for case in cases]


def sizes(outcome: Outcome) -> set[tuple[int, int]]:
    return {(width, height) for width, height, _ in outcome.decoded}


def every_picture_decodes(outcome: Outcome) -> None:
    assert outcome.decoded, (outcome.words, outcome.reason)
    assert [count for _, _, count in outcome.decoded] == [ready.segment.pictures for ready in outcome.ready]


def every_second_is_told(outcome: Outcome) -> None:
    """Between two files there is nothing, or a gap that was declared; no picture is in both."""
    for earlier, later in pairwise(outcome.ready):
        missing = later.segment.started_at - earlier.segment.ended_at
        assert missing > -TOLERANCE, "where a pull begins is known better as it goes on: instants move, by so much"
        assert earlier.segment.last_pts is not None
        overlap = earlier.segment.last_pts - first_pts(later)
        assert starts_anew(earlier, later) or overlap < CLOCK_HZ // 1000, "no picture is recorded twice"
        if missing > TOLERANCE:
            bounds = (earlier.segment.ended_at, later.segment.started_at)
            assert bounds in [(gap.started_at, gap.ended_at) for gap in outcome.gaps]
    assert all(gap.cause for gap in outcome.gaps)


def starts_anew(earlier: ReadyFile, later: ReadyFile) -> bool:
    """Whether another pull filmed the later one: the times of a pull only ever grow."""
    return first_pts(later) <= first_pts(earlier)


def first_pts(file: ReadyFile) -> int:
    assert file.segment.label is not None
    return file.segment.label.first_pts


@pytest.mark.parametrize("name", names(PLAIN))
def test_a_camera_with_odd_manners_is_recorded_by_the_native_engine(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert (outcome.engine, outcome.engine_reason, outcome.state) == ("native", "", HubState.LIVE), outcome.words
    assert len(outcome.ready) >= _ENOUGH_SEGMENTS
    every_picture_decodes(outcome)
    assert sizes(outcome) == {(640, 360)}
    assert outcome.gaps == []
    assert [word for word in outcome.words if not word.startswith("begin")] == []
    codec = Codec.H265 if name.startswith("hevc") else Codec.H264
    assert outcome.words[-1] == f"begin native {codec} 640x360"


@pytest.mark.parametrize("name", names(JUMPING))
def test_a_clock_or_source_that_jumps_loses_no_second(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert "event" in outcome.words
    assert len(outcome.ready) >= _ENOUGH_SEGMENTS
    assert outcome.engine == "native"
    every_picture_decodes(outcome)
    every_second_is_told(outcome)
    assert not any(word.startswith("broken") for word in outcome.words), outcome.words
    shown = sum(ready.segment.duration_ms for ready in outcome.ready) / 1000
    begun, ended = outcome.ready[0].segment.started_at, outcome.ready[-1].segment.ended_at
    gaps = sum((gap.ended_at - gap.started_at).total_seconds() for gap in outcome.gaps)
    assert shown + gaps == pytest.approx((ended - begun).total_seconds(), abs=1.5)


@pytest.mark.parametrize("name", names(LOSSY))
def test_lost_packets_cost_pictures_never_a_file(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert len(outcome.ready) >= _ENOUGH_SEGMENTS, outcome.words
    every_picture_decodes(outcome)
    every_second_is_told(outcome)
    if name != "reorder":
        assert any(word.startswith("lost") for word in outcome.words)


def test_another_resolution_begins_another_file_and_both_decode(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[SWITCHING.name]
    every_picture_decodes(outcome)
    assert sizes(outcome) == {(640, 360), (320, 180)}
    begun = [word for word in outcome.words if word.startswith("begin")]
    assert begun == ["begin native h264 640x360", "begin native h264 320x180"]
    assert {(ready.segment.width, ready.segment.height) for ready in outcome.ready} == sizes(outcome)
    every_second_is_told(outcome)


@pytest.mark.parametrize("name", names(UNREADABLE))
def test_what_is_no_video_is_given_to_the_compatible_engine_after_three_tries(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    outcome = outcomes[name]
    assert outcome.engine == "ffmpeg", (outcome.words, outcome.reason)
    reason = UNREADABLE_REASONS[name]
    assert outcome.engine_reason == reason
    ends = [word for word in outcome.words if word.startswith("broken")]
    assert ends[:3] == [f"broken {reason}"] * 3
    assert f"broken {reason}" not in ends[3:], "what comes then is the end of the compatible engine's first try"
    if name != "garbage":  # random octets are now and then a tiny picture
        assert outcome.ready == []


@pytest.mark.parametrize("name", names(DUMB))
def test_a_camera_that_says_nothing_or_sends_us_elsewhere_is_said_to(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    reason = DUMB_REASONS[name]
    assert outcome.ready == []
    assert set(outcome.words) == {f"broken {reason}"}
    trying = outcome.state is HubState.OPENING
    assert trying or outcome.reason.startswith(f"{reason} : nouvel essai"), "and it is tried again"
    assert outcome.state in {HubState.WAITING, HubState.OPENING}
    assert (outcome.engine, outcome.engine_reason) == ("native", "")


@pytest.mark.parametrize("name", names(COMPATIBLE))
def test_what_the_native_engine_cannot_do_is_recorded_by_the_compatible_one(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    outcome = outcomes[name]
    assert outcome.engine == "ffmpeg", outcome.words
    assert "TCP" in outcome.engine_reason if name == "udp_only" else "désordre" in outcome.engine_reason
    assert len(outcome.ready) >= _ENOUGH_SEGMENTS, outcome.words
    every_picture_decodes(outcome)
    assert sizes(outcome) == {(640, 360)}
    every_second_is_told(outcome)


def test_a_camera_that_says_mjpeg_is_given_to_the_compatible_engine_with_the_reason(
    outcomes: dict[str, Outcome],
) -> None:
    outcome = outcomes[WRONG_CODEC.name]
    assert outcome.engine == "ffmpeg"
    assert "une vidéo JPEG" in outcome.engine_reason
    assert outcome.words == [f"broken {outcome.engine_reason}"]


async def test_both_engines_record_the_same_h265_pictures(odd_simulator: SimulatorProcess) -> None:
    assert CASES[-1].name == WRONG_CODEC.name
    pull = Pull(odd_simulator.rtsp_url(len(CASES), "main", with_credentials=True))
    odd_simulator.set_stream_quirks(len(CASES))
    async with pulling(NativeEngine(), pull) as native, pulling(FfmpegEngine(), pull) as compatible:
        await asyncio.gather(native.until(_has_sixty), compatible.until(_has_sixty))
    first = compatible.units[0].sample
    at = next(index for index, unit in enumerate(native.units) if unit.sample == first)
    count = min(len(native.units) - at, len(compatible.units))
    assert count >= 25
    assert native.parameters[0] == compatible.parameters[0]
    assert native.parameters[0].codec is Codec.H265
    pairs = [(native, native.units[at : at + count]), (compatible, compatible.units[:count])]
    ours, theirs = (digests(film_of(kept.parameters[0], units)) for kept, units in pairs)
    assert ours == theirs
    assert len(ours) == count


def _has_sixty(kept: Kept) -> bool:
    return len(kept.units) >= 60


@pytest.mark.parametrize("engine", [NativeEngine, FfmpegEngine])
async def test_h265_is_delivered_by_each_engine(odd_simulator: SimulatorProcess, engine: type[MediaEngine]) -> None:
    odd_simulator.set_stream_quirks(len(CASES))
    pull = Pull(odd_simulator.rtsp_url(len(CASES), "sub", with_credentials=True))
    async with pulling(engine(), pull) as kept:
        await kept.until(_has_sixty)
    assert (kept.parameters[0].width, kept.parameters[0].height) == (640, 360)
    assert len(frames_of(kept.film())) == len(kept.units) >= 60
