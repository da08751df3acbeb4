"""Writes fetched pictures into the spool as a recorder would: whole groups, files cut on the clock, under the fence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.segment_label import SegmentLabel
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.ports import EdgePicture, EdgeRefused
from stream_gateway.recording.recorder import HOLE_TICKS
from stream_gateway.recording.segment_file import SegmentFile
from stream_gateway.recording.spool import ReadyFile, Spool

ENGINE = "onvif-replay"
_MOST_PENDING_BYTES = 16 * 1024 * 1024
_LONGEST_PENDING_TICKS = 30 * CLOCK_HZ
_USUAL_STEP = CLOCK_HZ // 12
_SHORTEST_TICKS = CLOCK_HZ // 5
"""A file is not begun for less of the window: clocks jitter, and live footage goes on there."""


@dataclass(frozen=True, slots=True)
class WriterTools:
    """What every writer of a process shares; ``gate`` as the recorders have it."""

    spool: Spool
    offer: Callable[[ReadyFile], None]
    gate: Callable[[str], int | None]
    node_id: str
    segment_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is fetched. ``window``: the missing time; ``earliest``: no picture before it may be stored.

    ``offset``: the camera's clock minus ours. ``fetched_ms``: see ``SegmentLabel``. ``epoch``: of the holding.
    """

    camera_id: str
    terms: RecordingTerms
    window: Interval
    earliest: datetime
    offset: timedelta
    epoch: int
    fetched_ms: int


class FilmWriter:
    """Takes pictures in order; ``take`` returns False when nothing behind this one is wanted.

    A group of pictures that begins before the window is stored whole when it reaches into it, as nothing of it can be
    shown without its key frame.

    Raises:
        EdgeRefused: from ``take``: times that go back, or the camera is no longer this node's.
        OSError: the disk is full or gone. What was complete before stays.
    """

    def __init__(self, tools: WriterTools, fetch: Fetch) -> None:
        self._tools = tools
        self._fetch = fetch
        self._parameters: ParameterSets | None = None
        self._file: SegmentFile | None = None
        self._pending: list[AccessUnit] = []
        self._pending_bytes = 0
        self._last: int | None = None
        self._step = _USUAL_STEP
        self._await_key = True
        self.stored: list[Interval] = []

    def begin(self, parameters: ParameterSets) -> None:
        """Take what a decoder must know from here on."""
        self.finish()
        self._parameters, self._await_key = parameters, True

    def take(self, picture: EdgePicture) -> bool:
        """Take the next picture."""
        taken_at = picture.taken_at - self._fetch.offset
        if taken_at >= self._fetch.window[1]:
            return False
        time = self._ticks(taken_at)
        if self._last is not None and time <= self._last:
            raise EdgeRefused(EdgeRefusal.UNSUPPORTED)
        if self._last is not None:
            self._follow(time)
        keyframe = picture.unit.keyframe
        if keyframe:
            self._flush(time)
            self._await_key = taken_at < self._fetch.earliest
        self._last = time
        if not self._await_key and self._parameters is not None:
            self._pending.append(AccessUnit(picture.unit.sample, keyframe, time))
            self._pending_bytes += len(picture.unit.sample)
            self._bound(time)
        return True

    def finish(self) -> None:
        """Write what waits and close the file."""
        self._flush(self._last + self._step if self._last is not None else 0)
        self.close()

    def close(self) -> None:
        """Close the file with the whole groups that are in it; what waits is dropped."""
        self._pending, self._pending_bytes = [], 0
        file, self._file = self._file, None
        if file is None:
            return
        segment = file.close(listed=self._tools.gate(self._fetch.camera_id) is not None)
        if segment is None:
            return
        ready = self._tools.spool.close(file.path, segment, file.sha256)
        self.stored.append((segment.started_at, segment.ended_at))
        self._tools.offer(ready)

    def _follow(self, time: int) -> None:
        """Note the distance to the picture before; a hole ends the file, and what follows needs a key frame."""
        assert self._last is not None  # noqa: S101 - asked before
        step = time - self._last
        if step <= HOLE_TICKS:
            self._step = step
        else:
            self.finish()
            self._await_key = True

    def _bound(self, time: int) -> None:
        """Write a long group in parts; one that is not in the window yet cannot be, and is left out."""
        waits = time - self._pending[0].time
        if self._pending_bytes <= _MOST_PENDING_BYTES and waits <= _LONGEST_PENDING_TICKS:
            return
        wanted = self._reaches(time)
        self._flush(time + self._step)
        self._await_key = not wanted

    def _reaches(self, until: int) -> bool:
        return until > self._ticks(self._fetch.window[0])

    def _flush(self, next_time: int) -> None:
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        if not pending or not self._reaches(next_time):
            return
        if self._file is None and self._ticks(self._fetch.window[1]) - pending[0].time < _SHORTEST_TICKS:
            return
        if self._tools.gate(self._fetch.camera_id) != self._fetch.epoch:
            raise EdgeRefused(EdgeRefusal.INTERRUPTED)
        begun = self._instant(pending[0].time)
        if self._file is not None and pending[0].keyframe and self._must_cut(self._file, begun):
            self.close()
        file = self._file or self._open(begun, pending[0].time)
        file.append(pending, next_time)

    def _must_cut(self, file: SegmentFile, begun: datetime) -> bool:
        length = self._tools.segment_seconds
        return int(begun.timestamp()) // length != int(file.started_at.timestamp()) // length

    def _open(self, begun: datetime, first_time: int) -> SegmentFile:
        assert self._parameters is not None  # noqa: S101 - nothing waits without
        fetch = self._fetch
        path, started_at = self._tools.spool.new_file(
            fetch.camera_id, fetch.terms, begun, fetch.epoch, fetch.fetched_ms
        )
        label = SegmentLabel(
            camera_id=fetch.camera_id,
            authorisation_id=fetch.terms.authorisation_id,
            started_at=started_at,
            epoch=fetch.epoch,
            first_pts=first_time,
            clock_offset_ms=round(fetch.offset.total_seconds() * 1000),
            engine=ENGINE,
            node_id=self._tools.node_id,
            fetched_ms=fetch.fetched_ms,
        )
        self._file = SegmentFile(path, label, fetch.terms, self._parameters, started_at=started_at)
        return self._file

    def _ticks(self, at: datetime) -> int:
        """Return ticks since the earliest instant that counts: never negative for what is stored."""
        return round((at - self._fetch.earliest) / timedelta(seconds=1) * CLOCK_HZ)

    def _instant(self, ticks: int) -> datetime:
        return self._fetch.earliest + timedelta(seconds=ticks / CLOCK_HZ)
