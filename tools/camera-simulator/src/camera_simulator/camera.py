"""A camera: two streams, maybe a PTZ head, a motion detector, and faults that a test can switch on."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from camera_simulator.clips import load_clip
from camera_simulator.onvif.mask_store import MaskStore
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.reports import Reports
from camera_simulator.pacing import PacerSlots
from camera_simulator.ptz import PtzHead
from camera_simulator.spoiled import Spoil, spoil
from camera_simulator.stream import CameraStream, Rendition, StreamIdentity

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


@dataclass(frozen=True, slots=True)
class MotionChange:
    """The motion detector begins or ceases to see motion, at an instant of the event loop's clock."""

    at: float
    moving: bool


class Camera:
    """A simulated camera; `name` is its four-digit number, as it stands in every URL."""

    def __init__(self, number: int, streams: Mapping[str, CameraStream], head: PtzHead | None) -> None:
        self.number = number
        self.name = f"{number:04d}"
        self.streams = streams
        self.head = head
        self.offline = False
        self.picture: Spoil | None = None
        self.clock_error_s = 0.0
        self.quirks: frozenset[Quirk] = frozenset()
        self.reports = Reports()
        self.mask_store = MaskStore()
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

    def prepare_picture(self, how: Spoil | None) -> None:
        """Encode what `show_picture` will send. Takes seconds: call it in a thread."""
        if how is not None:
            for rendition in self._healthy.values():
                spoil(rendition.clip, how)

    def show_picture(self, how: Spoil | None) -> None:
        """Send spoiled pictures, or healthy ones again (None)."""
        self.picture = how
        for quality, stream in self.streams.items():
            healthy = self._healthy[quality]
            stream.show(healthy if how is None else Rendition(spoil(healthy.clip, how)))

    def motion_at(self, now: float) -> MotionChange:
        """The state of the motion detector at `now`, and since when it holds."""
        if Quirk.STILL in self.quirks:
            return MotionChange(now, moving=False)
        shift = self.number * 7
        start = math.floor((now + shift) / MOTION_PERIOD_SECONDS) * MOTION_PERIOD_SECONDS - shift
        ended = start + MOTION_SECONDS
        return MotionChange(start, moving=True) if now < ended else MotionChange(ended, moving=False)

    def next_motion_change(self, after: float) -> MotionChange:
        """The first change of the motion detector after an instant; of one that sees nothing, never."""
        if Quirk.STILL in self.quirks:
            return MotionChange(math.inf, moving=False)
        state = self.motion_at(after)
        lasts = MOTION_SECONDS if state.moving else MOTION_PERIOD_SECONDS - MOTION_SECONDS
        return MotionChange(state.at + lasts, moving=not state.moving)


def make_cameras(*, count: int, ptz_count: int, media: Path) -> dict[str, Camera]:
    """Make cameras 1 to `count` by name; the first `ptz_count` have a PTZ head.

    Raises:
        UnusableClipError: a clip of the media folder cannot be looped.
    """
    chance = random.SystemRandom()
    slots = PacerSlots()
    numbers = range(1, count + 1)
    scenes = [SCENES[(number - 1) % len(SCENES)] for number in numbers]
    renditions = {
        scene: {quality: Rendition(load_clip(media / file)) for quality, file in SCENE_FILES[scene].items()}
        for scene in dict.fromkeys(scenes)
    }
    cameras = (
        _make_camera(number, renditions[scene], slots, chance, has_head=number <= ptz_count)
        for number, scene in zip(numbers, scenes, strict=True)
    )
    return {camera.name: camera for camera in cameras}


def _make_camera(
    number: int,
    renditions: Mapping[str, Rendition],
    slots: PacerSlots,
    chance: random.Random,
    *,
    has_head: bool,
) -> Camera:
    head = PtzHead() if has_head else None
    phase = _phase_seconds(number, [rendition.clip.seconds for rendition in renditions.values()])
    streams = {
        quality: CameraStream(
            rendition=rendition,
            pacer=slots.pacer(rendition.clip.fps, number),
            phase=int(phase * rendition.clip.fps),
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
