"""Puts the NAL units of one stream together to access units, and decides which ones may be shown."""

from enum import IntEnum

from stream_gateway.domain.access_units import AccessUnit
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.native.events import Found, Loss, MarkersDistrusted, Refusal, Refused, TimeJump
from stream_gateway.native.inband_sets import InBandSets
from stream_gateway.native.timeline import Timeline

MAX_UNIT_BYTES = 16 * 1024 * 1024
MAX_UNIT_NALS = 4096
MAX_UNIT_PIECES = 32_768
"""Fragments of less than half a kilobyte in the largest picture: nobody sends them, and each costs memory."""
_LENGTH_PLACE = b"\x00\x00\x00\x00"
_NO_FRAGMENT = -1
_SLICE, _KEY, _OPEN_KEY, _LEADING, _KEPT, _SET, _DROPPED, _REFUSED = range(8)
"""``NalKind`` as plain numbers, which compare faster."""
_H264_SEI, _RECOVERY_POINT = 6, b"\x06"
"""No H.265 unit that is kept beside the slices has this number in these bits."""


class NalKind(IntEnum):
    """What a NAL unit is to us; the pictures come first in this order."""

    SLICE = 0
    KEY = 1  # all pictures after it can be decoded without what came before
    OPEN_KEY = 2  # as KEY, but leading pictures may follow that need what came before
    LEADING = 3  # a picture that may need what came before the key frame
    KEPT = 4  # travels with the picture
    SET = 5  # travels as ParameterSets
    DROPPED = 6  # delimiters and filler, which a file does without
    REFUSED = 7


