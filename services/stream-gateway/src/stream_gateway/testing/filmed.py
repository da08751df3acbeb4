"""Access units of a real film, demuxed by PyAV: what a camera that shows the film would send."""

from pathlib import Path

import av

from camera_simulator.simulator import media_folder
from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import parameter_sets

MEDIA = media_folder()
"""The films that the simulated cameras show."""

_H265_SETS = {32: "vps", 33: "sps", 34: "pps"}
_UNWANTED = {Codec.H264: {7, 8, 9, 12}, Codec.H265: {32, 33, 34, 35, 38}}


def filmed_groups(film: Path, *, groups: int) -> tuple[ParameterSets, list[AccessUnit]]:
    """Return the parameter sets and the first whole groups of pictures of a film; it must begin with a key frame."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        codec = Codec.H264 if stream.codec_context.name == "h264" else Codec.H265
        extradata = bytes(stream.codec_context.extradata or b"")
        units: list[AccessUnit] = []
        keyframes = 0
        for packet in container.demux(stream):
            if not packet.size or packet.dts is None or packet.pts is None:
                continue
            keyframes += packet.is_keyframe
            if keyframes > groups:
                break
            ticks = CLOCK_HZ * packet.time_base
            sample = _without(_UNWANTED[codec], codec, bytes(packet))
            shown = int((packet.pts - packet.dts) * ticks)
            units.append(AccessUnit(sample, bool(packet.is_keyframe), int(packet.dts * ticks), shown))
    sets = _h264_sets(extradata) if codec is Codec.H264 else _h265_sets(extradata)
    return parameter_sets(codec, sets.get("vps", []), sets["sps"], sets["pps"]), units


def _without(unwanted: set[int], codec: Codec, sample: bytes) -> bytes:
    kept, at = bytearray(), 0
    while at < len(sample):
        end = at + 4 + int.from_bytes(sample[at : at + 4], "big")
        header = sample[at + 4]
        kind = header & 0x1F if codec is Codec.H264 else header >> 1 & 0x3F
        if kind not in unwanted:
            kept += sample[at:end]
        at = end
    return bytes(kept)


def _h264_sets(avcc: bytes) -> dict[str, list[bytes]]:
    sets: dict[str, list[bytes]] = {"sps": [], "pps": []}
    at = 5
    for kind, mask in (("sps", 0x1F), ("pps", 0xFF)):
        count = avcc[at] & mask
        at += 1
        for _ in range(count):
            length = int.from_bytes(avcc[at : at + 2], "big")
            sets[kind].append(avcc[at + 2 : at + 2 + length])
            at += 2 + length
    return sets


def _h265_sets(hvcc: bytes) -> dict[str, list[bytes]]:
    sets: dict[str, list[bytes]] = {"vps": [], "sps": [], "pps": []}
    at = 23
    for _ in range(hvcc[22]):
        kind, count = _H265_SETS.get(hvcc[at] & 0x3F), int.from_bytes(hvcc[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(hvcc[at : at + 2], "big")
            if kind is not None:
                sets[kind].append(hvcc[at + 2 : at + 2 + length])
            at += 2 + length
    return sets
