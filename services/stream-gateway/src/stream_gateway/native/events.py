"""What a stream reader found between two pictures: losses, jumps, changes. Nothing is left out silently."""

from dataclasses import dataclass
from enum import StrEnum

from stream_gateway.domain.access_units import AccessUnit, ParameterSets


class Refusal(StrEnum):
    """Why pictures were dropped although every packet arrived."""

    PACKET = "packet"
    """A packet that is no RTP of version 2, or is cut."""
    PAYLOAD = "payload"
    """An aggregate or fragment whose lengths or headers contradict each other."""
    FRAGMENT = "fragment"
    """A fragment without its first one, or a NAL unit whose last fragment never came."""
    NAL_TYPE = "nal_type"
    """A NAL unit of an unspecified type, of interleaved mode, or marked as damaged by the sender."""
    TOO_LARGE = "too_large"
    """A picture of more than 16 MiB or 4096 NAL units."""
    PARAMETER_SETS = "parameter_sets"
    """Parameter sets that cannot be read: pictures that need them cannot be shown."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets are missing; the damaged picture and all up to the next key frame are dropped.

    ``packets``: how many, 0 where the sequence numbers began anew and nobody can tell; ``time``: of the last picture
    before.
    """

    packets: int
    time: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture was refused; it and all up to the next key frame are dropped. ``time``: of the last picture before."""

    reason: Refusal
    time: int


@dataclass(frozen=True, slots=True)
class TimeJump:
    """The camera's clock stepped by ``ticks`` (signed) instead of going on; ``time`` is where our own time goes on."""

    ticks: int
    time: int


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """Another synchronisation source sends from here on; pictures go on at its first key frame."""

    source: int
    time: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """Packets came again or behind their time and were passed over."""

    packets: int


@dataclass(frozen=True, slots=True)
class MarkersDistrusted:
    """The camera marks an end within its pictures: the last one told was not whole, all up to the next key frame are
    dropped, and from here on only a new timestamp ends a picture (one picture of delay)."""  # noqa: D205, D209

    time: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The camera ends its stream (RTCP BYE, RFC 3550 §6.6)."""


@dataclass(frozen=True, slots=True)
class RtspText:
    """A whole RTSP message (head and body) that stood between two frames."""

    content: bytes


Event = Loss | Refused | TimeJump | SourceChanged | Repeated | MarkersDistrusted | Goodbye | RtspText | ParameterSets
Found = AccessUnit | Event
"""Pictures and events in the order of the wire; new parameter sets stand before the picture that needs them."""
