"""What a recorded segment is called, everywhere: in the spool, in the object store, on the bus.

All times in names are UTC. The day in Europe/Paris is for display only: an hour that exists twice in October
must not give two segments one name.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote
from uuid import UUID, uuid5

from stream_gateway.domain.segment_label import SegmentLabel

_NAMESPACE = UUID("5f0c9a3e-7a0b-5f3c-9b67-0f6f6a3a8c11")
"""Namespace of segment ids; never changes, for ids must be the same after a restart."""

_STAMP = re.compile(r"^(\d{8}T\d{6})(\d{3})?Z?(?:-(\d{1,19})(?:-e\d{1,16})?)?$")


class NotASegmentName(ValueError):
    """A file or folder in the spool that no recorder of ours has named."""


@dataclass(frozen=True, slots=True)
class RecordingTerms:
    """The terms under which a camera is recorded at this second, as its authorisation sets them.

    ``retention_days`` is 1–30 (L.252-5 CSI: one month at most).
    """

    insee: str
    retention_days: int
    authorisation_id: str

    @property
    def folder(self) -> str:
        """One folder name that carries the terms, so that a segment never outlives the knowledge of them."""
        return f"{self.insee}_{self.retention_days}_{_quoted(self.authorisation_id)}"

    @classmethod
    def from_folder(cls, name: str) -> "RecordingTerms":
        """Read the terms back; raises NotASegmentName."""
        insee, _, rest = name.partition("_")
        days, _, authorisation = rest.partition("_")
        if len(insee) != 5 or not days.isdecimal() or not authorisation:  # noqa: PLR2004 - INSEE codes have five
            raise NotASegmentName(name)
        return cls(insee, int(days), unquote(authorisation))


@dataclass(frozen=True, slots=True)
class Segment:
    """Footage of one camera, half-open [started_at, ended_at). ``started_at`` has whole milliseconds.

    ``epoch``: of the placement under which it was recorded, 0 where there was none. Two holders of a camera may
    overlap for a while; the epoch keeps their files apart. ``label``: what the file says of itself, if it does.
    ``width``, ``height`` in pixels and ``pictures`` as counted in the file; 0 where nobody counted.
    """

    camera_id: str
    terms: RecordingTerms
    started_at: datetime
    duration_ms: int
    epoch: int = 0
    label: SegmentLabel | None = None
    pictures: int = 0
    width: int = 0
    height: int = 0

    @property
    def ended_at(self) -> datetime:
        """First instant no longer shown."""
        return self.started_at + timedelta(milliseconds=self.duration_ms)

    @property
    def last_pts(self) -> int | None:
        """Time on the camera's stream at which the footage ends, ticks of 90 kHz; None without a label."""
        return None if self.label is None else self.label.first_pts + self.duration_ms * 90

    @property
    def fetched_ms(self) -> int:
        """When it was fetched from the camera's own recording, Unix milliseconds; 0: it was recorded live."""
        return 0 if self.label is None else self.label.fetched_ms

    @property
    def segment_id(self) -> UUID:
        """The same for the same footage, however often it is uploaded."""
        return segment_id(self.camera_id, self.started_at, self.epoch, self.fetched_ms)

    @property
    def name(self) -> str:
        """The file's name without its suffix: ``<start>``, ``<start>-<epoch>`` or ``<start>-<epoch>-e<fetched>``."""
        return segment_name(self.started_at, self.epoch, self.fetched_ms)

    @property
    def bucket(self) -> str:
        """One bucket per commune and UTC day, so that a day's expiry is one drop."""
        return f"vigie-{self.terms.insee.lower()}-{self.started_at:%Y%m%d}"

    @property
    def object_key(self) -> str:
        """``<camera>/<hour>/<name>.mp4``."""
        return f"{camera_folder(self.camera_id)}/{self.started_at:%H}/{self.name}.mp4"


def segment_id(camera_id: str, started_at: datetime, epoch: int = 0, fetched_ms: int = 0) -> UUID:
    """Return the id of the segment of a camera that starts at an instant, as one holder of the camera recorded it."""
    return uuid5(_NAMESPACE, f"{camera_id}/{segment_name(started_at, epoch, fetched_ms)}")


def segment_name(started_at: datetime, epoch: int, fetched_ms: int = 0) -> str:
    """Return ``20261122T022706123Z-42``; without an epoch the start alone.

    What was fetched later from the camera's own recording says when, ``…Z-42-e1764558288123``: a second try for the
    same time must never take the place of the first in the store.
    """
    if fetched_ms:
        return f"{stamp(started_at)}-{epoch}-e{fetched_ms}"
    return f"{stamp(started_at)}-{epoch}" if epoch else stamp(started_at)


def parse_segment_name(name: str) -> tuple[datetime, int]:
    """Read start and epoch back; raises NotASegmentName."""
    match = _STAMP.match(name)
    if match is None:
        raise NotASegmentName(name)
    return _instant(name, match), int(match[3] or 0)


def to_millisecond(at: datetime) -> datetime:
    """Return an instant in UTC cut to whole milliseconds, the resolution of names."""
    utc = at.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def stamp(at: datetime) -> str:
    """Return ``20261122T022706123Z``: sorts by time, safe in file names and object keys."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S}{utc.microsecond // 1000:03d}Z"


def _instant(name: str, match: re.Match[str]) -> datetime:
    try:
        whole = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise NotASegmentName(name) from None
    return whole + timedelta(milliseconds=int(match[2] or 0))


def camera_folder(camera_id: str) -> str:
    """Return a camera id as one path component: reversible, and never ``..`` or a slash."""
    return _quoted(camera_id)


def camera_of_folder(name: str) -> str:
    """Undo ``camera_folder``."""
    return unquote(name)


def _quoted(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")
