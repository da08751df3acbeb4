"""Records one camera: takes the pictures of its hub, writes them group by group, accounts for every second."""

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from common.clock import Clock
from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.coverage import Coverage, Gap
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.domain.segment_label import SegmentLabel
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.ingest.line import Line
from stream_gateway.metrics import RECORDER_RESTARTS
from stream_gateway.recording.segment_file import SegmentFile
from stream_gateway.recording.spool import ReadyFile, Spool

HOLE_TICKS = 3 * CLOCK_HZ // 2
"""A longer step from picture to picture is missing time, not a slow camera: the law's slowest gives six a second."""

_LONGEST_PENDING_TICKS = 4 * CLOCK_HZ
_MOST_PENDING_BYTES = 4 * 1024 * 1024
_MOST_KEPT_BACK_BYTES = 16 * 1024 * 1024
_USUAL_STEP = CLOCK_HZ // 12
DISK_FULL = "le disque local est plein"
NOTHING_SENT = "la caméra n'a pas envoyé d'images"
NOT_HELD = "la caméra est passée à un autre nœud média"
_LOG = structlog.get_logger("stream-gateway.recorder")


class RecorderState(StrEnum):
    """What a recorder does at this moment."""

    STARTING = "starting"
    RECORDING = "recording"
    LOST = "lost"
    STOPPED = "stopped"


@dataclass(slots=True)
class RecorderStatus:
    """What a supervisor wants to know of a recorder. ``width``, ``height``, ``fps``, ``kbps``: of the last segment."""

    state: RecorderState
    reason: str = ""
    last_byte_at: datetime | None = None
    last_segment_at: datetime | None = None
    restarts: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    kbps: int = 0


class Ledger(Protocol):
    """Where a recorder reports. Never waits and never fails: a database that is away must not stop a camera."""

    def reachability(self, camera_id: str, insee: str, *, online: bool, reason: str) -> None:
        """Bytes started or stopped coming."""
        ...

    def gap(self, camera_id: str, insee: str, gap: Gap) -> None:
        """Expected seconds are missing."""
        ...


@dataclass(frozen=True, slots=True)
class RecorderTools:
    """What every recorder of a process shares. Durations in seconds.

    ``gate``: the epoch under which a camera may be written now, None while it may not. ``undecided``: that is only not
    known yet, so pictures are kept back. ``room``: why a camera may not
    be written for want of disk, None when it may. ``gap_slice_seconds``: a longer outage is declared in slices.
    """

    spool: Spool
    ledger: Ledger
    offer: Callable[[ReadyFile], None]
    clock: Clock
    gate: Callable[[str], int | None]
    undecided: Callable[[], bool]
    room: Callable[[str], str | None]
    node_id: str
    segment_seconds: int = 60
    gap_slice_seconds: float = 600.0


