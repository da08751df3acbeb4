"""Asks an ONVIF device what it is. What it does not tell becomes a remark; nothing it does raises."""

import asyncio
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.client import DeviceAway, DeviceRefuses, DeviceTrouble, OnvifDevice
from camera_registry.onvif.readings import (
    by_size,
    capabilities_in,
    hosts_in,
    jpeg_size,
    kinds_in,
    name_of,
    presets_in,
    profiles_in,
    services_in,
    stream_address,
)
from camera_registry.onvif.soap import DEVICE, EVENTS, MEDIA, MEDIA2, PTZ, SCHEMA, Operation
from camera_registry.onvif.xml_tree import Node
from camera_registry.ports import OnvifFindings, PresetFound, ProfileFound

SERVICES = {DEVICE: "device", MEDIA: "media", MEDIA2: "media2", PTZ: "ptz", EVENTS: "events"}
"""Services that we can use, by namespace; a device may offer more."""

MOST_STREAMS = 6
"""So many profiles are asked for their address: the largest and the smallest ones matter, not dozens."""

MOST_SILENCES = 2
_SECTIONS = {"Media": MEDIA, "PTZ": PTZ, "Events": EVENTS}
_STREAM_SETUP = (
    f'<StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
    f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
)


@dataclass(slots=True)
class _Look:
    """One device under examination: what it offers and what it did not tell."""

    device: OnvifDevice
    host: str
    services: dict[str, str] = field(default_factory=dict[str, str])
    remarks: list[str] = field(default_factory=list[str])
    silences: int = 0

    async def ask(self, what: str, namespace: str, name: str, inside: str = "") -> Node | None:
        """Ask one thing; None, with a remark, when the device does not answer it. Raises DeviceRefuses.

        A device that fell silent twice is not waited for again.
        """
        if self.silences >= MOST_SILENCES:
            return None
        try:
            return await self.device.call(Operation(namespace, name, inside), self.services.get(namespace))
        except DeviceRefuses:
            raise
        except DeviceAway as away:
            self.silences += 1
            self.remarks.append(f"{what} : {away.message}")
            return None
        except DeviceTrouble as trouble:
            self.remarks.append(f"{what} : {trouble.message}")
            return None


class OnvifDeviceProbe:
    """Implements `ports.OnvifProbe`. ``within`` bounds each call, ``in_all`` the whole examination, in seconds."""

    def __init__(self, within: float = 5.0, in_all: float = 30.0, *, basic_in_clear: bool = False) -> None:
        self._within = within
        self._basic_in_clear = basic_in_clear
        self._in_all = in_all

    async def ask(self, url: str, credentials: Credentials | None) -> OnvifFindings:
        """Ask for everything that the registry can use; whatever the device does becomes a finding."""
        try:
            asked = OnvifDevice(url, credentials, within=self._within, basic_in_clear=self._basic_in_clear)
            async with asyncio.timeout(self._in_all), asked as device:
                return await _findings(_Look(device, urlsplit(url).hostname or ""))
        except DeviceTrouble as trouble:
            return OnvifFindings(ok=False, error=trouble.message)
        except TimeoutError:
            return OnvifFindings(ok=False, error=f"L'examen n'était pas fini après {self._in_all:g} s.")


async def _findings(look: _Look) -> OnvifFindings:
    offset_ms, round_trip_ms = await _learn_clock(look)
    identity = await look.device.call(Operation(DEVICE, "GetDeviceInformation"))
    await _learn_services(look)
    streams = by_size(await _profiles(look))
    streams = [await _with_address(look, stream) for stream in streams[:MOST_STREAMS]] + streams[MOST_STREAMS:]
    moves = PTZ in look.services and any(stream.moves for stream in streams)
    topics = await look.ask("Événements", EVENTS, "GetEventProperties") if EVENTS in look.services else None
    interfaces = await look.ask("Réseau", DEVICE, "GetNetworkInterfaces")
    hostname = await look.ask("Nom sur le réseau", DEVICE, "GetHostname")
    snapshot = await _snapshot_size(look, streams)
    return OnvifFindings(
        ok=True,
        manufacturer=name_of(identity.value("Manufacturer")),
        model=name_of(identity.value("Model")),
        firmware=name_of(identity.value("FirmwareVersion")),
        serial=name_of(identity.value("SerialNumber")),
        hardware=name_of(identity.value("HardwareId")),
        profiles=tuple(stream.name for stream in streams),
        has_ptz=moves,
        services=tuple(SERVICES[namespace] for namespace in SERVICES if namespace in look.services),
        streams=tuple(streams),
        presets=tuple(await _presets(look, streams)) if moves else (),
        has_masks=await _takes_masks(look),
        has_events=EVENTS in look.services,
        alarm_kinds=tuple(kind.value for kind in kinds_in(topics)) if topics else (),
        clock_offset_ms=offset_ms,
        clock_round_trip_ms=round_trip_ms,
        hosts=hosts_in(interfaces, hostname),
        snapshot=snapshot,
        remarks=tuple(look.remarks),
    )


