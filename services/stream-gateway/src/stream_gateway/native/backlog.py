"""What a stream that nobody takes sends: kept as it comes since its last key frame, read only when somebody wants it.

Reading packets costs far more than keeping them, and most streams of a fleet are warm but unwatched. So only the kind
of each packet is looked at, to find where a group of pictures begins; everything before is dropped.
"""

import struct
from collections.abc import Callable

from stream_gateway.native.rtp_source import payload_bounds
from stream_gateway.native.rtsp_messages import message_end
from stream_gateway.native.unit_assembly import NalKind

_DOLLAR = 0x24
_FRAME_HEADER = 4
_SHORTEST = 16
"""Of a frame with an RTP header in it."""
_VERSION = 0x80
_MARKER = 0x80
_NONE = -1
_head = struct.Struct("!HHBBHI").unpack_from
"""$ and channel · length · flags · marker and payload type · sequence number · timestamp."""
_BLANKS = (0x0D, 0x0A)
_KEYS = (NalKind.KEY, NalKind.OPEN_KEY)
_MOST_BYTES = 8 * 1024 * 1024
"""As many as a hub keeps of a group of pictures."""


class Backlog:
    """Keeps what one connection sends.

    Args:
        held: the beginning of an incomplete frame.
        kind_of: what the payload at ``octets[at:end]`` is a part of.
        channel: interleaved channel of RTP.
        payload_type: of the video.
    """

    __slots__ = (
        "_after_picture",
        "_begins_at",
        "_channel",
        "_key_stamp",
        "_kind_of",
        "_octets",
        "_open",
        "_ours",
        "_partial",
        "_payload_type",
        "cut",
        "packets",
    )

    def __init__(
        self, held: bytes, *, kind_of: Callable[[bytes, int, int], int], channel: int, payload_type: int
    ) -> None:
        self._partial = held
        self._octets = bytearray()
        self._kind_of = kind_of
        self._channel = channel
        self._payload_type = payload_type
        self._after_picture = 0
        self._begins_at = 0
        self._key_stamp = self._open = _NONE
        self._ours = _DOLLAR << 8 | channel
        self.packets = 0
        """Packets that began a picture, or a slice of one, so far."""
        self.cut = False
        """Something was dropped: what is kept does not go on where reading stopped."""

    @property
    def octets(self) -> bytes:
        """All that is kept, in whole frames but for the last one."""
        return bytes(self._octets) + self._partial

    def take(self, view: memoryview | bytes) -> bytes:
        """Keep received bytes; returns the frames and messages among them that are not of the video.

        Raises:
            RtspMalformed: what stands between two frames is neither a frame nor RTSP; the connection is of no use.
        """
        octets = self._partial + view
        kept, size = self._octets, len(octets)
        aside: list[bytes] = []
        at = run = 0
        while at + _FRAME_HEADER <= size:
            if at <= size - _SHORTEST:
                head, length, flags, kind, _, stamp = _head(octets, at)
                end = at + _FRAME_HEADER + length
                if stamp == self._open and head == self._ours and flags == _VERSION and kind == self._payload_type:
                    if end > size:
                        break
                    at = end  # in the midst of a picture, as most packets are
                    self._after_picture = at + len(kept) - run
                    continue
            end = _end_of(octets, at)
            if end > size:
                break
            if octets[at] == _DOLLAR and octets[at + 1] == self._channel:
                self._look_at(octets, at, end, len(kept) - run)
            else:
                kept += octets[run:at]
                aside.append(octets[at:end])
                run = end
            at = end
        kept += octets[run:at]
        self._partial = octets[at:]
        self._drop(len(kept) if len(kept) - self._begins_at > _MOST_BYTES else self._begins_at)
        return b"".join(aside)

    def _look_at(self, octets: bytes, at: int, end: int, shift: int) -> None:
        """Note where pictures end and groups begin; ``shift``: from a place in ``octets`` to one in what is kept."""
        flags = octets[at + _FRAME_HEADER]
        if end - at < _SHORTEST or flags & 0xC0 != _VERSION or octets[at + 5] & 0x7F != self._payload_type:
            return
        body, stop = (at + _SHORTEST, end) if flags == _VERSION else payload_bounds(octets, at + _FRAME_HEADER, end)
        if body >= stop:
            return
        kind = self._kind_of(octets, body, stop)
        if kind > NalKind.LEADING:
            return
        self.packets += 1
        stamp = int.from_bytes(octets[at + 8 : at + 12], "big")
        if kind in _KEYS and stamp != self._key_stamp:
            self._key_stamp = stamp
            self._begins_at = self._after_picture
        self._after_picture = end + shift
        self._open = _NONE if octets[at + 5] & _MARKER else stamp

    def _drop(self, octets: int) -> None:
        if octets:
            del self._octets[:octets]
            self._after_picture = max(self._after_picture - octets, 0)
            self._begins_at = 0
            self.cut = True


def _end_of(octets: bytes, at: int) -> int:
    """Where the frame or message at ``at`` ends; beyond the bytes while it is incomplete."""
    if octets[at] == _DOLLAR:
        return at + _FRAME_HEADER + (octets[at + 2] << 8 | octets[at + 3])
    if octets[at] in _BLANKS:
        return at + 1
    end = message_end(octets, at)
    return len(octets) + 1 if end is None else end