class Recorder:
    """A ``PictureTaker``. ``terms`` may change while it runs: the next key frame begins a file under the new ones."""

    hurried = False

    def __init__(self, tools: RecorderTools, camera_id: str, terms: RecordingTerms) -> None:
        self._tools = tools
        self._camera_id = camera_id
        self._coverage = Coverage()
        self._online: bool | None = None
        self._parameters: ParameterSets | None = None
        self._line: Line | None = None
        self._file: SegmentFile | None = None
        self._pending: list[AccessUnit] = []
        self._pending_bytes = 0
        self._last: AccessUnit | None = None
        self._step = _USUAL_STEP
        self._waits_outside = False
        self._kept_back = False
        self._lost_cause = ""
        self.terms = terms
        self.status = RecorderStatus(RecorderState.STARTING)

    # --- PictureTaker

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        self.finish()
        self._parameters, self._line = parameters, line

    def take(self, units: Sequence[AccessUnit]) -> None:
        begin = 0
        for index, unit in enumerate(units):
            if unit.keyframe:
                self._go_on(units[begin:index])
                self._take_one(unit)
                begin = index + 1
        self._go_on(units[begin:])

    def lost(self, cause: str) -> None:
        self._flush(self._estimated_end())
        self._lost_cause = cause

    def broken(self, reason: str) -> None:
        self.finish()
        self.status.restarts += 1
        RECORDER_RESTARTS.inc()
        self._become_lost(reason)

    # --- what the intake asks

    def finish(self) -> None:
        """Write what waits and close the file: nothing more comes on this line."""
        self._flush(self._estimated_end())
        self._close()
        self._last = None
        self._parameters = None

    def anchor(self, covered_until: datetime | None, cause: str) -> None:
        """Take in up to when others accounted for this camera, once that is known, and why they stopped."""
        self._declare(self._coverage.anchor(covered_until, cause))

    def look(self) -> None:
        """Declare a slice of a long outage; called now and then."""
        after = timedelta(seconds=self._tools.gap_slice_seconds)
        self._declare(self._coverage.still_missing(self._tools.clock.now(), after=after))

    @property
    def waits_outside(self) -> bool:
        """Whether it writes nothing on purpose: no room on the disk, or the camera is, or may be, not this node's."""
        return self._waits_outside or self._kept_back

    # --- pictures

    def _go_on(self, units: Sequence[AccessUnit]) -> None:
        """Take pictures between two key frames: nearly always all at once, as nothing happens to the file."""
        last = self._last
        if not units or last is None or self._file is None or self._enough_waits(units[-1]):
            last = None
        if last is None or units[-1].time - last.time > HOLE_TICKS:
            for unit in units:
                self._take_one(unit)
            return
        self._pending += units
        self._pending_bytes += sum([len(unit.sample) for unit in units])
        self._step = units[-1].time - (units[-2] if len(units) > 1 else last).time
        self._last = units[-1]
        self._lost_cause = ""

    def _take_one(self, unit: AccessUnit) -> None:
        last = self._last
        if last is not None:
            step = unit.time - last.time
            if step > HOLE_TICKS:
                self._flush(self._estimated_end())
                self._close()
                self._outage(self._lost_cause or NOTHING_SENT)
            else:
                self._step = step
                if unit.keyframe or self._enough_waits(unit):
                    self._flush(unit.time)
        if unit.keyframe and not self._open_for(unit):
            self._last = None
            return
        if self._file is None:
            return
        self._pending.append(unit)
        self._pending_bytes += len(unit.sample)
        self._last = unit
        self._lost_cause = ""

    def _enough_waits(self, unit: AccessUnit) -> bool:
        if not self._pending:
            return False
        waits = unit.time - self._pending[0].time
        return waits > _LONGEST_PENDING_TICKS or self._pending_bytes > _MOST_PENDING_BYTES

    def _estimated_end(self) -> int:
        return self._last.time + self._step if self._last is not None else 0

    def _open_for(self, unit: AccessUnit) -> bool:
        """Have a file open that this key frame belongs into; False when nothing may be written now."""
        epoch = self._tools.gate(self._camera_id)
        if epoch is None:
            if self._file is not None and self._kept_back:
                return True
            self._close()
            return self._refused(NOT_HELD)
        if self._line is None or self._parameters is None:
            return False
        taken_at = self._line.wall.at(unit.time)
        if self._file is not None and self._must_cut(self._file, taken_at, epoch):
            self._close()
        if self._file is not None:
            return True
        refusal = self._tools.room(self._camera_id)
        return self._refused(refusal) if refusal else self._open(unit, taken_at, epoch)

    def _must_cut(self, file: SegmentFile, taken_at: datetime, epoch: int) -> bool:
        if epoch != file.label.epoch or self.terms != file.terms:
            return True
        length = self._tools.segment_seconds
        return int(taken_at.timestamp()) // length != int(file.started_at.timestamp()) // length

    def _open(self, unit: AccessUnit, taken_at: datetime, epoch: int) -> bool:
        assert self._line is not None and self._parameters is not None  # noqa: S101, PT018 - _open_for looked
        try:
            path, started_at = self._tools.spool.new_file(self._camera_id, self.terms, taken_at, epoch)
            offset = self._line.clock_offset
            label = SegmentLabel(
                camera_id=self._camera_id,
                authorisation_id=self.terms.authorisation_id,
                started_at=started_at,
                epoch=epoch,
                first_pts=unit.time,
                clock_offset_ms=None if offset is None else round(offset * 1000),
                engine=self._line.engine,
                node_id=self._tools.node_id,
            )
            self._file = SegmentFile(path, label, self.terms, self._parameters, started_at=started_at)
            if self._lost_cause:
                self._outage(self._lost_cause, started_at)
        except OSError as error:
            return self._refused(_in_words(error))
        except MalformedParameterSets:
            return self._refused("la caméra décrit mal ses images")
        return True

    def _refused(self, reason: str) -> bool:
        self._waits_outside = True
        self._outage(reason)
        self.status.state, self.status.reason = RecorderState.LOST, reason
        return False

    def _flush(self, next_time: int) -> None:
        """Write what waits as one fragment, if this node may still write for the camera."""
        self._kept_back = self._must_keep_back()
        if self._kept_back:
            return
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        if self._file is None or not pending:
            return
        if self._tools.gate(self._camera_id) != self._file.label.epoch:  # lost, and perhaps won anew since
            self._close()
            self._refused(NOT_HELD)
            return
        try:
            self._file.append(pending, next_time)
        except OSError as error:
            self._close()
            self._refused(_in_words(error))
            return
        self._waits_outside = False
        self.status.last_byte_at = self._tools.clock.now()
        self._alive()

    def _must_keep_back(self) -> bool:
        """Nobody knows at this moment whether the camera is still ours: write nothing, and lose nothing yet."""
        asked = self._file is not None and self._pending and self._pending_bytes < _MOST_KEPT_BACK_BYTES
        return bool(asked) and self._tools.gate(self._camera_id) is None and self._tools.undecided()

    def _close(self) -> None:
        file, self._file = self._file, None
        self._pending, self._pending_bytes = [], 0  # kept back in a doubt: they belong to this file or to none
        if file is None:
            return
        segment = file.close(listed=self._tools.gate(self._camera_id) is not None)
        if segment is None:
            return
        try:
            ready = self._tools.spool.close(file.path, segment, file.sha256)
        except OSError as error:  # it stays among the open ones and is settled at the next start
            _LOG.warning("closed file not moved", cause=_in_words(error))
            return
        seconds = max(segment.duration_ms, 1) / 1000
        status = self.status
        status.width, status.height, status.last_segment_at = segment.width, segment.height, segment.ended_at
        status.fps, status.kbps = round(segment.pictures / seconds, 1), round(file.bytes_written / seconds / 125)
        gap = self._coverage.footage(segment.started_at, segment.ended_at)
        self._tools.offer(ready)
        self._declare(gap)

    # --- reports

    def _alive(self) -> None:
        self.status.state, self.status.reason = RecorderState.RECORDING, ""
        if self._online is not True:
            self._online = True
            self._tools.ledger.reachability(self._camera_id, self.terms.insee, online=True, reason="")

    def _become_lost(self, reason: str) -> None:
        self.status.state, self.status.reason = RecorderState.LOST, reason
        self._outage(reason)
        if self._online is not False:
            self._online = False
            self._tools.ledger.reachability(self._camera_id, self.terms.insee, online=False, reason=reason)
        self.look()

    def _outage(self, cause: str, at: datetime | None = None) -> None:
        self._declare(self._coverage.outage(cause, at or self._tools.clock.now()))

    def _declare(self, gap: Gap | None) -> None:
        if gap is not None:
            self._tools.ledger.gap(self._camera_id, self.terms.insee, gap)


def _in_words(error: OSError) -> str:
    return DISK_FULL if error.errno == errno.ENOSPC else f"le disque local refuse l'écriture ({error.strerror})"
