"""What browsers' WebRTC can show: H.264 whose pictures are shown in the order in which they are sent.

RTP carries no time of display: a decoder that has to reorder keeps pictures back, and browsers show none at all.
"""

import asyncio

from stream_gateway.domain.access_units import Codec, ParameterSets
from stream_gateway.domain.parameter_sets import h264_sequence
from stream_gateway.webrtc.pictures import Pictures, PicturesReordered

_ORDER_PICTURES, _ORDER_SECONDS = 4, 1.0
"""Where the parameter sets leave it open: so many pictures, or so long, until B-frames would have shown themselves."""


class CodecNotCarried(Exception):
    """Browsers' WebRTC does not play what the camera sends; the other transport may."""


class NoPictureYet(Exception):
    """The camera did not say in time what it sends."""


async def carried_sets(pictures: Pictures, *, seconds: float) -> ParameterSets:
    """Return what the pictures are decoded with, once it is known that they can be carried.

    Up to the newest picture that is kept they are looked at and gone: ``restart`` brings them back.

    Raises:
        CodecNotCarried: they cannot be.
        NoPictureYet: nothing came within ``seconds``.
        PicturesOver: the feed was ended.
    """
    try:
        async with asyncio.timeout(seconds):
            sets = await pictures.next_picture()
    except TimeoutError:
        raise NoPictureYet from None
    if not isinstance(sets, ParameterSets):
        raise NoPictureYet
    refuse_uncarried(sets)
    if sets.reorders:
        await _refuse_reordered(pictures)
    return sets


def refuse_uncarried(sets: ParameterSets) -> None:
    """Raise CodecNotCarried for what the parameter sets exclude."""
    if sets.codec is not Codec.H264 or any(h264_sequence(sps).says_reorders for sps in sets.sps):
        raise CodecNotCarried


async def _refuse_reordered(pictures: Pictures) -> None:
    seen = 0
    try:
        async with asyncio.timeout(_ORDER_SECONDS) as until:
            while True:
                await pictures.next_picture()
                seen += 1
                if seen == _ORDER_PICTURES:
                    until.reschedule(asyncio.get_running_loop().time())  # what waits already is looked at, no more
    except TimeoutError:
        return
    except PicturesReordered as error:
        raise CodecNotCarried from error
