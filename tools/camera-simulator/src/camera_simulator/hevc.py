"""What of H.265 the simulator must know: kinds of NAL units, and the parameter sets of an MP4 file's hvcC box."""

NAL_IRAP = range(16, 22)  # BLA, IDR and CRA pictures: where a decoder can begin
NAL_VPS = 32
NAL_SPS = 33
NAL_PPS = 34
NAL_DELIMITER = 35
PARAMETER_SETS = (NAL_VPS, NAL_SPS, NAL_PPS)
_LENGTH_SIZE_OFFSET = 21
_ARRAYS_OFFSET = 22


def nal_kind(nal: bytes) -> int:
    """The nal_unit_type (H.265 §7.3.1.2)."""
    return nal[0] >> 1 & 0x3F


def parameter_sets(hvcc: bytes) -> tuple[dict[int, bytes], int]:
    """First NAL unit of each kind in an hvcC box (ISO/IEC 14496-15 §8.3.3.1), and octets of a length prefix."""
    found: dict[int, bytes] = {}
    at = _ARRAYS_OFFSET + 1
    for _ in range(hvcc[_ARRAYS_OFFSET]):
        kind, units = hvcc[at] & 0x3F, int.from_bytes(hvcc[at + 1 : at + 3], "big")
        at += 3
        for _ in range(units):
            length = int.from_bytes(hvcc[at : at + 2], "big")
            found.setdefault(kind, hvcc[at + 2 : at + 2 + length])
            at += 2 + length
    return found, (hvcc[_LENGTH_SIZE_OFFSET] & 0b11) + 1
