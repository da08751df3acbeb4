"""Composition root of the retention service."""

from common.clock import Clock
from common.object_store import ObjectStore
from common.service import Part, ServiceParts
from guard.assembly import House, assemble
from retention.api import router
from retention.consumers import SUBSCRIPTIONS
from retention.jobs import Sweeper
from retention.settings import Settings


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Put the service together; a test may bring a clock that it moves."""

    def wire(house: House) -> dict[str, Part]:
        sweeper = Sweeper(
            database=house.database,
            footage=_store(
                settings, settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
            ),
            evidence=_store(
                settings,
                settings.evidence_access_key.get_secret_value(),
                settings.evidence_secret_key.get_secret_value(),
            ),
            cameras=house.cameras,
            clock=house.clock,
            every=settings.sweep_every,
        )
        return {"sweeper": sweeper.run}

    return assemble(
        service="retention",
        title="Vigie: conservation",
        settings=settings,
        routers=[router],
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=wire,
        clock=clock,
    )


def _store(settings: Settings, access_key: str, secret_key: str) -> ObjectStore:
    return ObjectStore(settings.s3_endpoint, access_key, secret_key, secure=settings.s3_secure)
