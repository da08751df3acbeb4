"""One look at one camera: take a keyframe or two, measure, judge, forget the picture."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime

from camera_registry.domain.camera import Credentials
from camera_registry.domain.health_rules import HealthRules
from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.domain.picture import PictureMeasure, measure
from camera_registry.domain.picture_judgement import PictureMemory, judge
from camera_registry.domain.stream_quality import StreamQuality, minimum_for, shortfalls
from camera_registry.onvif.client import DeviceTrouble, OnvifDevice
from camera_registry.repository.checks import Checked, LookRow
from camera_registry.rtsp.keyframe_decoder import KeyframeUnreadable, decode
from camera_registry.rtsp.sample import NoStream, StreamSample, Wanted, take_sample
from contracts.registry import AlarmKind

_LOOK = Wanted(keyframes=1)
_STILL = Wanted(keyframes=2)
_MEASURE = Wanted(keyframes=2, seconds=2.0, at_most=12.0)
_CLOCK_WITHIN = 4.0
_ONE_MORE_KEYFRAME = 2


@dataclass(slots=True)
class Watched:
    """A camera under watch: what it is, what was learned of it, and when it is left alone.

    Instants are in seconds of the schedule's clock. ``failures`` counts looks in a row without a picture,
    ``unanswered`` questions in a row without an answer; ``looked_since_start``: what the database called lost before
    this process began got its first look.
    """

    checked: Checked
    memory: PictureMemory = field(default_factory=PictureMemory)
    hysteresis: dict[AlarmKind, Hysteresis] = field(default_factory=dict[AlarmKind, Hysteresis])
    looks_still: bool = False
    measured_at: float | None = None
    failures: int = 0
    unanswered: int = 0
    look_not_before: float = 0.0
    ask_not_before: float = 0.0
    looked_since_start: bool = False
    looking: bool = False
    asking: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: the row to keep, and words for what is wrong."""

    row: LookRow
    words: dict[AlarmKind, str]


async def look_at(
    watched: Watched,
    credentials: Credentials | None,
    *,
    at: datetime,
    measuring: bool,
    rules: HealthRules,
    pool: Executor | None,
    basic_in_clear: bool = False,
) -> Look:
    """Look at a camera's cheapest stream; ``measuring`` also measures the recorded one and asks for the clock.

    Raises:
        NoStream: no picture came; says why.
    """
    camera = watched.checked
    url = camera.sub_url or camera.main_url
    wanted = _MEASURE if measuring and url == camera.main_url else _STILL if watched.looks_still else _LOOK
    sample = await take_sample(url, credentials, replace(wanted, basic_in_clear=basic_in_clear))
    measures, size = await _measured(sample, pool)
    before = _kept(watched.memory)
    findings = judge(watched.memory, measures, at, ptz=camera.has_ptz, rules=rules.picture)
    watched.looks_still = findings.looks_still
    bad: dict[AlarmKind, bool | None] = dict(findings.bad)
    words = dict(findings.words)
    quality: StreamQuality | None = None
    if measuring:
        recorded = sample
        if url != camera.main_url:
            wanted = replace(_MEASURE, basic_in_clear=basic_in_clear)
            recorded = await take_sample(camera.main_url, credentials, wanted)
            _, size = await _measured(recorded, pool)
        quality = replace(recorded.quality, width=size[0], height=size[1])
        short = shortfalls(quality, minimum_for(camera.kind, camera.opening_deg, rules), rules)
        bad[AlarmKind.QUALITE], words[AlarmKind.QUALITE] = bool(short), " ; ".join(short)
    offset = await _clock_offset(camera, credentials, sample, rules, asking=measuring)
    if offset is not None:
        bad[AlarmKind.HORLOGE] = _clock_wrong(offset, rules)
        words[AlarmKind.HORLOGE] = f"{abs(offset):.0f} s {'d’avance' if offset > 0 else 'de retard'}"
    hysteresis = {
        kind: watched.hysteresis.get(kind, Hysteresis()).seen(bad=verdict, at=at, rule=rules.hysteresis[kind])
        for kind, verdict in bad.items()
    }
    row = LookRow(
        camera_id=camera.camera_id,
        at=at,
        error="",
        received_kbps=sample.quality.bitrate_kbps,
        quality=quality,
        clock_offset_s=offset,
        hysteresis={**watched.hysteresis, **hysteresis},
        memory=watched.memory if _kept(watched.memory) != before else None,
    )
    return Look(row, words)


async def _measured(sample: StreamSample, pool: Executor | None) -> tuple[list[PictureMeasure], tuple[int, int]]:
    """Decode and measure off the loop. Raises NoStream for bytes that are no picture."""
    if not sample.keyframes:
        raise NoStream("Des octets arrivent, mais aucune image complète.")
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(pool, _decode_all, sample.quality.codec, sample.keyframes)
    except KeyframeUnreadable as error:
        raise NoStream("Des octets arrivent, mais l'image ne se décode pas.") from error


def _decode_all(codec: str, keyframes: tuple[bytes, ...]) -> tuple[list[PictureMeasure], tuple[int, int]]:
    pictures = [decode(codec, keyframe) for keyframe in keyframes[-_ONE_MORE_KEYFRAME:]]
    return [measure(grey) for grey, _ in pictures], pictures[-1][1]


async def _clock_offset(
    camera: Checked, credentials: Credentials | None, sample: StreamSample, rules: HealthRules, *, asking: bool
) -> float | None:
    """Return how far the camera's clock is ahead of ours: what its device service says, else its stream."""
    told = sample.clock_offset_s
    doubtful = told is None or abs(told) > rules.clock.right_below_s
    if camera.onvif_url is not None and asking and doubtful:
        try:
            async with OnvifDevice(camera.onvif_url, credentials, within=_CLOCK_WITHIN) as device:
                return (await device.read_clock()).offset.total_seconds()
        except DeviceTrouble:
            pass
    return None if told is None or abs(told) > rules.clock.believed_below_s else told


def _clock_wrong(offset: float, rules: HealthRules) -> bool | None:
    if abs(offset) > rules.clock.wrong_above_s:
        return True
    return False if abs(offset) < rules.clock.right_below_s else None


def _kept(memory: PictureMemory) -> dict[str, datetime | None]:
    return {name: scene.kept_at for name, scene in memory.scenes.items()}
