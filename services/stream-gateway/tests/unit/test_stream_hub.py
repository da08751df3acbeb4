"""The hub of a stream, in virtual time, on an engine whose camera is the test itself."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.backoff import FIRST_SECONDS, LONGEST_SECONDS, PAUSE_SECONDS
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.choice import EngineChoice
from stream_gateway.ingest.hub import NO_PICTURE, NOTHING_READABLE, HubLimits, HubState, HubTools, StreamHub
from stream_gateway.ingest.line import Line
from stream_gateway.media import ClockRead, EndKind, PicturesLost, Pull, PullEnded, PullSink
from stream_gateway.ports import CameraSource, SourceUnavailable
from stream_gateway.testing.virtual_time import VirtualClock, VirtualLoop

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SETS = ParameterSets(Codec.H264, (), (b"\x67",), (b"\x68",), 640, 360)
CAMERA = "PV-95598-0001-P1"
ENDLESS = HubLimits(silence_seconds=1e9, start_seconds=1e9)
"""For tests in which pulls end only when the test says so."""
KEY, OTHER = True, False


def picture(number: int, *, keyframe: bool = OTHER, size: int = 100) -> AccessUnit:
    return AccessUnit(number.to_bytes(4, "big") + bytes(size - 4), keyframe, number * 9000)


@dataclass
class ScriptedPull:
    """An open pull; the test is the camera behind it."""

    pull: Pull
    sink: PullSink
    opened_at: float
    paces: list[bool] = field(default_factory=list[bool])
    rests: bool = False
    closed: bool = False
    on_hurry: Callable[[], None] = lambda: None
    on_wake: Callable[[], None] = lambda: None

    def hurry(self, *, wanted: bool) -> None:
        self.paces.append(wanted)
        if wanted:
            self.on_hurry()

    def rest(self, *, wanted: bool) -> None:
        if self.rests and not wanted:
            self.on_wake()
        self.rests = wanted

    async def close(self) -> None:
        self.closed = True


class ScriptedEngine:
    """Opens pulls that do nothing by themselves."""

    def __init__(self, name: str, clock: VirtualClock) -> None:
        self.name = name
        self._clock = clock
        self.pulls: list[ScriptedPull] = []

    def open(self, pull: Pull, sink: PullSink) -> ScriptedPull:
        self.pulls.append(ScriptedPull(pull, sink, self._clock.now))
        return self.pulls[-1]

    @property
    def now(self) -> ScriptedPull:
        """The pull that is open."""
        assert not self.pulls[-1].closed
        return self.pulls[-1]


@dataclass
class Taker:
    """A ``PictureTaker`` that notes what it was told."""

    hurried: bool = False
    told: list[str] = field(default_factory=list[str])
    units: list[AccessUnit] = field(default_factory=list[AccessUnit])

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        self.told.append(f"begin {parameters.width} {line.engine}")

    def take(self, units: Sequence[AccessUnit]) -> None:
        self.told.append("take")
        self.units += units

    def lost(self, cause: str) -> None:
        self.told.append(f"lost {cause}")

    def broken(self, reason: str) -> None:
        self.told.append(f"broken {reason}")


class World:
    """A loop in virtual time with engines and hubs."""

    def __init__(self, limits: HubLimits | None = None) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.native, self.compatible, self.masking = (
            ScriptedEngine(name, self.clock) for name in ("native", "ffmpeg", "masques")
        )
        engines = EngineChoice(native=self.native, compatible=self.compatible, masking=self.masking)
        self.source = CameraSource(Pull("rtsp://cam/main"), Pull("rtsp://cam/sub"), None, None, None)
        self.away = False
        tools = HubTools(engines=engines, clock=self, starts=self._no_queue, limits=limits or HubLimits())
        self.hides = True
        self.hubs = CameraHubs(tools, self, lambda _: 1, lambda _camera_id, _source: self.hides)
        self.loop.create_task(self.hubs.run())

    def now(self) -> datetime:
        return START + timedelta(seconds=self.clock.now)

    async def get(self, camera_id: str, revision: int) -> CameraSource:
        assert (camera_id, revision) == (CAMERA, 1)
        if self.away:
            raise SourceUnavailable("le registre ne répond pas")
        return self.source

    def doubt(self, camera_id: str) -> None:
        raise AssertionError(camera_id)

    async def _no_queue(self) -> None:
        return

    def do(self, what: Callable[[], object]) -> None:
        """Do something inside the loop, as an engine would."""
        self.loop.call_soon(what)
        self.loop.run_due()

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        until = self.clock.now + seconds
        self.loop.run_due()
        while self.loop.idle_for is not None and self.clock.now + self.loop.idle_for <= until:
            self.clock.now += self.loop.idle_for
            self.loop.run_due()
        self.clock.now = until
        self.loop.run_due()

    def open(self) -> StreamHub:
        """Open the camera's hubs and return that of its main stream."""
        hubs: list[StreamHub] = []
        self.do(lambda: hubs.append(self.hubs.open(CAMERA)))
        self.passes(0.1)
        return hubs[0]

    def ends(self, kind: EndKind, reason: str = "raison") -> None:
        """Let the main pull end as its engine says."""
        self.do(lambda: self.main.sink.end(PullEnded(reason, kind)))

    @property
    def main(self) -> ScriptedPull:
        """The open pull of the main stream."""
        opened = [*self.native.pulls, *self.compatible.pulls, *self.masking.pulls]
        return next(one for one in opened if not one.closed and one.pull == self.source.main)

    def mains(self) -> list[ScriptedPull]:
        """All pulls of the main stream so far."""
        opened = [*self.native.pulls, *self.compatible.pulls]
        return sorted((one for one in opened if "main" in one.pull.url), key=lambda one: one.opened_at)

    def plays(self, *units: AccessUnit, begin: bool = True) -> None:
        """Let the main stream deliver."""

        def deliver() -> None:
            if begin:
                self.main.sink.begin(SETS)
            self.main.sink.take(units)

        self.do(deliver)

    def close(self) -> None:
        self.loop.finish()


