"""From the states on the bus (pydantic) to the plain values the policy judges."""

from datetime import datetime

from contracts.access import AgentState
from contracts.incident import IncidentState
from contracts.registry import AuthorisationState, CameraState, TicketState
from policy import Agent, Authorisation, Camera, Incident, Ticket, Window


def agent_from(state: AgentState) -> Agent:
    """Return the policy's view of an agent."""
    return Agent(
        agent_id=state.agent_id,
        name=state.name,
        role=state.role.value,
        organisation_id=state.organisation_id,
        organisation_name=state.organisation_name,
        organisation_kind=state.organisation_kind.value,
        communes=frozenset(state.communes),
        habilitation_id=state.habilitation_id,
        habilitation_from=state.habilitation_from,
        habilitation_until=state.habilitation_until,
        active=state.active,
        agrement_until=state.agrement_until,
        agrement_from=state.agrement_from,
    )


def camera_from(state: CameraState, at: datetime | None = None) -> Camera:
    """Return the policy's view of a camera: under the arrêté of that instant, so that a renewal leaves no gap."""
    authorisation = state.authorisation_at(at) if at else state.authorisation
    return Camera(
        camera_id=state.camera_id,
        label=state.label,
        insee=state.insee,
        status=state.status.value,
        has_ptz=state.has_ptz,
        masks_signed=state.masks_in_force,
        authorisation=_authorisation_from(authorisation) if authorisation else None,
    )


def incident_from(state: IncidentState) -> Incident:
    """Return the policy's view of an incident."""
    return Incident(
        incident_id=state.incident_id,
        insee=state.insee,
        camera_ids=frozenset(state.camera_ids),
        opened_at=state.opened_at,
        closed_at=state.closed_at,
    )


def ticket_from(state: TicketState) -> Ticket:
    """Return the policy's view of a maintenance ticket."""
    return Ticket(
        ticket_id=state.ticket_id,
        camera_ids=frozenset(state.camera_ids),
        opened_at=state.opened_at,
        closed_at=state.closed_at,
    )


def _authorisation_from(state: AuthorisationState) -> Authorisation:
    return Authorisation(
        authorisation_id=state.authorisation_id,
        arrete_number=state.arrete_number,
        valid_from=state.valid_from,
        valid_until=state.valid_until,
        mode=state.mode.value,
        event_windows=tuple(Window(window.starts_at, window.ends_at) for window in state.event_windows),
        retention_days=state.retention_days,
        recipients=frozenset(kind.value for kind in state.recipients),
        partner_watermark=state.partner_watermark,
    )
