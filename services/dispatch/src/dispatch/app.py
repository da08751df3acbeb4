"""Composition root of the dispatch service."""

from common.service import Part, ServiceParts
from dispatch import problems
from dispatch.addresses import AddressPolicy
from dispatch.api import router
from dispatch.consumers import SUBSCRIPTIONS
from dispatch.jobs import DeliveryJob
from dispatch.secret_box import SecretBox
from dispatch.settings import Settings
from dispatch.webhook import WebhookChannel
from guard.assembly import House, assemble


def build(settings: Settings) -> ServiceParts:
    """Wire the service; nothing is connected before ``open``."""
    client = WebhookChannel.new_client()
    addresses = AddressPolicy(settings.allow_loopback_partners)

    def wire(house: House) -> dict[str, Part]:
        vault = SecretBox.of_service_key(settings.service_key_file)
        house.app.state.addresses, house.app.state.vault = addresses, vault
        job = DeliveryJob(
            database=house.database,
            channel=WebhookChannel(client, addresses),
            vault=vault,
            clock=house.clock,
            retries=settings.retries,
            poll_seconds=settings.delivery_poll_seconds,
        )
        return {"deliveries": job.run}

    parts = assemble(
        service="dispatch",
        title="Vigie — envois aux partenaires",
        settings=settings,
        routers=[router],
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=wire,
        on_close=lambda _house: client.aclose,
    )
    problems.install(parts.app)
    return parts
