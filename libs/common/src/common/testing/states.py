"""Agents and cameras for tests, put on the bus as their owners would put them."""

from datetime import UTC, datetime, timedelta

from common.bus import Bus
from contracts.access import AgentState, OrganisationKind, Role
from contracts.incident import IncidentState, IncidentStatus
from contracts.registry import AuthorisationState, CameraKind, CameraState, CameraStatus, OperatingMode, TicketState
from contracts.streams import BUCKET_AGENTS, BUCKET_CAMERAS, BUCKET_INCIDENTS, BUCKET_TICKETS

SOISY = "95598"
ENGHIEN = "95210"
_RECIPIENTS = (
    OrganisationKind.POLICE_NATIONALE,
    OrganisationKind.POLICE_MUNICIPALE,
    OrganisationKind.GENDARMERIE,
    OrganisationKind.SDIS,
)


def an_agent(
    agent_id: str = "op.durand",
    *,
    role: Role = Role.OPERATEUR,
    kind: OrganisationKind = OrganisationKind.COLLECTIVITE,
    communes: tuple[str, ...] = (SOISY, ENGHIEN),
    active: bool = True,
    session_epoch: int = 0,
) -> AgentState:
    """Return an agent with a habilitation from a year ago to a year ahead."""
    now = datetime.now(UTC)
    return AgentState(
        agent_id=agent_id,
        name=agent_id.replace(".", " ").title(),
        role=role,
        organisation_id=f"org-{kind.value}",
        organisation_name=kind.value.replace("_", " ").title(),
        organisation_kind=kind,
        communes=communes,
        habilitation_id=f"HAB-{agent_id}",
        habilitation_from=now - timedelta(days=365),
        habilitation_until=now + timedelta(days=365),
        active=active,
        session_epoch=session_epoch,
    )


def an_authorisation(
    *,
    valid_until: datetime | None = None,
    mode: OperatingMode = OperatingMode.DIRECT,
    retention_days: int = 14,
) -> AuthorisationState:
    """Return an authorisation in force since a year."""
    now = datetime.now(UTC)
    return AuthorisationState(
        authorisation_id="AUT-1",
        arrete_number="2025-0001",
        valid_from=now - timedelta(days=365),
        valid_until=valid_until or now + timedelta(days=365),
        mode=mode,
        retention_days=retention_days,
        recipients=_RECIPIENTS,
    )


def a_camera(
    camera_id: str = "PV-95598-0001-P1",
    *,
    insee: str = SOISY,
    authorisation: AuthorisationState | None = None,
    authorised: bool = True,
    status: CameraStatus = CameraStatus.EN_SERVICE,
    has_ptz: bool = True,
    has_stream: bool = True,
) -> CameraState:
    """Return a camera in service under an authorisation (``authorised=False``: under none)."""
    return CameraState(
        camera_id=camera_id,
        label=f"Caméra {camera_id}",
        insee=insee,
        commune="Soisy-sous-Montmorency" if insee == SOISY else "Enghien-les-Bains",
        site_id=camera_id.rsplit("-", 1)[0],
        kind=CameraKind.PTZ if has_ptz else CameraKind.FIXE,
        status=status,
        lon=2.30,
        lat=48.99,
        has_ptz=has_ptz,
        has_stream=has_stream,
        authorisation=(authorisation or an_authorisation()) if authorised else None,
        masks_signed=True,
    )


async def put_agent(bus: Bus, agent: AgentState) -> None:
    """Publish an agent's state to the ``agents`` bucket."""
    store = await bus.js.key_value(BUCKET_AGENTS)
    await store.put(agent.agent_id, agent.model_dump_json().encode())


async def put_camera(bus: Bus, camera: CameraState) -> None:
    """Publish a camera's state to the ``cameras`` bucket."""
    store = await bus.js.key_value(BUCKET_CAMERAS)
    await store.put(camera.camera_id, camera.model_dump_json().encode())


def an_incident(
    incident_id: str, *camera_ids: str, insee: str = SOISY, closed_at: datetime | None = None
) -> IncidentState:
    """Return an incident that was opened an hour ago."""
    return IncidentState(
        incident_id=incident_id,
        number=f"2026-{insee}-000001",
        insee=insee,
        camera_ids=camera_ids,
        status=IncidentStatus.CLOS if closed_at else IncidentStatus.NOUVEAU,
        opened_at=datetime.now(UTC) - timedelta(hours=1),
        closed_at=closed_at,
    )


def a_ticket(ticket_id: str, *camera_ids: str, insee: str = SOISY, closed_at: datetime | None = None) -> TicketState:
    """Return a maintenance ticket that was opened an hour ago."""
    return TicketState(
        ticket_id=ticket_id,
        insee=insee,
        camera_ids=camera_ids,
        title="Nettoyage du dôme",
        opened_at=datetime.now(UTC) - timedelta(hours=1),
        closed_at=closed_at,
    )


async def put_incident(bus: Bus, incident: IncidentState) -> None:
    """Publish an incident's state to the ``incidents`` bucket."""
    store = await bus.js.key_value(BUCKET_INCIDENTS)
    await store.put(incident.incident_id, incident.model_dump_json().encode())


async def put_ticket(bus: Bus, ticket: TicketState) -> None:
    """Publish a ticket's state to the ``tickets`` bucket."""
    store = await bus.js.key_value(BUCKET_TICKETS)
    await store.put(ticket.ticket_id, ticket.model_dump_json().encode())
