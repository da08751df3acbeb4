"""What a recorded file says of itself, so that nothing is lost with the process that wrote it.

The label is a ``uuid`` box (ISO/IEC 14496-12 §11.1) between ``ftyp`` and ``moov``; players pass over it. It tells
under which arrêté and by which holder of the camera the pictures were taken, and what the camera's clock was worth.
"""

import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

LABEL_KIND = UUID("8f1e3c5a-4d0b-4f6e-9a51-76696769655f").bytes
_MAX_BYTES = 4096


class NotALabel(ValueError):
    """The box is no label of ours, or was damaged."""


@dataclass(frozen=True, slots=True)
class SegmentLabel:
    """Written at the beginning of a file, before its pictures.

    ``started_at``: instant of the first picture by the node's clock. ``first_pts``: its time on the camera's stream, in
    ticks of 90 kHz since the pull began. ``clock_offset_ms``: the camera's clock minus ours, None where it never told
    one. ``epoch``: of the placement that held the camera. ``engine``: what pulled it. ``fetched_ms``: Unix milliseconds
    at which it was fetched from the camera's own recording, 0 for what was recorded live; the start is by the camera's
    clock then, corrected by the offset.
    """

    camera_id: str
    authorisation_id: str
    started_at: datetime
    epoch: int
    first_pts: int
    clock_offset_ms: int | None
    engine: str
    node_id: str
    fetched_ms: int = 0

    @property
    def origin(self) -> str:
        """Whether the pictures came live, or later out of the camera's own recording: ``live`` or ``edge``."""
        return "edge" if self.fetched_ms else "live"

    def words(self) -> dict[str, str | int | None]:
        """Return the label as it is kept beside the footage, too."""
        return {
            "camera_id": self.camera_id,
            "authorisation_id": self.authorisation_id,
            "started_at": self.started_at.astimezone(UTC).isoformat(),
            "epoch": self.epoch,
            "first_pts": self.first_pts,
            "clock_offset_ms": self.clock_offset_ms,
            "engine": self.engine,
            "node_id": self.node_id,
            "origin": self.origin,
            "fetched_ms": self.fetched_ms,
        }

    def box(self) -> bytes:
        """Return the label as a box."""
        content = LABEL_KIND + json.dumps(self.words(), ensure_ascii=False, sort_keys=True).encode()
        return struct.pack(">I4s", 8 + len(content), b"uuid") + content


def read_label(box: bytes) -> SegmentLabel:
    """Read a whole ``uuid`` box; raises NotALabel."""
    if len(box) > _MAX_BYTES or box[4:8] != b"uuid" or box[8:24] != LABEL_KIND:
        raise NotALabel
    try:
        words = json.loads(box[24:])
        offset = words["clock_offset_ms"]
        started_at = datetime.fromisoformat(words["started_at"])
        if started_at.tzinfo is None:
            raise NotALabel
        return SegmentLabel(
            camera_id=str(words["camera_id"]),
            authorisation_id=str(words["authorisation_id"]),
            started_at=started_at,
            epoch=int(words["epoch"]),
            first_pts=int(words["first_pts"]),
            clock_offset_ms=None if offset is None else int(offset),
            engine=str(words["engine"]),
            node_id=str(words["node_id"]),
            fetched_ms=int(words.get("fetched_ms", 0)),  # files of before say nothing: they are live
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotALabel from error