async def _learn_clock(look: _Look) -> tuple[int | None, int | None]:
    """Compare clocks first: a device whose clock is wrong refuses every request signed by ours."""
    try:
        clock = await look.device.read_clock()
    except DeviceAway:
        raise
    except DeviceTrouble as trouble:
        look.remarks.append(f"Horloge : {trouble.message}")
        return None, None
    return round(clock.offset.total_seconds() * 1000), round(clock.round_trip.total_seconds() * 1000)


async def _learn_services(look: _Look) -> None:
    inside = "<IncludeCapability>false</IncludeCapability>"
    try:
        answer = await look.device.call(Operation(DEVICE, "GetServices", inside))
        found = services_in(answer)
    except DeviceRefuses:
        raise
    except DeviceTrouble:
        found = {}
    if MEDIA not in found and MEDIA2 not in found:
        answer = await look.ask("Services", DEVICE, "GetCapabilities", "<Category>All</Category>")
        found |= capabilities_in(answer, _SECTIONS) if answer else {}
    look.services = {namespace: address for namespace, address in found.items() if namespace in SERVICES}
    look.services[DEVICE] = look.device.url


async def _profiles(look: _Look) -> list[ProfileFound]:
    """Return the profiles of Media2, which alone tells H.265, else those of Media."""
    if MEDIA2 in look.services:
        answer = await look.ask("Profils Media2", MEDIA2, "GetProfiles", "<Type>All</Type>")
        found = profiles_in(answer) if answer else []
        if any(stream.codec for stream in found):
            return found
    if MEDIA not in look.services:
        return []
    answer = await look.ask("Profils Media", MEDIA, "GetProfiles")
    return profiles_in(answer) if answer else []


async def _with_address(look: _Look, stream: ProfileFound) -> ProfileFound:
    token = f"<ProfileToken>{escape(stream.token)}</ProfileToken>"
    answer: Node | None = None
    if MEDIA in look.services:
        answer = await look.ask(f"Flux {stream.name}", MEDIA, "GetStreamUri", _STREAM_SETUP + token)
    elif MEDIA2 in look.services:
        inside = f"<Protocol>RTSP</Protocol>{token}"
        answer = await look.ask(f"Flux {stream.name}", MEDIA2, "GetStreamUri", inside)
    uri = stream_address(answer.value("Uri") if answer else None, look.host)
    return replace(stream, uri=uri)


async def _presets(look: _Look, streams: list[ProfileFound]) -> list[PresetFound]:
    stream = next(stream for stream in streams if stream.moves)
    inside = f"<ProfileToken>{escape(stream.token)}</ProfileToken>"
    answer = await look.ask("Prépositions", PTZ, "GetPresets", inside)
    return presets_in(answer) if answer else []


async def _takes_masks(look: _Look) -> bool | None:
    """Return whether the device takes masks by Media2 (ONVIF Media2 §5.10), None when it does not say."""
    if MEDIA2 not in look.services:
        return False
    answer = await look.ask("Masques", MEDIA2, "GetServiceCapabilities")
    capabilities = answer.find("Capabilities") if answer else None
    return capabilities.attributes.get("Mask", "").lower() in {"true", "1"} if capabilities else None


async def _snapshot_size(look: _Look, streams: list[ProfileFound]) -> tuple[int, int] | None:
    """Return width and height of the still that the device gives, which is not kept; None where it gives none."""
    if not streams:
        return None
    service = MEDIA if MEDIA in look.services else MEDIA2
    inside = f"<ProfileToken>{escape(streams[0].token)}</ProfileToken>"
    try:
        answer = await look.ask("Image fixe", service, "GetSnapshotUri", inside)
        address = answer.value("Uri") if answer else None
        jpeg = await look.device.fetch_picture(address) if address else b""
    except DeviceTrouble as trouble:
        look.remarks.append(f"Image fixe : {trouble.message}")
        return None
    return jpeg_size(jpeg)
