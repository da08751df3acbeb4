"""Composition root of the camera registry."""

from camera_registry.api import router
from camera_registry.consumers import SUBSCRIPTIONS
from camera_registry.credential_vault import AesGcmVault
from camera_registry.jobs import renew_for_ever
from camera_registry.onvif_probe import ZeepOnvifProbe
from camera_registry.rtsp_probe import DirectRtspProbe
from camera_registry.settings import Settings
from common.clock import Clock
from common.service import Part, ServiceParts
from guard.assembly import House, assemble


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Put the service together; a test may bring a clock that it moves. Raises VaultKeyUnusable."""
    vault = AesGcmVault.from_file(settings.credential_key_file)

    def wire(house: House) -> dict[str, Part]:
        state = house.app.state
        state.vault = vault
        state.rtsp_probe = DirectRtspProbe(settings.probe_within)
        state.onvif_probe = ZeepOnvifProbe(settings.probe_within)

        async def renewals() -> None:
            await renew_for_ever(database=house.database, vault=vault, clock=house.clock, every=settings.renew_every)

        return {"renewals": renewals}

    return assemble(
        service="camera-registry",
        title="Vigie: registre des caméras",
        settings=settings,
        routers=[router],
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=wire,
        clock=clock,
    )