class UnitAssembly:
    """The access unit that is being received.

    Args:
        kinds: for each first byte of a NAL unit, its ``NalKind``.
        header_length: bytes of a NAL unit's header; the bit after it is set in the first slice of a picture
            (first_mb_in_slice = 0 in H.264, first_slice_segment_in_pic_flag in H.265).
        sets: parameter sets, collected here.
        out: where pictures and events go.
    """

    __slots__ = (
        "_drop_leading",
        "_fragment_at",
        "_header_length",
        "_keyframe",
        "_kinds",
        "_last_whole",
        "_nals",
        "_out",
        "_picture",
        "_sets",
        "_skipped",
        "_trust_markers",
        "_waiting",
        "middle",
        "pieces",
        "recovery_points",
        "skipped_units",
        "stamp",
        "timeline",
    )

    def __init__(self, kinds: bytes, header_length: int, sets: InBandSets, out: list[Found]) -> None:
        self._kinds = kinds
        self._header_length = header_length
        self._sets = sets
        self._out = out
        self.pieces: list[bytes] = []
        """The sample in parts; the reader appends middle fragments itself, where most of the bytes are."""
        self.middle = _NO_FRAGMENT
        """Payload header of a middle fragment of the open NAL unit, as one number; -1: none is open."""
        self.stamp = 0
        self.timeline = Timeline()
        self.skipped_units = 0
        self.recovery_points = 0
        self._fragment_at = _NO_FRAGMENT
        self._nals = 0
        self._picture = False
        self._keyframe = False
        self._skipped = False
        self._waiting = True
        self._drop_leading = False
        self._trust_markers = True
        self._last_whole: int | None = None

    @property
    def skipped(self) -> bool:
        """The present access unit is not wanted: damaged, or before the first key frame."""
        return self._skipped

    def add(self, nal: bytes) -> None:
        """Add a whole NAL unit of at least one byte."""
        if self._fragment_at >= 0:
            self.refuse(Refusal.FRAGMENT)
        kind = self._kinds[nal[0]]
        if kind == _SET:
            self._offer(nal)
        elif not self._skipped and self._admit(kind, nal):
            self.pieces += (len(nal).to_bytes(4, "big"), nal)

    def open_fragment(self, header: bytes, first: bytes, middle: int) -> None:
        """Begin a NAL unit of which the first fragment came; ``middle`` announces the others, see the attribute."""
        if self._fragment_at >= 0:
            self.refuse(Refusal.FRAGMENT)
        if self._skipped:
            return
        kind = self._kinds[header[0]]
        if kind == _SET or kind == _DROPPED or self._admit(kind, header + first[:1]):  # noqa: PLR1714, SIM109 a tuple costs more
            self._fragment_at = len(self.pieces)
            self.pieces += (_LENGTH_PLACE, header, first)
            self.middle = middle

    def add_fragment(self, part: bytes, middle: int, last: bool) -> None:  # noqa: FBT001 named arguments cost more
        """Add a middle or last fragment."""
        if self._skipped:
            return
        if middle != self.middle:
            self.refuse(Refusal.FRAGMENT)
            return
        self.pieces.append(part)
        if last:
            self.close_fragment()

    def close_fragment(self) -> None:
        """End the NAL unit whose last fragment was added."""
        at = self._fragment_at
        self._fragment_at = self.middle = _NO_FRAGMENT
        pieces = self.pieces
        kind = self._kinds[pieces[at + 1][0]]
        if kind in (_SET, _DROPPED):
            nal = b"".join(pieces[at + 1 :])
            del pieces[at:]
            self.add(nal)
            return
        length = sum(map(len, pieces[at + 1 :]))
        if length > MAX_UNIT_BYTES:
            self.refuse(Refusal.TOO_LARGE)
        else:
            pieces[at] = length.to_bytes(4, "big")

    def _offer(self, nal: bytes) -> None:
        try:
            self._sets.offer(nal)
        except MalformedParameterSets:
            self.refuse(Refusal.PARAMETER_SETS)

    def _admit(self, kind: int, beginning: bytes) -> bool:
        """Whether a NAL unit that begins so belongs into the sample."""
        if kind <= _LEADING:
            if not self._picture and not self._admit_picture(kind, beginning):
                return False
        elif kind == _KEPT:
            if beginning[0] & 0x1F == _H264_SEI and beginning[1:2] == _RECOVERY_POINT:
                self.recovery_points += 1
        else:
            if kind == _REFUSED:
                self.refuse(Refusal.NAL_TYPE)
            return False
        self._nals += 1
        if self._nals > MAX_UNIT_NALS:
            self.refuse(Refusal.TOO_LARGE)
            return False
        return True

    def _admit_picture(self, kind: int, beginning: bytes) -> bool:
        """Judge the access unit by the first slice of its picture."""
        if len(beginning) <= self._header_length:
            self.refuse(Refusal.PAYLOAD)
            return False
        first_slice = beginning[self._header_length] & 0x80
        if kind == _SLICE and first_slice and not self._waiting:  # nearly always
            self._picture = True
            return True
        keyframe = kind in (_KEY, _OPEN_KEY)
        if self._waiting:
            if not (keyframe and first_slice):
                self._skip()
                return False
            self._drop_leading = kind == _OPEN_KEY
        elif not first_slice and self.stamp == self._last_whole:
            self._out.append(MarkersDistrusted(self.timeline.time))
            self._trust_markers = False
            self.damage()
            return False
        elif keyframe:
            self._drop_leading = False
        elif kind == _LEADING and self._drop_leading:
            self._skip()
            return False
        self._picture = True
        self._keyframe = keyframe
        return True

    def mark(self) -> None:
        """The sender says that the access unit ends here; one without a picture goes on."""
        if self._trust_markers and (self._picture or self._skipped):
            self._last_whole = self.stamp
            self.finish()

    def begin(self, stamp: int) -> None:
        """End the access unit, if its end was not marked, and begin the one of another timestamp.

        What came without a picture (RFC 6184 §5.1 does not forbid another timestamp for it) goes with the next one.
        """
        if self._picture or self._skipped or self._fragment_at >= 0:
            self.finish()
        self.stamp = stamp
        self._last_whole = None

    def finish(self) -> None:
        """End the access unit and tell it, unless it is not wanted."""
        if self._fragment_at >= 0:
            self.refuse(Refusal.FRAGMENT)
        keyframe = self._keyframe
        if self.timeline.advance(self.stamp, keyframe, self._sets.reorders):
            self._out.append(TimeJump(self.timeline.jump, self.timeline.time))
        if self._skipped:
            self.skipped_units += 1
        elif not self._sets.changed or self._announce():
            sample = b"".join(self.pieces)
            if len(sample) > MAX_UNIT_BYTES:
                self.refuse(Refusal.TOO_LARGE)
            else:
                self._waiting = False
                self._out.append(AccessUnit(sample, keyframe, self.timeline.time))
        self.pieces.clear()
        self._picture = self._keyframe = self._skipped = False
        self._nals = 0

    def _announce(self) -> bool:
        """Tell new parameter sets; False: there are none that would show this picture."""
        if not self._sets.complete:
            self._waiting = True
            self.skipped_units += 1
            return False
        try:
            made = self._sets.take()
        except MalformedParameterSets:
            self.refuse(Refusal.PARAMETER_SETS)
            self.skipped_units += 1
            return False
        if made is not None:
            self._out.append(made)
        return True

    def refuse(self, reason: Refusal) -> None:
        """Tell that something cannot be used, and drop all up to the next key frame."""
        refused = Refused(reason, self.timeline.time)
        if not self._out or self._out[-1] != refused:
            self._out.append(refused)
        self.damage()

    def lose(self, packets: int) -> None:
        """Tell that packets are missing, and drop all up to the next key frame."""
        self._out.append(Loss(packets, self.timeline.time))
        self.damage()

    def damage(self) -> None:
        """Drop this access unit and all up to the next key frame."""
        self._waiting = True
        self._skip()

    def _skip(self) -> None:
        self._skipped = True
        self.pieces.clear()
        self._fragment_at = self.middle = _NO_FRAGMENT

    def abandon(self) -> None:
        """Forget the access unit and its timestamp: what follows is of another source, or counted anew."""
        if self._picture or self._skipped:
            self.skipped_units += 1
        self._clear()
        self._last_whole = None
        self.timeline.restart()

    def resume(self) -> None:
        """Go on with the next key frame, without what came before it: nobody wanted that."""
        self._clear()
        self._waiting = True
        self._last_whole = None
        self.timeline.restart()

    def _clear(self) -> None:
        self.pieces.clear()
        self._picture = self._keyframe = self._skipped = False
        self._fragment_at = self.middle = _NO_FRAGMENT
        self._nals = 0

    def check_size(self) -> int:
        """Return the bytes of the unfinished access unit; 0 after it was refused because it grew too large."""
        octets = sum(map(len, self.pieces))
        if octets <= MAX_UNIT_BYTES and len(self.pieces) <= MAX_UNIT_PIECES:
            return octets
        self.refuse(Refusal.TOO_LARGE)
        return 0
