"""A viewing session is a lease: it has an owner, ends by itself, and never comes back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

Quality = Literal["main", "sub"]


class CloseReason(StrEnum):
    """Why a session ended."""

    RELEASED = "released"
    EXPIRED = "expired"
    REVOKED = "revoked"
    AUTHORISATION_ENDED = "authorisation_ended"
    ENDED_BY_SUPERVISOR = "ended_by_supervisor"
    WATERMARK = "watermark"
    """The arrêté asks for a burnt-in watermark, and these pictures would not carry one (any more)."""


class SessionAlreadyClosed(Exception):
    """The session ended before; open a new one. ``reason`` and ``closed_at`` tell how."""

    def __init__(self, session_id: UUID, closed_at: datetime, reason: CloseReason) -> None:
        super().__init__(f"session {session_id} was closed at {closed_at.isoformat()}: {reason}")
        self.session_id = session_id
        self.closed_at = closed_at
        self.reason = reason


class LeaseExpired(Exception):
    """The lease ran out and cannot be renewed: between its end and now nobody vouched for the viewer."""

    def __init__(self, session_id: UUID, lease_until: datetime) -> None:
        super().__init__(f"the lease of session {session_id} ended at {lease_until.isoformat()}")
        self.session_id = session_id
        self.lease_until = lease_until


@dataclass(frozen=True, slots=True)
class ViewingSession:
    """One agent watching one camera. The lease is half-open: at ``lease_until`` it is over.

    ``login_id`` is the agent's log-in, ``epoch`` that of the agent at the time; ``incident_id`` and ``ticket_id`` are
    the context it was granted in. ``station`` is where it was asked from; ``transport`` how its pictures travel
    (``websocket`` or ``webrtc``), None until they do. ``marked``: they only leave with a burnt-in watermark.
    """

    session_id: UUID
    camera_id: str
    insee: str
    agent_id: str
    epoch: int
    quality: Quality
    incident_id: str | None
    ticket_id: str | None
    opened_at: datetime
    lease_until: datetime
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    login_id: str | None = None
    station: str = ""
    transport: str | None = None
    marked: bool = False

    @classmethod
    def open(
        cls,
        *,
        session_id: UUID,
        camera_id: str,
        insee: str,
        agent_id: str,
        epoch: int,
        quality: Quality,
        incident_id: str | None,
        ticket_id: str | None,
        at: datetime,
        lease_for: timedelta,
        login_id: str | None = None,
        station: str = "",
        marked: bool = False,
    ) -> "ViewingSession":
        """Begin a session whose first lease starts now."""
        return cls(
            session_id=session_id,
            camera_id=camera_id,
            insee=insee,
            agent_id=agent_id,
            epoch=epoch,
            quality=quality,
            incident_id=incident_id,
            ticket_id=ticket_id,
            opened_at=at,
            lease_until=at + lease_for,
            login_id=login_id,
            station=station,
            marked=marked,
        )

    def alive_at(self, at: datetime) -> bool:
        """Tell whether frames may flow at an instant."""
        return self.closed_at is None and at < self.lease_until

    def renewed(self, at: datetime, lease_for: timedelta) -> "ViewingSession":
        """Return the session with a lease that ends ``lease_for`` from now; it never gets shorter.

        Raises:
            SessionAlreadyClosed: it ended.
            LeaseExpired: the lease ran out before this renewal.
        """
        self.refuse_if_over(at)
        return replace(self, lease_until=max(self.lease_until, at + lease_for))

    def switched(
        self, at: datetime, *, quality: Quality, incident_id: str | None, ticket_id: str | None
    ) -> "ViewingSession":
        """Return the session in another quality or context, its lease unchanged.

        Raises:
            SessionAlreadyClosed: it ended.
            LeaseExpired: the lease ran out.
        """
        self.refuse_if_over(at)
        return replace(self, quality=quality, incident_id=incident_id, ticket_id=ticket_id)

    def refuse_if_over(self, at: datetime) -> None:
        """Raise SessionAlreadyClosed or LeaseExpired unless frames may flow."""
        if self.closed_at is not None and self.close_reason is not None:
            raise SessionAlreadyClosed(self.session_id, self.closed_at, self.close_reason)
        if at >= self.lease_until:
            raise LeaseExpired(self.session_id, self.lease_until)

    def closed(self, at: datetime, reason: CloseReason) -> "ViewingSession":
        """Return the session ended; raises SessionAlreadyClosed when it already was."""
        if self.closed_at is not None and self.close_reason is not None:
            raise SessionAlreadyClosed(self.session_id, self.closed_at, self.close_reason)
        return replace(self, closed_at=at, close_reason=reason)
