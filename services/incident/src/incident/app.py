"""Composition root of the incident service."""

from common.service import ServiceParts
from guard.assembly import assemble
from incident import problems
from incident.api import router
from incident.consumers import SUBSCRIPTIONS
from incident.settings import Settings


def build(settings: Settings) -> ServiceParts:
    """Wire the service; nothing is connected before ``open``."""
    parts = assemble(
        service="incident",
        title="Vigie — incidents",
        settings=settings,
        routers=[router],
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=lambda _house: {},
    )
    problems.install(parts.app)
    return parts
