"""What happens to the streams of a camera at a moment that a test chooses."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

MAX_JUMP_SECONDS = 40_000.0  # RTP timestamps wrap after 47 721 s


class StreamEvent(StrEnum):
    """One thing that happens."""

    CLOCK_STEP = "clock_step"  # RTP timestamps jump ahead, by 3 600 s unless told
    CLOCK_BACKWARD = "clock_backward"  # RTP timestamps jump back, by 5 s unless told
    SSRC_CHANGE = "ssrc_change"  # another SSRC and other sequence numbers
    RESOLUTION_SWITCH = "resolution_switch"  # half the size, or the whole size again, from the next keyframe on


_DEFAULT_SECONDS = {StreamEvent.CLOCK_STEP: 3_600.0, StreamEvent.CLOCK_BACKWARD: 5.0}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, and the seconds by which the clock jumps ahead (below 0: back)."""

    event: StreamEvent
    seconds: float


def happening_from(wanted: object) -> Happening:
    """Read what the control endpoint was sent: `{"event": …, "seconds": …}`.

    Raises:
        ValueError: an unknown event, or a jump of no, too many or less than no seconds.
    """
    if not isinstance(wanted, dict):
        raise ValueError("no object")  # noqa: TRY004 it came as JSON
    wished = cast("dict[str, object]", wanted)
    event = StreamEvent(str(wished.get("event")))
    seconds = wished.get("seconds", _DEFAULT_SECONDS.get(event, 0.0))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise ValueError(f"seconds: {seconds}")
    if not 0 <= seconds <= MAX_JUMP_SECONDS:
        raise ValueError(f"seconds: {seconds} is not from 0 to {MAX_JUMP_SECONDS:.0f}")
    return Happening(event, -seconds if event is StreamEvent.CLOCK_BACKWARD else float(seconds))
