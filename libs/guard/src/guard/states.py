"""From the states on the bus (pydantic) to the plain values the policy judges."""

from contracts.access import AgentState
from contracts.registry import AuthorisationState, CameraState
from policy import Agent, Authorisation, Camera, Window


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
    )


def camera_from(state: CameraState) -> Camera:
    """Return the policy's view of a camera."""
    return Camera(
        camera_id=state.camera_id,
        label=state.label,
        insee=state.insee,
        status=state.status.value,
        has_ptz=state.has_ptz,
        masks_signed=state.masks_signed,
        authorisation=_authorisation_from(state.authorisation) if state.authorisation else None,
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
    )
