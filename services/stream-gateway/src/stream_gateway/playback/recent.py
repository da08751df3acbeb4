"""Footage that is not in the object store yet: films of this node's spool, closed or still being written."""

import asyncio
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.footage import read_footage
from stream_gateway.domain.replays import ReplaySegment
from stream_gateway.domain.segments import NotASegmentName, RecordingTerms, camera_folder, parse_segment_name
from stream_gateway.ports import FilmGone

_KEPT_OPEN = 128
_OPEN, _READY = "open/*.mp4", "ready/*.mp4"
_WRITTEN_WITHIN = timedelta(minutes=1)
"""A camera's time may run ahead of ours by so much in one file: its footage then ends after its last write."""


class _OpenFile:
    """A descriptor that is closed when nobody reads any more: a film is renamed and removed while it is watched."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)

    def read(self, start: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, start)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)


class SpoolFootage:
    """``RecentFootage`` of the spool on this machine. Reads only; the recorder stays its owner.

    Found films are kept open (bounded), since a recorder closes, renames, uploads and removes them meanwhile.
    """

    def __init__(self, spool: Path, *, kept_open: int = _KEPT_OPEN) -> None:
        self._spool = spool
        self._kept_open = kept_open
        self._files: OrderedDict[str, _OpenFile] = OrderedDict()
        self._keeping = threading.Lock()  # several requests look and read at once, each in its thread

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[ReplaySegment]:
        return await asyncio.to_thread(self._find, camera_id, starts_at, ends_at)

    def _find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[ReplaySegment]:
        folder = self._spool / camera_folder(camera_id)
        paths = [*folder.glob(f"*/{_READY}"), *folder.glob(f"*/{_OPEN}")]
        found = [segment for path in paths for segment in self._segment(path, starts_at, ends_at)]
        return sorted(found, key=lambda segment: segment.started_at)

    def _segment(self, path: Path, starts_at: datetime, ends_at: datetime) -> Iterator[ReplaySegment]:
        try:
            terms = RecordingTerms.from_folder(path.parents[1].name)
            began, _ = parse_segment_name(path.stem)
            if began >= ends_at or _over_before(path, began, starts_at):
                return
            with path.open("rb") as file:
                footage = read_footage(file, os.fstat(file.fileno()).st_size)
        except (NotASegmentName, MalformedMedia, OSError):
            return  # renamed between listing and reading, or nothing whole in it yet
        duration = timedelta(milliseconds=footage.duration_ms)
        if began + duration <= starts_at:
            return
        key = str(path.relative_to(self._spool))
        try:
            self._keep(key, path)
        except OSError:
            return
        expires_at = began + timedelta(days=terms.retention_days)
        yield ReplaySegment(began, began + duration, expires_at, "", key, footage.complete_bytes, recent=True)

    def _keep(self, key: str, path: Path) -> _OpenFile:
        opened = _OpenFile(path)
        with self._keeping:
            self._files[key] = opened
            self._files.move_to_end(key)
            while len(self._files) > self._kept_open:
                self._files.popitem(last=False)
        return opened

    async def read(self, object_key: str, start: int, length: int) -> bytes:
        return await asyncio.to_thread(self._read, object_key, start, length)

    def _read(self, object_key: str, start: int, length: int) -> bytes:
        if object_key.startswith("/") or ".." in Path(object_key).parts:
            raise FilmGone(f"{object_key}: not in the spool")
        try:
            opened = self._files.get(object_key) or self._keep(object_key, self._spool / object_key)
            return opened.read(start, length)
        except OSError as error:
            raise FilmGone(f"{object_key}: no longer in the spool") from error


def _over_before(path: Path, began: datetime, at: datetime) -> bool:
    """Tell from its last write that a film ends before an instant; raises OSError.

    One written before it began tells nothing: the clock was set meanwhile.
    """
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return began <= written and written + _WRITTEN_WITHIN <= at
