"""Picture size and rate out of an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1 and Annex E)."""

from dataclasses import dataclass

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_EXTENDED_SAR = 255
_MAX_GOLOMB_ZEROS = 32


class SpsUnreadable(ValueError):
    """The bytes are no sequence parameter set."""


@dataclass(frozen=True, slots=True)
class SpsPicture:
    """Displayed size in pixels after cropping; ``fps`` None where the stream gives no timing."""

    width: int
    height: int
    fps: float | None


def read_sps(nal: bytes) -> SpsPicture:
    """Read a NAL unit of type 7, header byte included. Raises SpsUnreadable."""
    if len(nal) < 4 or nal[0] & 0x1F != 7:  # noqa: PLR2004 - NAL type 7; profile, flags and level follow
        raise SpsUnreadable("not a sequence parameter set")
    try:
        return _picture(_Bits(nal[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except IndexError as error:
        raise SpsUnreadable("cut short") from error


class _Bits:
    """Reads bits and Exp-Golomb numbers; IndexError past the end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def bit(self) -> int:
        value = self._content[self._at >> 3] >> (7 - (self._at & 7)) & 1
        self._at += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > _MAX_GOLOMB_ZEROS:
                raise SpsUnreadable("number too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _picture(bits: _Bits) -> SpsPicture:
    profile = bits.bits(8)
    bits.bits(16)  # constraint flags, level
    bits.ue()  # seq_parameter_set_id
    chroma, separate_planes = _chroma(bits, profile)
    bits.ue()  # log2_max_frame_num_minus4
    _skip_order_count(bits)
    bits.ue()  # max_num_ref_frames
    bits.bit()  # gaps_in_frame_num_value_allowed_flag
    width_mbs = bits.ue() + 1
    height_units = bits.ue() + 1
    frames_only = bits.bit()
    if not frames_only:
        bits.bit()  # mb_adaptive_frame_field_flag
    bits.bit()  # direct_8x8_inference_flag
    left, right, top, bottom = (bits.ue() for _ in range(4)) if bits.bit() else (0, 0, 0, 0)
    unit_x, unit_y = _crop_units(chroma if not separate_planes else 0, frames_only)
    width = width_mbs * 16 - unit_x * (left + right)
    height = height_units * 16 * (2 - frames_only) - unit_y * (top + bottom)
    if width <= 0 or height <= 0:
        raise SpsUnreadable("no picture left after cropping")
    return SpsPicture(width, height, _rate(bits) if bits.bit() else None)


def _chroma(bits: _Bits, profile: int) -> tuple[int, int]:
    """Return chroma_format_idc and separate_colour_plane_flag; skip scaling matrices."""
    if profile not in _HIGH_PROFILES:
        return 1, 0
    chroma = bits.ue()
    separate = bits.bit() if chroma == 3 else 0  # noqa: PLR2004 - 4:4:4
    bits.ue()  # bit_depth_luma_minus8
    bits.ue()  # bit_depth_chroma_minus8
    bits.bit()  # qpprime_y_zero_transform_bypass_flag
    if bits.bit():
        for index in range(8 if chroma != 3 else 12):  # noqa: PLR2004 - 4:4:4
            if bits.bit():
                _skip_scaling_list(bits, 16 if index < 6 else 64)  # noqa: PLR2004 - first six are 4x4
    return chroma, separate


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.bit()
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _crop_units(chroma: int, frames_only: int) -> tuple[int, int]:
    sub_width = 2 if chroma in {1, 2} else 1
    sub_height = 2 if chroma == 1 else 1
    return sub_width, sub_height * (2 - frames_only)


def _rate(bits: _Bits) -> float | None:
    """Read the VUI as far as its timing."""
    if bits.bit() and bits.bits(8) == _EXTENDED_SAR:
        bits.bits(32)
    if bits.bit():
        bits.bit()  # overscan_appropriate_flag
    if bits.bit():
        bits.bits(4)  # video_format, video_full_range_flag
        if bits.bit():
            bits.bits(24)  # colour description
    if bits.bit():
        bits.ue()
        bits.ue()  # chroma sample location
    if not bits.bit():
        return None
    ticks, scale = bits.bits(32), bits.bits(32)
    return scale / (2 * ticks) if ticks else None
