"""A camera: two streams, maybe a PTZ head, a motion detector, and faults and habits that a test can switch on."""

import math
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from camera_simulator.card import Card
from camera_simulator.clips import load_clip
from camera_simulator.counter_clip import LOOP_PICTURES, counter_clip, wall_alignment
from camera_simulator.onvif.mask_store import MaskStore
from camera_simulator.onvif.ptz_log import PtzLog
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.reports import Reports
from camera_simulator.pacing import Pacer, PacerSlots
from camera_simulator.ptz import PtzHead
from camera_simulator.spoiled import Spoil, spoil
from camera_simulator.stream import CameraStream, Rendition, StreamIdentity
from camera_simulator.stream_quirks.kinds import ORDINARY, StreamHabits
from camera_simulator.stream_quirks.packets import wire_of
from camera_simulator.stream_quirks.pictures import odd_rendition

MANUFACTURER = "Vigie"
MODEL = "Simulated camera"
QUALITIES = ("main", "sub")
PHASE_SECONDS = Fraction(2, 5)  # whole number of pictures at 10, 12.5 and 25 pictures/s
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
MOTION_PERIOD_SECONDS = 20.0
MOTION_SECONDS = 6.0

# Two views of pedestrians for one of bicycles.
SCENES = ("vtest", "vtest", "bikes")
SCENE_FILES = {
    "vtest": {"main": "vtest_main_1280x720_12fps.mp4", "sub": "vtest_sub_640x360_10fps.mp4"},
    "bikes": {"main": "bikes_main_1280x536_25fps.mp4", "sub": "bikes_sub_640x360_12fps.mp4"},
}
COUNTER, HEVC = "counter", "hevc"
HEVC_FILES = {"main": "vtest_hevc_main_1280x720_12fps.mp4", "sub": "vtest_hevc_sub_640x360_10fps.mp4"}


@dataclass(frozen=True, slots=True)
class MotionChange:
    """The motion detector begins or ceases to see motion, at an instant of the event loop's clock."""

    at: float
    moving: bool


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a test made of a camera's streams.

    Attributes:
        picture: what is wrong with the pictures, or None.
        habits: on the RTSP side; some change the encoding.
        smaller: whether it sends its other, smaller resolution.
    """

    picture: Spoil | None = None
    habits: StreamHabits = ORDINARY
    smaller: bool = False


class Camera:
    """A simulated camera; `name` is its four-digit number, as it stands in every URL."""

    def __init__(self, number: int, streams: Mapping[str, CameraStream], head: PtzHead | None) -> None:
        self.number = number
        self.name = f"{number:04d}"
        self.streams = streams
        self.head = head
        self.offline = False
        self.appearance = Appearance()
        self.clock_error_s = 0.0
        self.quirks: frozenset[Quirk] = frozenset()
        self.reports = Reports()
        self.mask_store = MaskStore()
        self.ptz_log = PtzLog()
        self.card_slot = False
        self.card: Card | None = None
        self.searches: list[str] = []
        self.card_calls: Counter[str] = Counter()
        self._healthy = {quality: stream.rendition for quality, stream in streams.items()}

    @property
    def frozen(self) -> bool:
        """Connected, but sending no picture."""
        return any(stream.frozen for stream in self.streams.values())

    def set_faults(self, *, frozen: bool, offline: bool) -> None:
        """Switch faults on or off.

        Args:
            frozen: keep connections and send nothing.
            offline: cut every connection and answer none.
        """
        self.offline = offline
        for stream in self.streams.values():
            stream.frozen = frozen
            if offline:
                stream.drop_viewers()

    def set_clock_error(self, seconds: float) -> None:
        """Let the camera's clock, in its device service and in its streams, be ahead by some seconds."""
        self.clock_error_s = seconds
        for stream in self.streams.values():
            stream.clock_error_s = seconds

    def insert_card(self, now: float, capacity_s: float) -> None:
        """Have a slot, and a card in it that keeps so many seconds from now on; 0: the slot is empty."""
        self.card_slot = True
        self.card = Card(self.streams["main"], inserted_at=now, capacity_s=capacity_s) if capacity_s > 0 else None

    def remove_slot(self) -> None:
        """Be a camera that keeps nothing by itself."""
        self.card_slot, self.card = False, None

    @property
    def can_spoil(self) -> bool:
        """Whether it can send sick pictures: its clips are H.264 made by x264."""
        return all(healthy.clip.encoder is not None for healthy in self._healthy.values())

    @property
    def habits(self) -> StreamHabits:
        """On the RTSP side."""
        return self.appearance.habits

    def prepare(self, wanted: Appearance) -> dict[str, Rendition]:
        """Encode what `show` will send. Takes seconds: call it in a thread."""
        return {
            quality: odd_rendition(
                healthy,
                healthy.clip if wanted.picture is None else spoil(healthy.clip, wanted.picture),
                wanted.habits,
                smaller=wanted.smaller,
            )
            for quality, healthy in self._healthy.items()
        }

    def show(self, wanted: Appearance, renditions: Mapping[str, Rendition]) -> None:
        """Send what was prepared for this appearance, and take its habits."""
        changed_habits = wanted.habits != self.habits
        self.appearance = wanted
        for quality, stream in self.streams.items():
            if stream.rendition is not renditions[quality]:
                stream.show(renditions[quality])
            if changed_habits:
                stream.wire = wire_of(wanted.habits, stream.clip.codec)

    def jump_clock(self, seconds: float) -> None:
        """Let the RTP timestamps of both streams jump."""
        for stream in self.streams.values():
            stream.jump_clock(seconds)

    def change_sources(self, chance: random.Random) -> None:
        """Give both streams another SSRC and other sequence numbers."""
        for stream in self.streams.values():
            stream.change_source(ssrc=chance.getrandbits(32), first_sequence=chance.getrandbits(16))

    def motion_at(self, now: float) -> MotionChange:
        """The state of the motion detector at `now`, and since when it holds."""
        if Quirk.STILL in self.quirks:
            return MotionChange(now, moving=False)
        shift = self.number * 7
        period = math.floor((now + shift) / MOTION_PERIOD_SECONDS)
        start = period * MOTION_PERIOD_SECONDS - shift
        if start > now:  # the sum was rounded up
            start -= MOTION_PERIOD_SECONDS
        ended = start + MOTION_SECONDS
        return MotionChange(start, moving=True) if now < ended else MotionChange(ended, moving=False)

    def next_motion_change(self, after: float) -> MotionChange:
        """The first change of the motion detector after an instant; of one that sees nothing, never."""
        if Quirk.STILL in self.quirks:
            return MotionChange(math.inf, moving=False)
        state = self.motion_at(after)
        lasts = MOTION_SECONDS if state.moving else MOTION_PERIOD_SECONDS - MOTION_SECONDS
        return MotionChange(state.at + lasts, moving=not state.moving)


