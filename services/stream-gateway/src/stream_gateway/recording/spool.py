"""The spool: footage on the local disk between the camera and the object store.

```
<spool>/<camera>/<terms>/open/20261122T022706123Z-42.mp4     a recorder is writing here
<spool>/<camera>/<terms>/ready/20261122T022706123Z-42.mp4    closed, waits for upload
<spool>/<camera>/<terms>/fenced/…                            another node held the camera by then: not announced
<spool>/<camera>/<terms>/unreadable/…                        no footage in it; kept for a person to look at
```
The folder of the terms carries commune, retention and authorisation, the name start and epoch, so that a crash loses
none of them. A rename is the only step between the states, so that a crash leaves a file in exactly one of them.
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
    parse_segment_name,
    segment_name,
    to_millisecond,
)
from stream_gateway.metrics import UNREADABLE_FILES

_LOG = structlog.get_logger("stream-gateway.spool")


class SpoolTaken(Exception):
    """Another process records into this spool."""


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A closed file and the segment it is. ``sha256``: of what was written, in hex; None after a restart."""

    path: Path
    segment: Segment
    sha256: str | None = None


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

    def new_file(
        self, camera_id: str, terms: RecordingTerms, started_at: datetime, epoch: int, fetched_ms: int = 0
    ) -> tuple[Path, datetime]:
        """Return the path of a new open file and the start it is named by: whole milliseconds, never used before.

        ``fetched_ms``: see ``SegmentLabel``.

        Raises:
            OSError: the folder cannot be made: the disk is full or gone.
        """
        folder = self._terms_folder(camera_id, terms)
        (folder / "open").mkdir(parents=True, exist_ok=True)
        start = to_millisecond(started_at)
        while any(
            (folder / state / f"{segment_name(start, epoch, fetched_ms)}.mp4").exists() for state in ("open", "ready")
        ):
            start += timedelta(milliseconds=1)
        return folder / "open" / f"{segment_name(start, epoch, fetched_ms)}.mp4", start

    def close(self, path: Path, segment: Segment, sha256: str | None = None) -> ReadyFile:
        """Move a file that nobody writes to any more to the ready ones."""
        target = path.parent.parent / "ready" / path.name
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
        return ReadyFile(target, segment, sha256)

    def recover(self) -> list[ReadyFile]:
        """Settle what a crash left open: truncated files count up to their last complete fragment."""
        found = [self._recover_file(path) for path in sorted(self._root.glob("*/*/open/*.mp4"))]
        return [ready for ready in found if ready is not None]

    def ready(self) -> Iterator[ReadyFile]:
        """Yield every file that waits, the oldest of each camera first."""
        for path in sorted(self._root.glob("*/*/ready/*.mp4"), key=lambda path: path.name):
            ready = self.read_ready(path)
            if ready is not None:
                yield ready

    def read_ready(self, path: Path) -> ReadyFile | None:
        """Return the segment a ready file is; None when it cannot be read (it is set aside)."""
        read = self._read_named(path)
        return ReadyFile(path, read[0]) if read else None

    def set_fenced(self, ready: ReadyFile) -> None:
        """Keep a file out of the store: by then another node held the camera and recorded this time itself."""
        folder = ready.path.parent.parent / "fenced"
        folder.mkdir(exist_ok=True)
        ready.path.rename(folder / ready.path.name)
        _LOG.warning("footage of a lost placement set aside", segment=str(ready.segment.segment_id))

    def forget_expired(self, now: datetime) -> int:
        """Destroy what was set aside and is past its retention (DOMAIN §3); returns how many files.

        Nothing of it is in the index, so nobody else would. What waits for the store is not touched.
        """
        gone = 0
        for path in [*self._root.glob("*/*/fenced/*.mp4"), *self._root.glob("*/*/unreadable/*.mp4")]:
            try:
                _, terms = _place(path.parent.parent)
                started_at, _ = parse_segment_name(path.stem)
            except NotASegmentName:
                continue
            if started_at + timedelta(days=terms.retention_days) <= now:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def usage(self) -> tuple[int, int]:
        """Return (number, bytes) of the files that wait."""
        sizes = list[int]()
        for path in self._root.glob("*/*/ready/*.mp4"):
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:  # uploaded meanwhile
                continue
        return len(sizes), sum(sizes)

    def disk_ratio(self) -> float:
        """Return the used part of the disk, 0 to 1."""
        disk = shutil.disk_usage(self._root)
        return 1 - disk.free / disk.total

    def _recover_file(self, path: Path) -> ReadyFile | None:
        read = self._read_named(path)
        if read is None:
            return None
        segment, footage = read
        if footage.truncated:
            os.truncate(path, footage.complete_bytes)
        return self.close(path, segment)

    def _read_named(self, path: Path) -> tuple[Segment, Footage] | None:
        try:
            camera_id, terms = _place(path.parent.parent)
            started_at, epoch = parse_segment_name(path.stem)
        except NotASegmentName:
            _LOG.warning("foreign file in the spool", name=path.name)
            return None
        footage = self._read(path)
        if footage is None:
            return None
        segment = Segment(
            camera_id=camera_id,
            terms=terms,
            started_at=started_at,
            duration_ms=footage.duration_ms,
            epoch=epoch,
            label=footage.label,
            pictures=footage.pictures,
            width=footage.width,
            height=footage.height,
        )
        return segment, footage

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
        path.rename(folder / path.name)
        UNREADABLE_FILES.inc()
        _LOG.warning("file without footage set aside", name=path.name, reason=reason)

    def _terms_folder(self, camera_id: str, terms: RecordingTerms) -> Path:
        return self._root / camera_folder(camera_id) / terms.folder


def _place(terms_folder: Path) -> tuple[str, RecordingTerms]:
    return camera_of_folder(terms_folder.parent.name), RecordingTerms.from_folder(terms_folder.name)
