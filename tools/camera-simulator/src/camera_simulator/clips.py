"""Clips read once into H.264 access units, ready to be looped for ever."""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

NAL_IDR = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8
NAL_DELIMITER = 9
START_CODE = b"\x00\x00\x00\x01"
AVCC_SPS_COUNT_OFFSET = 5
RTP_CLOCK_HZ = 90_000


class UnusableClipError(Exception):
    """A media file cannot be looped as a camera would send it."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture: its NAL units without start codes; a keyframe begins with SPS and PPS."""

    nals: tuple[bytes, ...]
    keyframe: bool

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
    encoder: EncoderSettings

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
        UnusableClipError: not H.264, B-frames, a GOP of changing length, a picture rate that is no whole number of
            RTP ticks, or not encoded by x264.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        if context.name != "h264" or not context.extradata or stream.average_rate is None:
            raise UnusableClipError(f"{path.name}: not an H.264 file with avcC parameter sets")
        sps, pps, length_size = _parameter_sets(context.extradata)
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
    gop, whole = _whole_gops(path.name, pictures)
    return Clip(
        name=path.stem,
        width=context.width,
        height=context.height,
        sample_aspect_ratio=Fraction(aspect) if aspect else None,
        fps=fps,
        sps=sps,
        pps=pps,
        gop=gop,
        access_units=tuple(_access_unit(nals, sps, pps) for nals in whole),
        encoder=_encoder_settings(path.name, pictures[0]),
    )


def _parameter_sets(avcc: bytes) -> tuple[bytes, bytes, int]:
    length_size = (avcc[4] & 0b11) + 1
    sps_length = int.from_bytes(avcc[6:8], "big")
    sps = avcc[8 : 8 + sps_length]
    pps_at = 8 + sps_length + 1
    pps_length = int.from_bytes(avcc[pps_at : pps_at + 2], "big")
    return sps, avcc[pps_at + 2 : pps_at + 2 + pps_length], length_size


def _split_length_prefixed(sample: bytes, length_size: int) -> tuple[bytes, ...]:
    nals: list[bytes] = []
    at = 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + length_size], "big")
        at += length_size
        nals.append(sample[at : at + length])
        at += length
    return tuple(nals)


def _whole_gops(name: str, pictures: list[tuple[bytes, ...]]) -> tuple[int, list[tuple[bytes, ...]]]:
    starts = [i for i, nals in enumerate(pictures) if any(nal[0] & 0x1F == NAL_IDR for nal in nals)]
    lengths = {after - before for before, after in pairwise(starts)}
    if not starts or starts[0] != 0 or len(lengths) != 1:
        raise UnusableClipError(f"{name}: keyframes do not come at a constant interval")
    gop = lengths.pop()
    return gop, pictures[: len(pictures) // gop * gop]


def _access_unit(nals: tuple[bytes, ...], sps: bytes, pps: bytes) -> AccessUnit:
    own = tuple(nal for nal in nals if nal[0] & 0x1F not in (NAL_SPS, NAL_PPS, NAL_DELIMITER))
    keyframe = any(nal[0] & 0x1F == NAL_IDR for nal in own)
    return AccessUnit(nals=(sps, pps, *own) if keyframe else own, keyframe=keyframe)


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