@pytest.fixture(autouse=True)
def the_same_jitter() -> Iterator[None]:
    """Pauses are drawn by chance; a run is like the run before."""
    before = random.getstate()
    random.seed(20_261_122)
    yield
    random.setstate(before)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def test_main_and_sub_are_pulled_and_a_taker_gets_the_present_group(world: World) -> None:
    hub = world.open()
    assert [one.pull.url for one in world.native.pulls] == ["rtsp://cam/main", "rtsp://cam/sub"]
    assert hub.status.state is HubState.OPENING
    world.plays(picture(0, keyframe=KEY), picture(1))
    world.plays(picture(2, keyframe=KEY), picture(3), begin=False)
    taker = Taker()
    world.do(lambda: hub.join(taker))
    assert taker.told == ["begin 640 native", "take"]
    assert taker.units == [picture(2, keyframe=KEY), picture(3)]
    assert hub.group == (SETS, (picture(2, keyframe=KEY), picture(3)))
    assert (hub.status.state, hub.status.reason) == (HubState.LIVE, "")
    world.plays(picture(4), begin=False)
    assert taker.units[-1] == picture(4)
    hub.leave(taker)
    world.plays(picture(5), begin=False)
    assert taker.units[-1] == picture(4)


def test_a_stream_that_nobody_takes_rests_and_whoever_comes_gets_its_newest_group(world: World) -> None:
    hub = world.open()
    world.plays(picture(0, keyframe=KEY), picture(1))
    pull = world.main
    assert pull.rests
    world.do(lambda: pull.sink.heard(anew=True))
    pull.on_wake = lambda: pull.sink.take([picture(20, keyframe=KEY), picture(21)])
    taker = Taker()
    world.do(lambda: hub.join(taker))
    assert taker.units == [picture(20, keyframe=KEY), picture(21)], "nothing of the group that ended meanwhile"
    assert not pull.rests
    hub.leave(taker)
    assert pull.rests
    pull.on_wake = lambda: pull.sink.take([picture(22)])
    groups: list[object] = []
    world.do(lambda: groups.append(hub.group))
    assert groups == [(SETS, (picture(20, keyframe=KEY), picture(21), picture(22)))]
    assert pull.rests, "a still wakes it for its moment only"


def test_a_resting_stream_is_not_silent_while_its_pictures_come(world: World) -> None:
    hub = world.open()
    world.plays(picture(0, keyframe=KEY))
    pull = world.main
    for _ in range(10):
        world.passes(4.0)
        world.do(lambda: pull.sink.heard(anew=False))
    assert hub.status.state is HubState.LIVE
    assert not pull.closed
    assert hub.group == (SETS, (picture(0, keyframe=KEY),)), "this group goes on"
    world.passes(6.0)
    assert pull.closed
    assert hub.status.reason.startswith(NO_PICTURE)


