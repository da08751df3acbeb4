"""The messages between the gateway and the child that paints: a letter, a length, a content.

Both ends are ours, but the child decodes what a camera sent: what it says is bounded before it is believed.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import parameter_sets
from stream_gateway.domain.watermark import Stamp

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_HEADER = struct.Struct(">cI")
_UNIT = struct.Struct(">qi?")
HEADER_BYTES = _HEADER.size

Corners = Sequence[tuple[float, float]]


class Kind(StrEnum):
    """What a message is. The child answers with ``SETS``, ``UNIT`` and ``MARK`` only."""

    CODING = "c"
    """How to code: first of all, once."""
    AREAS = "a"
    """What to hide from the next picture on; without one no picture comes out."""
    CODEC = "b"
    """Codec and parameter sets of the pictures that follow."""
    UNIT = "u"
    MARK = "m"
    """Pictures were lost here: a key frame follows, and the mark comes back in its place."""
    STAMP = "t"
    """What to write into the next pictures; where the coding asks for a stamp, without one no picture comes out."""
    SETS = "s"
    """Parameter sets of what comes out."""


class WireBroken(ValueError):
    """The other end says what it cannot mean."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How painted pictures are coded by x264.

    ``rate_factor``: constant rate factor, 18 (fine) to 32 (coarse); ``preset`` trades CPU against bytes;
    ``group_ticks``: longest group of pictures in ticks of 90 kHz; ``margin``: pixels painted around a mask;
    ``stamped``: nothing is coded without a watermark.
    """

    rate_factor: float = 24.0
    preset: str = "superfast"
    group_ticks: int = 180_000
    margin: float = 8.0
    stamped: bool = False


def message(kind: Kind, content: bytes = b"") -> bytes:
    """Return one message."""
    return _HEADER.pack(kind.encode(), len(content)) + content


def header_of(header: bytes) -> tuple[Kind, int]:
    """Return kind and length of the content that follows; raises WireBroken."""
    letter, length = _HEADER.unpack(header)
    try:
        kind = Kind(letter.decode("ascii"))
    except ValueError:
        raise WireBroken(f"a message {letter!r}") from None
    if length > MAX_MESSAGE_BYTES:
        raise WireBroken(f"a message of {length} bytes")
    return kind, length


def coding_message(coding: Coding) -> bytes:
    """Return the first message to a child."""
    return message(Kind.CODING, json.dumps(asdict(coding)).encode())


def coding_from(content: bytes) -> Coding:
    """Read ``coding_message``."""
    return Coding(**json.loads(content))


def areas_message(areas: Sequence[Corners]) -> bytes:
    """Return what is to be hidden, corners in fractions of the picture."""
    return message(Kind.AREAS, json.dumps([[list(corner) for corner in corners] for corners in areas]).encode())


def areas_from(content: bytes) -> list[list[tuple[float, float]]]:
    """Read ``areas_message``."""
    return [[(float(x), float(y)) for x, y in corners] for corners in json.loads(content)]


def stamp_message(stamp: Stamp) -> bytes:
    """Return what is to be written into pictures."""
    return message(Kind.STAMP, json.dumps(asdict(stamp)).encode())


def stamp_from(content: bytes) -> Stamp:
    """Read ``stamp_message``; raises WireBroken."""
    told = json.loads(content)
    if not told["lines"]:
        raise WireBroken("a stamp without a word")
    return Stamp(tuple(told["lines"]), told["second"])


def codec_message(parameters: ParameterSets) -> bytes:
    """Return codec and parameter sets of the pictures that follow."""
    sets = joined((*parameters.vps, *parameters.sps, *parameters.pps))
    return message(Kind.CODEC, parameters.codec.value.encode() + b"\x00" + sets)


def unit_message(unit: AccessUnit) -> bytes:
    """Return one access unit."""
    return message(Kind.UNIT, _UNIT.pack(unit.time, unit.shown_after, unit.keyframe) + unit.sample)


def unit_from(content: bytes) -> AccessUnit:
    """Read ``unit_message``; raises WireBroken."""
    if len(content) <= _UNIT.size:
        raise WireBroken("an empty access unit")
    time, shown_after, keyframe = _UNIT.unpack_from(content)
    return AccessUnit(content[_UNIT.size :], keyframe, time, shown_after)


def joined(nals: Sequence[bytes]) -> bytes:
    """Return NAL units, each behind its length in four bytes."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def parted(sample: bytes) -> Iterator[bytes]:
    """Yield the NAL units of ``joined``; raises WireBroken."""
    at = 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + 4], "big")
        if length == 0 or at + 4 + length > len(sample):
            raise WireBroken("a NAL unit goes past its sample")
        yield sample[at + 4 : at + 4 + length]
        at += 4 + length


def painted_sets(content: bytes) -> ParameterSets:
    """Read what a ``SETS`` answer says; raises WireBroken or MalformedParameterSets."""
    nals = list(parted(content))
    sps = [nal for nal in nals if nal[0] & 0x1F == 7]  # noqa: PLR2004 - H.264 §7.4.1
    return parameter_sets(Codec.H264, (), sps, [nal for nal in nals if nal not in sps])
