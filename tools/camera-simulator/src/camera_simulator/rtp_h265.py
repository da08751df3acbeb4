"""RTP payloads of H.265 (RFC 7798, without decoding order numbers): single units, aggregation, fragments."""

from collections.abc import Sequence
from itertools import takewhile

from camera_simulator.hevc import PARAMETER_SETS, nal_kind

AGGREGATION = 48
FRAGMENTATION = 49
HEADER_OCTETS = 2
FU_START = 0x80
FU_END = 0x40


def h265_payloads(nals: Sequence[bytes], max_payload: int) -> list[bytes]:
    """Cut an access unit; the parameter sets before a keyframe share one aggregation packet if they fit."""
    sets = list(takewhile(lambda nal: nal_kind(nal) in PARAMETER_SETS, nals))
    together = _aggregated(sets)
    if len(sets) > 1 and len(together) <= max_payload:
        return [together, *(payload for nal in nals[len(sets) :] for payload in _cut(nal, max_payload))]
    return [payload for nal in nals for payload in _cut(nal, max_payload)]


def _aggregated(nals: Sequence[bytes]) -> bytes:
    sized = b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    return bytes((AGGREGATION << 1, 1)) + sized


def _cut(nal: bytes, max_payload: int) -> list[bytes]:
    if len(nal) <= max_payload:
        return [nal]
    header = bytes((nal[0] & 0x81 | FRAGMENTATION << 1, nal[1]))
    kind = nal_kind(nal)
    step = max_payload - HEADER_OCTETS - 1
    return [
        header
        + bytes((kind | (FU_START if at == HEADER_OCTETS else 0) | (FU_END if at + step >= len(nal) else 0),))
        + nal[at : at + step]
        for at in range(HEADER_OCTETS, len(nal), step)
    ]