def test_a_camera_without_a_sub_stream_is_pulled_once(world: World) -> None:
    world.source = CameraSource(Pull("rtsp://cam/main"), Pull("rtsp://cam/main"), None, None, None)
    hub = world.open()
    assert len(world.native.pulls) == 1
    assert world.hubs.hub(CAMERA, "sub") is hub


@pytest.mark.parametrize("event", ["lost", "overflow"])
def test_who_joins_where_no_group_is_kept_gets_pictures_from_the_next_key_frame_on(event: str) -> None:
    world = World(HubLimits(group_pictures=3))
    hub, early, late = world.open(), Taker(), Taker()
    world.do(lambda: hub.join(early))
    world.plays(picture(0, keyframe=KEY), picture(1))
    if event == "lost":
        world.do(lambda: world.main.sink.report(PicturesLost("des paquets se sont perdus", 2)))
        assert early.told[-1] == "lost des paquets se sont perdus"
    else:
        world.plays(picture(2), picture(3), begin=False)
    assert hub.group is None
    world.do(lambda: hub.join(late))
    assert late.told == ["begin 640 native"], "what a decoder must know is never left out"
    if event == "overflow":
        world.plays(picture(4), begin=False)
        assert late.units == []
        assert early.units[-1] == picture(4)
    world.plays(picture(5), picture(6, keyframe=KEY), picture(7), begin=False)
    assert late.units == [picture(6, keyframe=KEY), picture(7)]
    world.close()


def test_the_kept_group_is_bounded_in_bytes_and_pictures() -> None:
    world = World(HubLimits(group_bytes=1000, group_pictures=50))
    hub = world.open()
    world.plays(picture(0, keyframe=KEY))
    kept = list[int]()
    for number in range(1, 500):
        world.plays(picture(number, keyframe=number % 60 == 0, size=30 if number > 250 else 100), begin=False)
        group = hub.group
        units = group[1] if group is not None else ()
        assert not units or units[0].keyframe
        assert sum(len(unit.sample) for unit in units) <= 1000
        kept.append(len(units))
    assert 0 in kept
    assert 10 < max(kept) <= 50
    world.close()


def test_silence_ends_a_pull_and_says_so(world: World) -> None:
    hub, taker = world.open(), Taker()
    world.do(lambda: hub.join(taker))
    world.plays(picture(0, keyframe=KEY))
    world.passes(4)
    world.plays(picture(1), begin=False)
    world.passes(4.5)
    assert hub.status.state is HubState.LIVE
    world.passes(1.6)
    assert taker.told[-1] == f"broken {NO_PICTURE}"
    assert world.mains()[0].closed
    assert hub.group is None
    world.passes(2)
    assert len(world.mains()) == 2, "tried again"


def test_a_camera_that_never_sends_gets_twenty_seconds_to_begin(world: World) -> None:
    """Key frames come every ten seconds from some, and the native engine says after 15 that it found none."""
    world.open()
    world.passes(19.5)
    assert len(world.mains()) == 1
    world.passes(3)
    assert len(world.mains()) == 2


def test_a_camera_whose_pictures_are_all_damaged_is_given_to_the_other_engine_after_three_tries(world: World) -> None:
    hub, taker = world.open(), Taker()
    world.do(lambda: hub.join(taker))
    for number in range(3):
        assert len(world.mains()) == number + 1
        world.do(lambda: world.main.sink.report(PicturesLost("la caméra a envoyé des images abîmées")))
        world.passes(23)
    assert taker.told.count(f"broken {NOTHING_READABLE}") == 3
    assert world.compatible.pulls[0].pull == world.source.main
    assert hub.status.engine_reason == NOTHING_READABLE


def test_packets_lost_on_the_way_are_not_the_cameras_fault(world: World) -> None:
    world.open()
    for _ in range(5):
        world.do(lambda: world.main.sink.report(PicturesLost("des paquets se sont perdus", 3)))
        world.passes(20.5)
        while not any(one.pull == world.source.main and not one.closed for one in world.native.pulls):
            world.passes(0.5)
    assert all(one.pull != world.source.main for one in world.compatible.pulls)


