"""What one media node tells another of a stream: JSON texts for events, one binary message per batch of pictures."""

import json
import struct
from collections.abc import Sequence

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import MalformedParameterSets, parameter_sets

_HEAD = struct.Struct(">qi?I")


class NodeWireBroken(ValueError):
    """The other node says what it cannot mean."""


def begin_text(parameters: ParameterSets, engine: str) -> str:
    """Return the message that a line begins."""
    sets = {
        name: [nal.hex() for nal in nals]
        for name, nals in (("vps", parameters.vps), ("sps", parameters.sps), ("pps", parameters.pps))
    }
    return json.dumps({"type": "begin", "codec": parameters.codec.value, "engine": engine, **sets})


def word_text(kind: str, reason: str) -> str:
    """Return a message with a reason: ``lost`` or ``broken``."""
    return json.dumps({"type": kind, "reason": reason}, ensure_ascii=False)


def parameters_from(told: dict[str, object]) -> ParameterSets:
    """Read the parameter sets of ``begin_text``; raises NodeWireBroken."""
    try:
        sets = {name: [bytes.fromhex(one) for one in told[name]] for name in ("vps", "sps", "pps")}  # pyright: ignore[reportGeneralTypeIssues]
        return parameter_sets(Codec(str(told["codec"])), sets["vps"], sets["sps"], sets["pps"])
    except (KeyError, TypeError, ValueError, MalformedParameterSets) as error:
        raise NodeWireBroken("parameter sets") from error


def units_message(units: Sequence[AccessUnit]) -> bytes:
    """Return pictures as one message."""
    parts: list[bytes] = []
    for unit in units:
        parts += (_HEAD.pack(unit.time, unit.shown_after, unit.keyframe, len(unit.sample)), unit.sample)
    return b"".join(parts)


def units_from(message: bytes) -> list[AccessUnit]:
    """Read ``units_message``; raises NodeWireBroken."""
    units: list[AccessUnit] = []
    at = 0
    while at < len(message):
        if at + _HEAD.size > len(message):
            raise NodeWireBroken("a picture is cut")
        time, shown_after, keyframe, length = _HEAD.unpack_from(message, at)
        at += _HEAD.size
        if length == 0 or at + length > len(message):
            raise NodeWireBroken("a picture is cut")
        units.append(AccessUnit(message[at : at + length], keyframe, time, shown_after))
        at += length
    return units
