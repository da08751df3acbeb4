"""The sequence parameter set of H.264 (ITU-T H.264 §7.3.2.1.1, Annex E), as far as a recorder needs it."""

from dataclasses import dataclass

from stream_gateway.domain.bits import BitReader, unescape

_BASELINE = 66
_WITH_CHROMA_FORMAT = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_INTRA_ONLY_WITH_SET3 = frozenset({44, 86, 100, 110, 122, 244})
"""Profiles where constraint_set3 promises intra pictures only, hence no reordering (§E.2.1, max_num_reorder_frames)."""
_MAX_CHROMA_FORMAT = 3
_YUV_444 = 3
_MAX_CYCLE = 255
_EXTENDED_SAR = 255
_MAX_HRD_CODES = 32
_DECODED_AS_SENT = 2
"""pic_order_cnt_type 2: output order is decoding order (§8.2.1.3)."""


@dataclass(frozen=True, slots=True)
class H264Sequence:
    """What an ``avcC`` box (ISO/IEC 14496-15 §5.3.3) and a player need of a sequence parameter set.

    ``profile``, ``compatibility`` and ``level`` are the three bytes after the NAL header; ``width`` and ``height`` in
    pixels after cropping; ``reorders``: nothing excludes that pictures are shown in another order than sent;
    ``says_reorders``: it says that they are.
    """

    identity: int
    profile: int
    compatibility: int
    level: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    interlaced: bool
    reorders: bool
    says_reorders: bool

    @property
    def has_chroma_extension(self) -> bool:
        """The ``avcC`` of this profile ends with chroma format and bit depths."""
        return self.profile not in (_BASELINE, 77, 88)


def read_h264_sequence(nal: bytes) -> H264Sequence:
    """Read a sequence parameter set with its NAL header; raises OutOfBits or IndexError when it is cut or absurd."""
    profile, compatibility, level = nal[1], nal[2], nal[3]
    bits = BitReader(unescape(nal[4:]))
    identity = bits.unsigned()
    chroma, separate, luma_depth, chroma_depth = 1, False, 8, 8
    if profile in _WITH_CHROMA_FORMAT:
        chroma = _at_most(bits.unsigned(), _MAX_CHROMA_FORMAT)
        separate = bits.flag() if chroma == _YUV_444 else False
        luma_depth, chroma_depth = 8 + _at_most(bits.unsigned(), 6), 8 + _at_most(bits.unsigned(), 6)
        bits.flag()  # qpprime_y_zero_transform_bypass
        if bits.flag():
            _skip_scaling_lists(bits, 12 if chroma == _YUV_444 else 8)
    bits.unsigned()  # log2_max_frame_num
    order_type = _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.flag()  # gaps_in_frame_num allowed
    width, height = (bits.unsigned() + 1) * 16, (bits.unsigned() + 1) * 16
    frames_only = bits.flag()
    if not frames_only:
        height *= 2
        bits.flag()  # mb_adaptive_frame_field
    bits.flag()  # direct_8x8_inference
    crop_x, crop_y = _cropping(bits, 0 if separate else chroma, frames_only=frames_only)
    unordered = profile == _BASELINE or order_type == _DECODED_AS_SENT
    unordered = unordered or (profile in _INTRA_ONLY_WITH_SET3 and compatibility & 0x10 != 0)
    told = _reorder_frames(bits)
    return H264Sequence(
        identity=identity,
        profile=profile,
        compatibility=compatibility,
        level=level,
        chroma_format=chroma,
        bit_depth_luma=luma_depth,
        bit_depth_chroma=chroma_depth,
        width=width - crop_x,
        height=height - crop_y,
        interlaced=not frames_only,
        reorders=not unordered if told is None else told > 0,
        says_reorders=bool(told),
    )


def _at_most(value: int, limit: int) -> int:
    if value > limit:
        raise ValueError(f"{value} where at most {limit} is allowed")
    return value


def _skip_scaling_lists(bits: BitReader, count: int) -> None:
    for index in range(count):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):  # noqa: PLR2004 six 4x4 lists, then 8x8
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def _skip_picture_order(bits: BitReader) -> int:
    order_type = _at_most(bits.unsigned(), 2)
    if order_type == 0:
        bits.unsigned()
    elif order_type == 1:
        bits.flag()
        bits.signed()
        bits.signed()
        for _ in range(_at_most(bits.unsigned(), _MAX_CYCLE)):
            bits.signed()
    return order_type


def _cropping(bits: BitReader, chroma_array: int, *, frames_only: bool) -> tuple[int, int]:
    """Pixels cut off horizontally and vertically (§7.4.2.1.1, equations 7-19 to 7-22)."""
    if not bits.flag():
        return 0, 0
    left, right, top, bottom = (bits.unsigned() for _ in range(4))
    unit_x = 2 if chroma_array in (1, 2) else 1
    unit_y = (2 if chroma_array == 1 else 1) * (1 if frames_only else 2)
    return (left + right) * unit_x, (top + bottom) * unit_y


def _reorder_frames(bits: BitReader) -> int | None:
    """max_num_reorder_frames of the VUI; None where the set does not tell, or its end is cut as some cameras do."""
    try:
        return _read_vui(bits) if bits.flag() else None
    except ValueError:
        return None


def _read_vui(bits: BitReader) -> int | None:
    if bits.flag() and bits.bits(8) == _EXTENDED_SAR:
        bits.bits(32)
    if bits.flag():
        bits.flag()  # overscan_appropriate
    if bits.flag():
        bits.bits(4)
        if bits.flag():
            bits.bits(24)
    if bits.flag():
        bits.unsigned()
        bits.unsigned()
    if bits.flag():
        bits.bits(65)  # units per tick, time scale, fixed rate
    hrds = [_skip_hrd(bits) for _ in range(2) if bits.flag()]
    if hrds:
        bits.flag()  # low_delay_hrd
    bits.flag()  # pic_struct_present
    if not bits.flag():
        return None
    bits.flag()  # motion vectors over picture boundaries
    for _ in range(4):
        bits.unsigned()
    return bits.unsigned()


def _skip_hrd(bits: BitReader) -> None:
    codes = _at_most(bits.unsigned() + 1, _MAX_HRD_CODES)
    bits.bits(8)
    for _ in range(codes):
        bits.unsigned()
        bits.unsigned()
        bits.flag()
    bits.bits(20)
