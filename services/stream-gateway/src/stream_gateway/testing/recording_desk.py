"""A recorder on a real spool, with a gate that the test opens and shuts and a clock that it moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.clock import SteppedClock
from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.ingest.line import Line
from stream_gateway.recording.recorder import Recorder, RecorderTools
from stream_gateway.recording.spool import ReadyFile, Spool

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CAMERA = "PV-95598-0001-P1"
TERMS = RecordingTerms("95598", 14, "AUT/1")


@dataclass
class Desk:
    """What a recorder is given, and what it gave back."""

    root: Path
    segment_seconds: int = 60
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START))
    epoch: int | None = 7
    undecided: bool = False
    no_room: str | None = None
    ready: list[ReadyFile] = field(default_factory=list[ReadyFile])
    gaps: list[Gap] = field(default_factory=list[Gap])
    online: list[bool] = field(default_factory=list[bool])

    def __post_init__(self) -> None:
        self.spool = Spool(self.root)
        self.spool.claim()
        tools = RecorderTools(
            spool=self.spool,
            ledger=self,
            offer=self.ready.append,
            clock=self.clock,
            gate=lambda _: self.epoch,
            undecided=lambda: self.undecided,
            room=lambda _: self.no_room,
            node_id="media-1",
            segment_seconds=self.segment_seconds,
        )
        self.recorder = Recorder(tools, CAMERA, TERMS)
        self.line = Line("native")

    def reachability(self, camera_id: str, insee: str, *, online: bool, reason: str) -> None:
        assert (camera_id, insee) == (CAMERA, "95598")
        assert bool(reason) is not online
        self.online.append(online)

    def gap(self, camera_id: str, insee: str, gap: Gap) -> None:
        assert (camera_id, insee) == (CAMERA, "95598")
        self.gaps.append(gap)

    def begin(self, parameters: ParameterSets) -> None:
        self.line = Line("native")
        self.recorder.begin(parameters, self.line)

    def take(self, units: Sequence[AccessUnit], *, origin: datetime = START) -> None:
        """Deliver pictures; each arrives at the instant that its time says, counted from ``origin``."""
        for unit in units:
            self.clock.set(origin + timedelta(seconds=unit.time / CLOCK_HZ))
            self.line.wall.observe(unit.time, self.clock.now())
            self.recorder.take([unit])

    def close(self) -> None:
        self.spool.release()
