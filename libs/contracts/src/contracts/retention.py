"""Facts that the retention service owns."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Insee, Payload

OWNER = "retention"
FACT_SEGMENTS_DESTROYED = "segments_destroyed"
FACT_HOLD_PLACED = "hold_placed"
FACT_HOLD_LIFTED = "hold_lifted"


class SegmentsDestroyed(Payload):
    """A batch of footage is physically gone. ``merkle_root``: RFC 6962 root over the segments' SHA-256 (hex)."""

    batch_id: UUID
    insee: Insee
    count: int
    bytes: int
    oldest: AwareDatetime
    newest: AwareDatetime
    merkle_root: str
    at: AwareDatetime


class HoldPlaced(Payload):
    """Footage is frozen for a judicial procedure."""

    hold_id: UUID
    camera_id: str
    insee: Insee
    window_from: AwareDatetime
    window_until: AwareDatetime
    legal_basis: str
    procedure_number: str
    at: AwareDatetime


class HoldLifted(Payload):
    """A hold ended; what is past its retention goes once no evidence lock keeps it."""

    hold_id: UUID
    insee: Insee
    at: AwareDatetime
    reason: str