def test_tries_come_slower_and_slower_and_never_stop(world: World) -> None:
    hub = world.open()
    opened = list[float]()
    while len(opened) < 30:
        opened.append(world.main.opened_at)
        world.ends(EndKind.UNREACHABLE, "la caméra refuse la connexion")
        assert hub.status.state is HubState.WAITING
        assert hub.status.reason.startswith("la caméra refuse la connexion : nouvel essai")
        for _ in range(130):
            if any(one.pull == world.source.main and not one.closed for one in world.native.pulls):
                break
            world.passes(0.5)
    pauses = [later - earlier for earlier, later in pairwise(opened)]
    look = 0.5
    longest = [min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**failures) for failures in range(1, len(opened))]
    assert all(pause <= bound + look for pause, bound in zip(pauses, longest, strict=True)), "whatever is drawn"
    assert sum(pauses[-10:]) > 10 * LONGEST_SECONDS / 6, "on average half of the longest"


def test_refused_credentials_are_not_tried_into_a_lock() -> None:
    world = World(ENDLESS)
    world.open()
    for _ in range(3):
        world.ends(EndKind.REFUSED, "la caméra refuse les identifiants")
        world.passes(40)
    assert len(world.mains()) == 3
    third = world.mains()[2]
    assert third.closed
    world.passes(PAUSE_SECONDS - 41)
    assert len(world.mains()) == 3, "five minutes at least after the third refusal"
    world.passes(120)
    assert len(world.mains()) == 4
    world.close()


def test_main_and_sub_share_the_patience_of_one_account() -> None:
    """Cameras count wrong passwords by account, not by stream: often five of them lock it."""
    world = World(ENDLESS)
    world.open()
    refused = 0
    for _ in range(4 * int(PAUSE_SECONDS - 10)):
        for one in [one for one in world.native.pulls if not one.closed]:
            refused += 1
            world.do(lambda one=one: one.sink.end(PullEnded("la caméra refuse les identifiants", EndKind.REFUSED)))
        world.passes(0.25)
    assert refused == 3
    hubs = [world.hubs.hub(CAMERA, "main"), world.hubs.hub(CAMERA, "sub")]
    assert all(hub is not None and "verrouiller" in hub.status.reason for hub in hubs)
    world.source = CameraSource(Pull("rtsp://u:p@cam/main"), Pull("rtsp://u:p@cam/sub"), None, None, None)
    world.do(lambda: world.hubs.changed(CAMERA))
    world.passes(1)
    assert {one.pull for one in world.native.pulls if not one.closed} == {world.source.main, world.source.sub}
    world.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([EndKind.REFUSED, EndKind.UNREACHABLE, EndKind.CLOSED]), min_size=4, max_size=12))
def test_no_four_refusals_in_a_row_within_five_minutes(kinds: list[EndKind]) -> None:
    world = World(ENDLESS)
    world.open()
    refused_at: list[float] = []
    for kind in kinds:
        if kind is EndKind.REFUSED:
            refused_at.append(world.clock.now)
        world.ends(kind)
        count = len(world.mains())
        while len(world.mains()) == count:
            world.passes(1)
    for first, fourth in zip(refused_at, refused_at[3:], strict=False):
        assert fourth - first >= PAUSE_SECONDS
    world.close()


@pytest.mark.parametrize("waiting", [True, False], ids=["in a long pause", "while it is tried"])
def test_a_changed_address_is_pulled_anew_at_once(waiting: bool) -> None:  # noqa: FBT001
    world = World(ENDLESS)
    world.open()
    for _ in range(8):
        world.ends(EndKind.UNREACHABLE)
        while not any(one.pull == world.source.main and not one.closed for one in world.native.pulls):
            world.passes(0.25)
    if waiting:
        world.ends(EndKind.REFUSED)
    world.source = CameraSource(Pull("rtsp://cam/other-main"), world.source.sub, None, None, None)
    world.do(lambda: world.hubs.changed(CAMERA))
    world.passes(0.1)
    assert world.main.pull.url == "rtsp://cam/other-main"
    assert [one.closed for one in world.mains() if one.pull.url == "rtsp://cam/main"] == [True] * 9
    [sub] = [one for one in world.native.pulls if one.pull.url == "rtsp://cam/sub"]
    assert not sub.closed, "the sub stream did not change"
    world.close()


