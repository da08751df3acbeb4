"""The spool: footage on the local disk between the camera and the object store.

```
<spool>/<camera>/<terms>/open/<run>/20261122T022706.mp4     a recorder is writing here
<spool>/<camera>/<terms>/ready/20261122T022706123Z.mp4      closed, its start is settled, waits for upload
<spool>/<camera>/<terms>/unreadable/…                       no footage in it; kept for a person to look at
```
The folder of the terms carries commune, retention and authorisation, so that a crash loses none of them. A
rename is the only step between the states, so that a crash leaves a file in exactly one of them.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.footage import Footage, read_footage
from stream_gateway.domain.segments import (
    NotASegmentName,
    RecordingTerms,
    Segment,
    camera_folder,
    camera_of_folder,
    parse_stamp,
    stamp,
    to_millisecond,
)
from stream_gateway.metrics import UNREADABLE_FILES

_LOG = structlog.get_logger("stream-gateway.spool")


class SpoolTaken(Exception):
    """Another process records into this spool."""


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A closed file and the segment it is."""

    path: Path
    segment: Segment


class Spool:
    """One folder, one owner. All its methods are quick: headers are read, no footage is copied."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock: int | None = None

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def claim(self) -> None:
        """Make the folder and become its only owner; raises SpoolTaken."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._root / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise SpoolTaken(f"{self._root} belongs to another recorder process") from None
        self._lock = descriptor

    def release(self) -> None:
        """Let another process have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def open_run(self, camera_id: str, terms: RecordingTerms, at: datetime) -> Path:
        """Make the folder of a new run: no run ever writes where another one did."""
        folder = self._terms_folder(camera_id, terms) / "open" / stamp(at)
        while folder.exists():
            folder = folder.with_name(f"{folder.name}-")
        folder.mkdir(parents=True)
        return folder

    def settle(
        self, path: Path, camera_id: str, terms: RecordingTerms, *, follows: datetime | None, closed_at: datetime
    ) -> ReadyFile | None:
        """Move a file that was closed just now to the ready ones; None when there is no footage in it.

        Args:
            path: the closed file, in a run's folder.
            camera_id: whose footage it is.
            terms: the terms at this second; they win over those of the run's beginning.
            follows: end of the segment before it in the same run: where this one starts. None for the first
                of a run, which starts its own duration before ``closed_at``.
            closed_at: now.
        """
        footage = self._read(path)
        if footage is None:
            return None
        started_at = follows or closed_at - timedelta(milliseconds=footage.duration_ms)
        return self._make_ready(path, camera_id, terms, started_at, footage)

    def recover(self) -> None:
        """Settle what a crash left open: truncated files count up to their last complete fragment."""
        for path in sorted(self._root.glob("*/*/open/*/*.mp4")):
            self._recover_file(path)
        for run in self._root.glob("*/*/open/*"):
            shutil.rmtree(run) if not any(run.iterdir()) else None

    def recover_run(self, run: Path) -> list[ReadyFile]:
        """Settle what one ended run left open and remove its folder."""
        found = [self._recover_file(path) for path in sorted(run.glob("*.mp4"))]
        if not any(run.iterdir()):
            run.rmdir()
        return [ready for ready in found if ready is not None]

    def ready(self) -> Iterator[ReadyFile]:
        """Yield every file that waits, the oldest of each camera first."""
        for path in sorted(self._root.glob("*/*/ready/*.mp4"), key=lambda path: path.name):
            ready = self.read_ready(path)
            if ready is not None:
                yield ready

    def read_ready(self, path: Path) -> ReadyFile | None:
        """Return the segment a ready file is; None when it cannot be read (it is set aside)."""
        try:
            camera_id, terms = _place(path.parent.parent)
            started_at = parse_stamp(path.stem)
        except NotASegmentName:
            _LOG.warning("foreign file in the spool", name=path.name)
            return None
        footage = self._read(path)
        if footage is None:
            return None
        return ReadyFile(path, Segment(camera_id, terms, started_at, footage.duration_ms))

    def usage(self) -> tuple[int, int]:
        """Return (number, bytes) of the files that wait."""
        sizes = [path.stat().st_size for path in self._root.glob("*/*/ready/*.mp4")]
        return len(sizes), sum(sizes)

    def disk_ratio(self) -> float:
        """Return the used part of the disk, 0 to 1."""
        disk = shutil.disk_usage(self._root)
        return 1 - disk.free / disk.total

    def _recover_file(self, path: Path) -> ReadyFile | None:
        try:
            camera_id, terms = _place(path.parents[2])
            started_at = parse_stamp(path.stem)
        except NotASegmentName:
            _LOG.warning("foreign file in the spool", name=path.name)
            return None
        footage = self._read(path)
        if footage is None:
            return None
        if footage.truncated:
            os.truncate(path, footage.complete_bytes)
        return self._make_ready(path, camera_id, terms, started_at, footage)

    def _make_ready(
        self, path: Path, camera_id: str, terms: RecordingTerms, started_at: datetime, footage: Footage
    ) -> ReadyFile:
        folder = self._terms_folder(camera_id, terms) / "ready"
        folder.mkdir(parents=True, exist_ok=True)
        start = to_millisecond(started_at)
        while (target := folder / f"{stamp(start)}.mp4").exists():
            start += timedelta(milliseconds=1)
        path.rename(target)
        return ReadyFile(target, Segment(camera_id, terms, start, footage.duration_ms))

    def _read(self, path: Path) -> Footage | None:
        """Read a file's footage; one without any is set aside, an empty one removed: it never held a picture."""
        size = path.stat().st_size
        if size == 0:
            path.unlink()
            return None
        try:
            with path.open("rb") as file:
                return read_footage(file, size)
        except MalformedMedia as error:
            self._set_aside(path, str(error))
            return None

    def _set_aside(self, path: Path, reason: str) -> None:
        relative = path.relative_to(self._root)
        folder = self._root / relative.parts[0] / relative.parts[1] / "unreadable"
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / f"{path.parent.name}-{path.name}")
        UNREADABLE_FILES.inc()
        _LOG.warning("file without footage set aside", name=path.name, reason=reason)

    def _terms_folder(self, camera_id: str, terms: RecordingTerms) -> Path:
        return self._root / camera_folder(camera_id) / terms.folder


def _place(terms_folder: Path) -> tuple[str, RecordingTerms]:
    return camera_of_folder(terms_folder.parent.name), RecordingTerms.from_folder(terms_folder.name)
