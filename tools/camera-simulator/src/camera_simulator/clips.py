"""Clips read once into H.264 or H.265 access units, ready to be looped for ever."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from camera_simulator import hevc

NAL_IDR = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8
NAL_DELIMITER = 9
START_CODE = b"\x00\x00\x00\x01"
RTP_CLOCK_HZ = 90_000


class UnusableClipError(Exception):
    """A media file cannot be looped as a camera would send it."""


class Codec(StrEnum):
    """How a clip is encoded; the value is FFmpeg's name of the decoder."""

    H264 = "h264"
    H265 = "hevc"

    def is_keyframe(self, nal: bytes) -> bool:
        """Whether a decoder can begin at this NAL unit."""
        return nal[0] & 0x1F == NAL_IDR if self is Codec.H264 else hevc.nal_kind(nal) in hevc.NAL_IRAP

    def is_picture(self, nal: bytes) -> bool:
        """Whether it is neither a parameter set nor a delimiter."""
        if self is Codec.H264:
            return nal[0] & 0x1F not in (NAL_SPS, NAL_PPS, NAL_DELIMITER)
        return hevc.nal_kind(nal) not in (*hevc.PARAMETER_SETS, hevc.NAL_DELIMITER)


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture: its NAL units without start codes; a keyframe begins with the parameter sets.

    `display_shift` is by how many pictures it is shown later than it is sent, in a clip with B-frames.
    """

    nals: tuple[bytes, ...]
    keyframe: bool
    display_shift: int = 0

    def annex_b(self) -> bytes:
        """The unit as a byte stream for a decoder."""
        return b"".join(START_CODE + nal for nal in self.nals)


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """The x264 settings that decide the parameter sets, as x264 wrote them into the clip."""

    reference_frames: int
    constant_rate_factor: float
    chroma_qp_offset: int


@dataclass(frozen=True, slots=True, eq=False)  # identity: megabytes are not worth comparing
class Clip:
    """A looped clip: whole GOPs only, so that the loop boundary looks like any other keyframe."""

    name: str
    width: int
    height: int
    sample_aspect_ratio: Fraction | None
    fps: Fraction
    sps: bytes
    pps: bytes
    gop: int  # frames from one keyframe to the next
    access_units: tuple[AccessUnit, ...]
    encoder: EncoderSettings | None  # None where no other encoding can carry the clip's parameter sets
    codec: Codec = Codec.H264
    vps: bytes = b""

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """VPS (H.265 only), SPS and PPS."""
        return (self.vps, self.sps, self.pps) if self.codec is Codec.H265 else (self.sps, self.pps)

    @property
    def seconds(self) -> Fraction:
        """Length of one loop."""
        return len(self.access_units) / self.fps

    @property
    def timestamp_step(self) -> int:
        """RTP ticks (90 kHz) from one picture to the next."""
        return int(RTP_CLOCK_HZ / self.fps)

    @property
    def bits_per_second(self) -> int:
        """Mean rate of the loop."""
        octets = sum(len(nal) for unit in self.access_units for nal in unit.nals)
        return int(octets * 8 / self.seconds)

    def keyframe_before(self, index: int) -> int:
        """Index of the keyframe from which the picture `index` can be decoded."""
        return index - index % self.gop


def load_clip(path: Path) -> Clip:
    """Read an MP4 file into a loop.

    Raises:
        UnusableClipError: neither H.264 nor H.265, B-frames, a GOP of changing length, a picture rate that is no whole
            number of RTP ticks, or H.264 not encoded by x264.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        if context.name not in list(Codec) or not context.extradata or stream.average_rate is None:
            raise UnusableClipError(f"{path.name}: neither H.264 nor H.265 with parameter sets of its own")
        codec = Codec(context.name)
        vps, sps, pps, length_size = _parameter_sets(codec, context.extradata)
        pictures: list[tuple[bytes, ...]] = []
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if packet.pts != packet.dts:
                raise UnusableClipError(f"{path.name}: has B-frames")
            pictures.append(_split_length_prefixed(bytes(packet), length_size))
        fps = Fraction(stream.average_rate)
        aspect = context.sample_aspect_ratio
    if (RTP_CLOCK_HZ / fps).denominator != 1:
        raise UnusableClipError(f"{path.name}: {fps} pictures/s is no whole number of RTP ticks")
    gop, whole = _whole_gops(path.name, codec, pictures)
    return Clip(
        name=path.stem,
        width=context.width,
        height=context.height,
        sample_aspect_ratio=Fraction(aspect) if aspect else None,
        fps=fps,
        sps=sps,
        pps=pps,
        gop=gop,
        access_units=tuple(access_unit(codec, nals, (vps, sps, pps)) for nals in whole),
        encoder=_encoder_settings(path.name, pictures[0]) if codec is Codec.H264 else None,
        codec=codec,
        vps=vps,
    )


