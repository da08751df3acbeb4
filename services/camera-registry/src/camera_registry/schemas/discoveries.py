"""Requests and responses about searches for devices."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.discovery import MOST_PORTS, USUAL_PORTS, DeviceFound, DiscoveryMode, DiscoveryStatus
from camera_registry.repository.discoveries import Discovery, KnownAddress

_PRINTABLE = r"^[^\x00-\x1f]*$"
Port = Annotated[int, Field(ge=1, le=65535)]


class DiscoveryIn(BaseModel):
    """What to look for: by ``annonce`` (WS-Discovery), or in ``plage``: the addresses of ``target``."""

    model_config = ConfigDict(extra="forbid")

    mode: DiscoveryMode
    target: Annotated[str, Field(max_length=500, pattern=_PRINTABLE)] = ""
    ports: Annotated[tuple[Port, ...], Field(min_length=1, max_length=MOST_PORTS)] = USUAL_PORTS
    motive: Annotated[str, Field(min_length=5, max_length=300, pattern=_PRINTABLE)]


class DeviceOut(BaseModel):
    """A device that answered. ``known``: a registered camera is at its address; ``camera_id`` if it may be named."""

    address: str
    xaddrs: tuple[str, ...]
    manufacturer: str | None
    model: str | None
    location: str | None
    known: bool
    camera_id: str | None

    @classmethod
    def of(cls, device: DeviceFound, known: list[KnownAddress], communes: frozenset[str]) -> "DeviceOut":
        """Tell a device; a camera of another commune is known but not named."""
        same_host = [one for one in known if one.host == device.address]
        exact = [one for one in same_host if one.onvif_url in device.xaddrs]
        likely = exact or (same_host if len(same_host) == 1 else [])
        seen = [one.camera_id for one in likely if one.insee in communes]
        return cls(
            address=device.address,
            xaddrs=device.xaddrs,
            manufacturer=device.manufacturer,
            model=device.model,
            location=device.location,
            known=bool(same_host),
            camera_id=seen[0] if seen else None,
        )


class DiscoveryOut(BaseModel):
    """A search: how far it is (``done`` of ``total`` addresses) and what was found."""

    discovery_id: UUID
    mode: DiscoveryMode
    target: str
    ports: tuple[int, ...]
    motive: str
    asked_by: str
    asked_at: AwareDatetime
    status: DiscoveryStatus
    total: int
    done: int
    error: str
    ended_at: AwareDatetime | None
    found: list[DeviceOut]

    @classmethod
    def of(cls, discovery: Discovery, known: list[KnownAddress], communes: frozenset[str]) -> "DiscoveryOut":
        return cls(
            discovery_id=discovery.discovery_id,
            mode=discovery.mode,
            target=discovery.target,
            ports=discovery.ports,
            motive=discovery.motive,
            asked_by=discovery.asked_by,
            asked_at=discovery.asked_at,
            status=discovery.status,
            total=discovery.total,
            done=discovery.done,
            error=discovery.error,
            ended_at=discovery.ended_at,
            found=[DeviceOut.of(device, known, communes) for device in discovery.found],
        )


class DiscoveryList(BaseModel):
    """The newest searches first."""

    items: list[DiscoveryOut]
