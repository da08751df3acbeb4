"""Composition root of the camera registry."""

from datetime import timedelta

from camera_registry.api import router
from camera_registry.consumers import SUBSCRIPTIONS
from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera_network import CameraNetworks
from camera_registry.domain.discovery import Reach
from camera_registry.health_rules_file import health_rules
from camera_registry.jobs import renew_for_ever, warn_for_ever
from camera_registry.onvif.masks import Media2Masks
from camera_registry.onvif.probe import OnvifDeviceProbe
from camera_registry.onvif.range_scan import Gently
from camera_registry.rtsp.probe import DirectRtspProbe
from camera_registry.rtsp.stills import StreamStills
from camera_registry.settings import Settings
from camera_registry.usual_optics import load_usual_optics
from camera_registry.watch.discovery_work import search_for_ever
from camera_registry.watch.event_listening import EventListening, ListeningLimits
from camera_registry.watch.fleet import FleetWatch, Pace
from camera_registry.watch.mask_bearing import MaskBearing
from common.clock import Clock
from common.service import Part, ServiceParts
from guard.assembly import House, assemble


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Put the service together; a test may bring its clock. Raises VaultKeyUnusable, UsualOpticsUnusable."""
    vault = AesGcmVault.from_file(settings.credential_key_file)
    usual_optics = load_usual_optics(settings.usual_optics_file)

    def wire(house: House) -> dict[str, Part]:
        state = house.app.state
        state.vault = vault
        state.usual_optics = usual_optics
        house.database.plan_for_the_values_asked()
        state.rtsp_probe = DirectRtspProbe(settings.probe_within, basic_in_clear=settings.basic_in_clear)
        state.stills = StreamStills(settings.probe_within)
        state.onvif_probe = OnvifDeviceProbe(settings.probe_within, basic_in_clear=settings.basic_in_clear)

        async def renewals() -> None:
            await renew_for_ever(database=house.database, vault=vault, clock=house.clock, every=settings.renew_every)

        async def warnings() -> None:
            await warn_for_ever(database=house.database, clock=house.clock, every=settings.warn_every)

        pace = Pace(
            settings.ask_every,
            settings.look_every,
            settings.measure_every,
            settings.looks_at_once,
            basic_in_clear=settings.basic_in_clear,
        )
        health = FleetWatch(house.database, vault, house.clock, health_rules(), pace)

        reach = Reach(
            settings.discovery_networks,
            settings.discovery_interface,
            (settings.discovery_group, settings.discovery_port),
        )
        state.discovery_reach = reach
        state.camera_networks = CameraNetworks(settings.camera_networks, settings.camera_hosts)
        state.events_at_most = settings.events_at_most
        limits = ListeningLimits(at_most=settings.events_at_most, quiet=timedelta(seconds=settings.events_quiet))
        listening = EventListening(house.database, vault, house.clock, limits)

        masks = MaskBearing(
            house.database, vault, Media2Masks(settings.probe_within), house.clock, settings.mask_look_every
        )

        async def searches() -> None:
            await search_for_ever(
                database=house.database,
                clock=house.clock,
                reach=reach,
                gently=Gently(),
                every=settings.discovery_every,
            )

        return {
            "searches": searches,
            "events": listening.run,
            "renewals": renewals,
            "warnings": warnings,
            "health": health.run,
            "masks": masks.run,
        }

    return assemble(
        service="camera-registry",
        title="Vigie: registre des caméras",
        settings=settings,
        routers=[router],
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=wire,
        clock=clock,
    )
