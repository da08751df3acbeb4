"""Facts that the stream gateway owns: viewing sessions, camera reachability, recorded segments."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Insee, Payload

OWNER = "stream"
SEGMENT_OWNER = "segment"
FACT_SESSION_OPENED = "session_opened"
FACT_SESSION_CLOSED = "session_closed"
FACT_SESSION_SWITCHED = "session_switched"
FACT_CAMERA_REACHABILITY = "camera_reachability_changed"
FACT_SEGMENT_RECORDED = "segment_recorded"
FACT_GAP_DECLARED = "gap_declared"
FACT_PTZ_TAKEN = "ptz_taken"
FACT_PTZ_RELEASED = "ptz_released"
FACT_BOOKMARK_ADDED = "bookmark_added"
FACT_BOOKMARK_REMOVED = "bookmark_removed"


class SessionOpened(Payload):
    """A viewing session was granted; its register row was committed with it."""

    session_id: UUID
    camera_id: str
    agent_id: str
    opened_at: AwareDatetime


class SessionClosed(Payload):
    """A viewing session ended.

    ``reason`` is one of released, expired, revoked, authorisation_ended, ended_by_supervisor,
    watermark (pictures that must carry one would not).
    """

    session_id: UUID
    camera_id: str
    agent_id: str
    closed_at: AwareDatetime
    reason: str


class SessionSwitched(Payload):
    """A viewing session went on in another quality or context; the register row was committed with it."""

    session_id: UUID
    camera_id: str
    agent_id: str
    switched_at: AwareDatetime
    quality: str
    incident_id: str | None = None
    ticket_id: str | None = None


class CameraReachabilityChanged(Payload):
    """Bytes started or stopped coming from a camera."""

    camera_id: str
    online: bool
    since: AwareDatetime
    reason: str


class SegmentRecorded(Payload):
    """One file of footage is in the object store, verified. Half-open [started_at, ended_at).

    ``duration_ms`` is read from the file; ``sha256`` is hex, ``size`` in bytes; ``retention_days`` as the
    authorisation said when the segment was recorded. ``epoch``: of the placement it was recorded under; two segments of
    one camera may overlap when a media node took over from another. ``first_pts``/``last_pts``: on the camera's stream,
    ticks of 90 kHz. ``clock_offset_ms``: the camera's clock minus ours, None where it told none. ``origin``: ``live``,
    or ``edge`` for what was fetched later from the camera's own recording: its times are the camera's, so corrected.
    """

    segment_id: UUID
    camera_id: str
    insee: Insee
    bucket: str
    object_key: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    duration_ms: int
    size: int
    sha256: str
    retention_days: int
    authorisation_id: str
    epoch: int = 0
    pictures: int = 0
    width: int = 0
    height: int = 0
    first_pts: int | None = None
    last_pts: int | None = None
    clock_offset_ms: int | None = None
    engine: str | None = None
    node_id: str | None = None
    origin: str = "live"


class GapDeclared(Payload):
    """Seconds expected and not recorded, with the declared cause. Never a silent gap."""

    camera_id: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    cause: str


class BookmarkAdded(Payload):
    """A person named an instant of a camera, or gave it another name (same id).

    ``expires_at``: when the footage becomes unreadable; the bookmark is gone then, without another word.
    """

    bookmark_id: UUID
    camera_id: str
    at: AwareDatetime
    label: str
    color: str
    incident_id: str | None = None
    author_id: str
    expires_at: AwareDatetime


class BookmarkRemoved(Payload):
    """The author took a bookmark away."""

    bookmark_id: UUID
    camera_id: str
    removed_at: AwareDatetime


class PtzTaken(Payload):
    """Somebody moves a camera from now on; ``held_until`` if nothing else is commanded (60 s, DOMAIN §7).

    ``rank`` is one of ronde, operateur, chef_de_salle, forces. ``lost_by_id``: who was moving it and lost it to a
    higher rank, None when it was free.
    """

    camera_id: str
    holder_id: str
    holder_name: str
    rank: str
    taken_at: AwareDatetime
    held_until: AwareDatetime
    lost_by_id: str | None = None
    lost_by_name: str | None = None


class PtzReleased(Payload):
    """Nobody moves a camera any more; ``reason`` is one of idle, released, ronde."""

    camera_id: str
    holder_id: str
    holder_name: str
    released_at: AwareDatetime
    reason: str