def test_of_pulls_that_do_not_hide_what_they_must_by_now_not_one_picture_more_is_taken(world: World) -> None:
    hub, taker, late = world.open(), Taker(), Taker()
    world.do(lambda: hub.join(taker))
    world.plays(picture(0, keyframe=KEY), picture(1))
    main, groups = world.main, [hub.group]

    def masks_change() -> None:
        world.hides = False
        world.hubs.changed(CAMERA)
        main.sink.begin(SETS)
        main.sink.take([picture(2, keyframe=KEY)])  # what had arrived when the change was heard
        hub.join(late)
        groups.append(hub.group)

    world.do(masks_change)
    assert taker.units == [picture(0, keyframe=KEY), picture(1)]
    assert taker.told == ["begin 640 native", "take", "broken les masques de la caméra ont changé"]
    assert late.told == []
    assert groups == [(SETS, (picture(0, keyframe=KEY), picture(1))), None]
    world.passes(0.1)
    assert all(one.closed for one in world.native.pulls)


def test_a_registry_that_is_away_is_asked_again(world: World) -> None:
    world.away = True
    world.open()
    world.passes(30)
    assert world.native.pulls == []
    world.away = False
    world.passes(11)
    assert world.main.pull == world.source.main


def test_another_engine_goes_on_at_once_where_this_one_cannot(world: World) -> None:
    hub = world.open()
    world.ends(EndKind.UNSUPPORTED, "la caméra envoie du MJPEG")
    world.passes(0.1)
    assert world.compatible.now.pull == world.source.main
    assert (hub.status.engine, hub.status.engine_reason) == ("ffmpeg", "la caméra envoie du MJPEG")


def test_a_pull_is_hurried_only_while_somebody_watches(world: World) -> None:
    hub, recorder, watcher, other = world.open(), Taker(), Taker(hurried=True), Taker(hurried=True)
    world.do(lambda: hub.join(recorder))
    assert world.main.paces[-1] is False
    world.do(lambda: hub.join(watcher))
    assert world.main.paces[-1] is True
    world.do(lambda: hub.join(other))
    world.do(lambda: hub.leave(watcher))
    assert world.main.paces[-1] is True
    world.do(lambda: hub.leave(other))
    assert world.main.paces[-1] is False
    world.do(lambda: hub.join(watcher))
    world.ends(EndKind.CLOSED)
    world.passes(1.1)
    assert world.main.paces[-1] is True, "the next pull, too"
    world.do(lambda: hub.leave(watcher))
    world.plays(picture(0, keyframe=KEY))
    assert hub.group is not None
    assert world.main.paces[-2:] == [True, False], "a still takes in what waits and slows down again"


def test_what_waits_in_the_engine_is_in_the_group_that_is_asked_for(world: World) -> None:
    hub = world.open()
    world.plays(picture(0, keyframe=KEY))
    world.main.on_hurry = lambda: world.main.sink.take([picture(1)])
    groups: list[object] = []
    world.do(lambda: groups.append(hub.group))
    assert groups == [(SETS, (picture(0, keyframe=KEY), picture(1)))]


def test_the_cameras_clock_is_compared_with_ours(world: World) -> None:
    hub = world.open()
    world.do(lambda: world.main.sink.report(ClockRead(1.0, 0)))  # before any picture: no use
    assert hub.status.clock_offset is None
    world.plays(picture(0, keyframe=KEY))
    told = (world.now() + timedelta(seconds=90)).timestamp()
    world.do(lambda: world.main.sink.report(ClockRead(told, 0)))
    assert hub.status.clock_offset == pytest.approx(90, abs=0.001)


def test_closing_a_camera_ends_both_pulls_and_calls_nobody(world: World) -> None:
    hub, taker = world.open(), Taker()
    world.do(lambda: hub.join(taker))
    closing = world.loop.create_task(world.hubs.close(CAMERA))
    world.passes(0.1)
    assert closing.done()
    assert all(one.closed for one in world.native.pulls)
    assert world.hubs.hub(CAMERA, "main") is None
    assert taker.told == []


def test_a_taker_that_fails_stops_no_stream_for_ever(world: World) -> None:
    class Broken(Taker):
        def broken(self, reason: str) -> None:
            raise RuntimeError(reason)

    hub = world.open()
    world.do(lambda: hub.join(Broken()))
    world.ends(EndKind.CLOSED)
    world.passes(3)
    assert not world.main.closed
