"""Composition root of the incident service."""

from common.service import Part, ServiceParts
from guard.assembly import House, assemble
from incident import problems
from incident.alarm_rules import shipped_rules
from incident.api import router
from incident.consumers import subscriptions
from incident.jobs import keep_states_for_ever
from incident.settings import Settings


def build(settings: Settings) -> ServiceParts:
    """Wire the service; nothing is connected before ``open``."""
    rules = shipped_rules(settings.street_alarms)

    def wire(house: House) -> dict[str, Part]:
        return {"states": lambda: keep_states_for_ever(house.database, house.replicas.incidents, house.clock)}

    parts = assemble(
        service="incident",
        title="Vigie — incidents",
        settings=settings,
        routers=[router],
        subscriptions=lambda house: subscriptions(house, rules),
        wire=wire,
    )
    problems.install(parts.app)
    return parts