def access_unit(
    codec: Codec, nals: Sequence[bytes], parameter_sets: Sequence[bytes], *, display_shift: int = 0
) -> AccessUnit:
    """One picture, with these parameter sets before it if a decoder can begin there, and no others."""
    own = tuple(nal for nal in nals if codec.is_picture(nal))
    keyframe = any(map(codec.is_keyframe, own))
    sets = tuple(nal for nal in parameter_sets if nal) if keyframe else ()
    return AccessUnit((*sets, *own), keyframe=keyframe, display_shift=display_shift)


def _parameter_sets(codec: Codec, extradata: bytes) -> tuple[bytes, bytes, bytes, int]:
    """VPS (empty in H.264), SPS, PPS, and octets of a length prefix."""
    if codec is Codec.H265:
        found, length_size = hevc.parameter_sets(extradata)
        return found[hevc.NAL_VPS], found[hevc.NAL_SPS], found[hevc.NAL_PPS], length_size
    length_size = (extradata[4] & 0b11) + 1
    sps_length = int.from_bytes(extradata[6:8], "big")
    sps = extradata[8 : 8 + sps_length]
    pps_at = 8 + sps_length + 1
    pps_length = int.from_bytes(extradata[pps_at : pps_at + 2], "big")
    return b"", sps, extradata[pps_at + 2 : pps_at + 2 + pps_length], length_size


def _split_length_prefixed(sample: bytes, length_size: int) -> tuple[bytes, ...]:
    nals: list[bytes] = []
    at = 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + length_size], "big")
        at += length_size
        nals.append(sample[at : at + length])
        at += length
    return tuple(nals)


def _whole_gops(name: str, codec: Codec, pictures: list[tuple[bytes, ...]]) -> tuple[int, list[tuple[bytes, ...]]]:
    starts = [i for i, nals in enumerate(pictures) if any(map(codec.is_keyframe, nals))]
    lengths = {after - before for before, after in pairwise(starts)}
    if not starts or starts[0] != 0 or len(lengths) != 1:
        raise UnusableClipError(f"{name}: keyframes do not come at a constant interval")
    gop = lengths.pop()
    return gop, pictures[: len(pictures) // gop * gop]


def _encoder_settings(name: str, first_picture: tuple[bytes, ...]) -> EncoderSettings:
    text = b" ".join(nal for nal in first_picture if nal[0] & 0x1F == NAL_SEI).decode("ascii", "replace")
    found = {
        key: match.group(1)
        for key in ("ref", "crf", "chroma_qp_offset")
        if (match := re.search(rf"\b{key}=(-?[\d.]+)", text)) is not None
    }
    wanted = {"cabac=1", "8x8dct=0", "bframes=0"}
    if len(found) < len(("ref", "crf", "chroma_qp_offset")) or not all(setting in text for setting in wanted):
        raise UnusableClipError(f"{name}: x264 main profile settings are not written in the file")
    return EncoderSettings(
        reference_frames=int(found["ref"]),
        constant_rate_factor=float(found["crf"]),
        chroma_qp_offset=int(found["chroma_qp_offset"]),
    )
