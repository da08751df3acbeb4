"""Pictures as a camera sends them, before they are written or shown: coded, never decoded.

An *access unit* is one coded picture (ITU-T H.264 §3.1, H.265 §3.1). Between the pull of a camera and everything that
uses it (recording, live, still, replay of the last seconds) only these values travel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

CLOCK_HZ = 90_000
"""Ticks per second of every time here (RFC 6184 §8.2.1, RFC 7798 §7.1)."""


class Codec(StrEnum):
    """What we carry."""

    H264 = "h264"
    H265 = "h265"


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """What a decoder must know before the first picture: NAL units without start codes. ``vps`` is empty for H.264.

    ``width`` and ``height`` are the picture's, cropping applied, in pixels; ``reorders``: pictures may be shown in
    another order than they are sent (B-frames), as far as the sequence parameter set tells.
    """

    codec: Codec
    vps: tuple[bytes, ...]
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    width: int
    height: int
    reorders: bool = False


class AccessUnit(NamedTuple):
    """One coded picture.

    ``sample``: its NAL units, each behind its length in 4 bytes (ISO/IEC 14496-15), without access unit delimiters,
    parameter sets and filler. ``time``: when it is decoded, in ticks of ``CLOCK_HZ`` since an arbitrary start, never
    wrapping, increasing. ``shown_after``: how many ticks later it is shown; 0 unless ``ParameterSets.reorders``.
    """

    sample: bytes
    keyframe: bool
    time: int
    shown_after: int = 0


Group = Sequence[AccessUnit]
"""A group of pictures: a key frame and what follows it up to the next one."""
