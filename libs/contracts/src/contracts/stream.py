"""Facts that the stream gateway owns: viewing sessions, camera reachability, recorded segments."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Insee, Payload

OWNER = "stream"
SEGMENT_OWNER = "segment"
FACT_SESSION_OPENED = "session_opened"
FACT_SESSION_CLOSED = "session_closed"
FACT_CAMERA_REACHABILITY = "camera_reachability_changed"
FACT_SEGMENT_RECORDED = "segment_recorded"
FACT_GAP_DECLARED = "gap_declared"


class SessionOpened(Payload):
    """A viewing session was granted; its register row was committed with it."""

    session_id: UUID
    camera_id: str
    agent_id: str
    opened_at: AwareDatetime


class SessionClosed(Payload):
    """A viewing session ended; ``reason`` is one of released, expired, revoked, authorisation_ended."""

    session_id: UUID
    camera_id: str
    agent_id: str
    closed_at: AwareDatetime
    reason: str


class CameraReachabilityChanged(Payload):
    """Bytes started or stopped coming from a camera."""

    camera_id: str
    online: bool
    since: AwareDatetime
    reason: str


class SegmentRecorded(Payload):
    """One file of footage is in the object store, verified. Half-open [started_at, ended_at).

    ``duration_ms`` is read from the file; ``sha256`` is hex, ``size`` in bytes; ``retention_days`` as the
    authorisation said when the segment was recorded.
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


class GapDeclared(Payload):
    """Seconds expected and not recorded, with the declared cause. Never a silent gap."""

    camera_id: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    cause: str
