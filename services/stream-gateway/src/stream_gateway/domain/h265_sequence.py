"""The sequence parameter set of H.265 (ITU-T H.265 §7.3.2.2), as far as a recorder needs it."""

from dataclasses import dataclass

from stream_gateway.domain.bits import BitReader, unescape

_MAX_SUB_LAYERS = 7
_YUV_444 = 3
_MAX_CHROMA_FORMAT = 3
_MAX_EXTRA_DEPTH = 8


@dataclass(frozen=True, slots=True)
class H265Sequence:
    """What an ``hvcC`` box (ISO/IEC 14496-15 §8.3.3) and a player need of a sequence parameter set.

    The ``general_*`` fields are those of profile_tier_level (§7.3.3): ``compatibility`` 32 bits, ``constraints`` 48
    bits. ``width`` and ``height`` in pixels inside the conformance window; ``reorders``: pictures may be shown in
    another order than sent.
    """

    identity: int
    general_profile_space: int
    general_tier: int
    general_profile: int
    general_compatibility: int
    general_constraints: int
    general_level: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    temporal_layers: int
    temporal_nesting: bool
    width: int
    height: int
    reorders: bool


def read_h265_sequence(nal: bytes) -> H265Sequence:
    """Read a sequence parameter set with its NAL header; raises ValueError when it is cut or absurd."""
    bits = BitReader(unescape(nal[2:]))
    bits.bits(4)  # video parameter set
    sub_layers = _at_most(bits.bits(3) + 1, _MAX_SUB_LAYERS)
    nesting = bits.flag()
    space, tier, profile = bits.bits(2), bits.bits(1), bits.bits(5)
    compatibility, constraints, level = bits.bits(32), bits.bits(48), bits.bits(8)
    _skip_sub_layers(bits, sub_layers - 1)
    identity = bits.unsigned()
    chroma = _at_most(bits.unsigned(), _MAX_CHROMA_FORMAT)
    separate = bits.flag() if chroma == _YUV_444 else False
    width, height = bits.unsigned(), bits.unsigned()
    crop_x, crop_y = _conformance_window(bits, 0 if separate else chroma)
    luma, chroma_depth = (8 + _at_most(bits.unsigned(), _MAX_EXTRA_DEPTH) for _ in range(2))
    bits.unsigned()  # log2_max_pic_order_cnt_lsb
    return H265Sequence(
        identity=identity,
        general_profile_space=space,
        general_tier=tier,
        general_profile=profile,
        general_compatibility=compatibility,
        general_constraints=constraints,
        general_level=level,
        chroma_format=chroma,
        bit_depth_luma=luma,
        bit_depth_chroma=chroma_depth,
        temporal_layers=sub_layers,
        temporal_nesting=nesting,
        width=width - crop_x,
        height=height - crop_y,
        reorders=_reorders(bits, sub_layers),
    )


def _at_most(value: int, limit: int) -> int:
    if value > limit:
        raise ValueError(f"{value} where at most {limit} is allowed")
    return value


def _skip_sub_layers(bits: BitReader, count: int) -> None:
    present = [(bits.flag(), bits.flag()) for _ in range(count)]
    if count:
        bits.bits(2 * (8 - count))
    for has_profile, has_level in present:
        if has_profile:
            bits.bits(88)
        if has_level:
            bits.bits(8)


def _conformance_window(bits: BitReader, chroma_array: int) -> tuple[int, int]:
    """Pixels cut off horizontally and vertically (§7.4.3.2.1)."""
    if not bits.flag():
        return 0, 0
    left, right, top, bottom = (bits.unsigned() for _ in range(4))
    unit_x = 2 if chroma_array in (1, 2) else 1
    unit_y = 2 if chroma_array == 1 else 1
    return (left + right) * unit_x, (top + bottom) * unit_y


def _reorders(bits: BitReader, sub_layers: int) -> bool:
    """Whether sps_max_num_reorder_pics of the highest sub-layer is above zero."""
    told = sub_layers if bits.flag() else 1
    reordered = 0
    for _ in range(told):
        bits.unsigned()
        reordered = bits.unsigned()
        bits.unsigned()
    return reordered > 0
