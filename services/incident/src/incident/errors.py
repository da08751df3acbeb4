"""What the domain refuses, by name. Each error states the fact and carries what a caller needs to answer."""

from datetime import datetime
from uuid import UUID

from contracts.incident import IncidentStatus


class IncidentRule(Exception):
    """A rule of the domain was not met; nothing changed."""


class IncidentAlreadyClosed(IncidentRule):
    """A closed incident can only be reopened."""

    def __init__(self, incident_id: UUID, closed_at: datetime | None) -> None:
        super().__init__(f"incident {incident_id} was closed at {closed_at}")
        self.incident_id = incident_id
        self.closed_at = closed_at


class TransitionNotAllowed(IncidentRule):
    """The life-cycle has no such step; ``allowed`` are those it has."""

    def __init__(
        self, incident_id: UUID, before: IncidentStatus, after: IncidentStatus, allowed: frozenset[IncidentStatus]
    ) -> None:
        super().__init__(f"incident {incident_id} cannot go from {before} to {after}")
        self.incident_id = incident_id
        self.before = before
        self.after = after
        self.allowed = allowed


class IncidentChangedMeanwhile(IncidentRule):
    """The caller decided on an older version than the stored one."""

    def __init__(self, incident_id: UUID, *, expected: int, present: int) -> None:
        super().__init__(f"incident {incident_id} is at version {present}, not {expected}")
        self.incident_id = incident_id
        self.expected = expected
        self.present = present


class FieldRefused(IncidentRule):
    """A value is not acceptable; ``field`` is its API name, ``reason`` a French sentence for a person."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class KeyUsedForAnotherRequest(IncidentRule):
    """An Idempotency-Key came back with other content."""

    def __init__(self, key: str, incident_id: UUID) -> None:
        super().__init__(f"idempotency key {key} already opened incident {incident_id} with other content")
        self.key = key
        self.incident_id = incident_id


class IncidentUnknown(IncidentRule):
    """There is no such incident."""

    def __init__(self, incident_id: UUID) -> None:
        super().__init__(f"no incident {incident_id}")
        self.incident_id = incident_id
