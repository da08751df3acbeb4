"""Whose pictures leave with a watermark burnt in: no decision whether, only how."""

from policy.model import Agent, Camera, OrganisationKind, mentions
from policy.rules import PARTNER_ROLES


def is_outside(agent: Agent) -> bool:
    """Tell whether an agent receives images from outside of the local authority that runs the room."""
    return agent.organisation_kind != OrganisationKind.COLLECTIVITE or mentions(agent.role, PARTNER_ROLES)


def burns_watermark(agent: Agent, camera: Camera | None) -> bool:
    """Tell whether the camera's arrêté asks that no picture reaches this agent without a burnt-in watermark."""
    authorisation = camera.authorisation if camera else None
    return authorisation is not None and authorisation.partner_watermark and is_outside(agent)
