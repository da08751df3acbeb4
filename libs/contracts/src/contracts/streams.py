"""JetStream streams and key-value buckets: one stream per owner of facts, never one per camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A stream to declare at start-up. ``max_age_days`` bounds replay, not the law's retention of footage."""

    name: str
    owner: str
    max_age_days: int

    @property
    def subjects(self) -> list[str]:
        """Every commune's facts of this owner."""
        return [f"vigie.*.{self.owner}.>"]


STREAMS: tuple[StreamSpec, ...] = (
    StreamSpec("REGISTRY", "registry", 30),
    StreamSpec("STREAM", "stream", 7),
    StreamSpec("SEGMENT", "segment", 7),
    StreamSpec("INCIDENT", "incident", 30),
    StreamSpec("DISPATCH", "dispatch", 30),
    StreamSpec("RETENTION", "retention", 30),
    StreamSpec("ACCESS", "access", 30),
    StreamSpec("REGISTER", "register", 30),
    StreamSpec("DLQ", "dlq", 90),
)

STREAM_OF_OWNER: dict[str, str] = {spec.owner: spec.name for spec in STREAMS}

REGISTER_DURABLE = "access-on-entry-requested"
"""The durable consumer by which ``access`` chains register rows: every service asks how far it has come."""

BUCKET_AGENTS = "agents"
"""Key: agent id. Value: ``contracts.access.AgentState``. Written by access, watched by every service."""

BUCKET_CAMERAS = "cameras"
"""Key: camera id. Value: ``contracts.registry.CameraState``. Written by camera-registry, watched by every service."""

BUCKET_INCIDENTS = "incidents"
"""Key: incident id. Value: ``contracts.incident.IncidentState``. Written by incident."""

BUCKET_TICKETS = "tickets"
"""Key: ticket id. Value: ``contracts.registry.TicketState``. Written by camera-registry."""

BUCKET_MEDIA_NODES = "media_nodes"
"""Key: ``node.<id>`` or ``order.<id>``. Value: ``contracts.media_nodes``. Written by the nodes of stream-gateway."""

BUCKET_PLACEMENTS = "placements"
"""Key: camera id. Value: ``contracts.media_nodes.CameraPlacement``. Written by compare-and-set; revisions fence."""

BUCKETS: tuple[str, ...] = (
    BUCKET_AGENTS,
    BUCKET_CAMERAS,
    BUCKET_INCIDENTS,
    BUCKET_TICKETS,
    BUCKET_MEDIA_NODES,
    BUCKET_PLACEMENTS,
)
