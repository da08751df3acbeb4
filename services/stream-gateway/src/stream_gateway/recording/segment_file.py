"""One file of footage being written: a group of pictures at a time, readable up to the last whole one at any moment."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.films import random_access_box
from stream_gateway.domain.muxing import fragment_head, init_segment
from stream_gateway.domain.segment_label import SegmentLabel
from stream_gateway.domain.segments import RecordingTerms, Segment

_AT_ONCE = 512
"""Buffers per ``writev``; Linux takes 1 024."""


class SegmentFile:
    """Writes fragments; the first picture is time 0 of the file.

    Raises OSError from every method that writes: the disk is full or gone. What was complete before stays readable.
    """

    def __init__(
        self,
        path: Path,
        label: SegmentLabel,
        terms: RecordingTerms,
        parameters: ParameterSets,
        *,
        started_at: datetime,
    ) -> None:
        self.path = path
        self.label = label
        self.terms = terms
        self.started_at = started_at
        self.bytes_written = 0
        self.pictures = 0
        self._parameters = parameters
        self._ended_at = label.first_pts
        self._fragments = 0
        self._groups: list[tuple[int, int]] = []
        self._sha256 = hashlib.sha256()
        init = init_segment(parameters).content
        file_type = int.from_bytes(init[:4], "big")
        self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            self._write([init[:file_type], label.box(), init[file_type:]])
        except OSError:
            self.abandon()
            raise

    @property
    def sha256(self) -> str:
        """SHA-256, in hex, of all that was written, taken from memory: whatever the disk gives back is judged by it."""
        return self._sha256.hexdigest()

    @property
    def duration_ms(self) -> int:
        """Milliseconds of whole fragments so far."""
        return round((self._ended_at - self.label.first_pts) * 1000 / CLOCK_HZ)

    def append(self, units: Sequence[AccessUnit], next_time: int) -> int:
        """Write pictures as one fragment; ``next_time`` is when the last one ends. Returns the bytes written.

        Raises:
            OSError: nothing of these pictures is in the file; a piece that was, has been cut off again.
        """
        head = fragment_head(units, next_time, sequence=self._fragments + 1, since=self.label.first_pts)
        before = self.bytes_written
        self._write([head, *(unit.sample for unit in units)])
        if units[0].keyframe:
            self._groups.append((units[0].time - self.label.first_pts, before))
        self._fragments += 1
        self.pictures += len(units)
        self._ended_at = next_time
        return self.bytes_written - before

    def close(self, *, listed: bool = True) -> Segment | None:
        """Close the file and return what it holds; None, and no file, when it holds nothing.

        A list of its groups of pictures stands at the end, for whoever seeks in it; without room, or not ``listed``
        because this node may not write now, it is left out.
        """
        if self._fragments and listed:
            with contextlib.suppress(OSError):
                self._write([random_access_box(self._groups)])
        os.close(self._descriptor)
        if self._fragments == 0:
            self.path.unlink(missing_ok=True)
            return None
        return Segment(
            camera_id=self.label.camera_id,
            terms=self.terms,
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            epoch=self.label.epoch,
            label=self.label,
            pictures=self.pictures,
            width=self._parameters.width,
            height=self._parameters.height,
        )

    def abandon(self) -> None:
        """Close and remove a file that holds nothing yet."""
        os.close(self._descriptor)
        self.path.unlink(missing_ok=True)

    def _write(self, parts: Sequence[bytes]) -> None:
        wanted = sum(map(len, parts))
        written = 0
        try:
            for begin in range(0, len(parts), _AT_ONCE):
                some = parts[begin : begin + _AT_ONCE]
                written += os.writev(self._descriptor, some)
        finally:
            if written != wanted:
                os.ftruncate(self._descriptor, self.bytes_written)
        if written != wanted:  # a disk that fills up takes some bytes
            raise OSError(errno.ENOSPC, "short write")
        self.bytes_written += wanted
        for part in parts:
            self._sha256.update(part)