def make_cameras(
    *, count: int, ptz_count: int, media: Path, hevc_count: int = 0, flash_count: int = 0
) -> dict[str, Camera]:
    """Make cameras 1 to `count` by name.

    The first `ptz_count` have a PTZ head, the last `hevc_count` send H.265, and the `flash_count` before these send
    the counter by which a reader tells the age of a picture.

    Raises:
        UnusableClipError: a clip of the media folder cannot be looped.
        ValueError: the three kinds are more than there are cameras.
    """
    if ptz_count + hevc_count + flash_count > count and hevc_count + flash_count > 0:
        raise ValueError("a camera that moves, counts or sends H.265 does only one of these")
    chance = random.SystemRandom()
    slots = PacerSlots()
    numbers = range(1, count + 1)
    first_hevc = count - hevc_count + 1
    first_flash = first_hevc - flash_count
    scenes = [SCENES[(number - 1) % len(SCENES)] for number in numbers[: first_flash - 1]]
    files = {scene: SCENE_FILES[scene] for scene in dict.fromkeys(scenes)}
    scenes += [COUNTER] * flash_count + [HEVC] * hevc_count
    if hevc_count:
        files[HEVC] = HEVC_FILES
    renditions = {
        scene: {quality: Rendition(load_clip(media / file)) for quality, file in of_scene.items()}
        for scene, of_scene in files.items()
    }
    if flash_count:
        renditions[COUNTER] = dict.fromkeys(QUALITIES, Rendition(counter_clip()))
    cameras = (
        _make_camera(
            number,
            renditions[scene],
            _timing(scene, number, renditions[scene], slots),
            chance,
            PtzHead() if number <= ptz_count else None,
        )
        for number, scene in zip(numbers, scenes, strict=True)
    )
    return {camera.name: camera for camera in cameras}


Timing = Mapping[str, tuple[Pacer, int]]
"""Of each stream: its clock, and the pictures by which it is ahead in its loop."""


def _timing(scene: str, number: int, renditions: Mapping[str, Rendition], slots: PacerSlots) -> Timing:
    if scene == COUNTER:
        fps = renditions["main"].clip.fps
        phase, ahead = wall_alignment(fps, wall_ahead=time.time() - time.monotonic())
        pacer = Pacer(fps, phase)
        return dict.fromkeys(QUALITIES, (pacer, ahead % LOOP_PICTURES))
    phase = _phase_seconds(number, [rendition.clip.seconds for rendition in renditions.values()])
    return {
        quality: (slots.pacer(rendition.clip.fps, number), int(phase * rendition.clip.fps))
        for quality, rendition in renditions.items()
    }


def _make_camera(
    number: int,
    renditions: Mapping[str, Rendition],
    timing: Timing,
    chance: random.Random,
    head: PtzHead | None,
) -> Camera:
    streams = {
        quality: CameraStream(
            rendition=rendition,
            pacer=timing[quality][0],
            phase=timing[quality][1],
            identity=StreamIdentity(
                cname=f"camera-{number:04d}-{quality}@simulator",
                ssrc=chance.getrandbits(32),
                first_timestamp=chance.getrandbits(32),
                first_sequence=chance.getrandbits(16),
            ),
            head=head,
        )
        for quality, rendition in renditions.items()
    }
    return Camera(number, streams, head)


def _phase_seconds(number: int, loops: Sequence[Fraction]) -> Fraction:
    """Phases far apart for neighbouring numbers, equal for the streams of one camera."""
    steps = int(min(loops) / PHASE_SECONDS)
    return int(number * GOLDEN_RATIO % 1 * steps) * PHASE_SECONDS
