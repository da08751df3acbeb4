"""Cameras whose own events are listened to, and how that goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.position import Position
from camera_registry.tables import cameras, event_listeners
from contracts.registry import CameraStatus

_LISTENED = (CameraStatus.EN_SERVICE.value, CameraStatus.EN_PANNE.value)


@dataclass(frozen=True, slots=True)
class Listened:
    """A camera to listen to. ``sealed`` are its credentials as stored; ``revision`` tells a change of the camera."""

    camera_id: str
    label: str
    insee: str
    position: Position
    onvif_url: str
    sealed: bytes | None
    revision: int


@dataclass(frozen=True, slots=True)
class Listening:
    """How it goes with one camera: ``listening`` is ``ecoute`` or ``perdue``; ``reason`` is French."""

    camera_id: str
    insee: str
    label: str
    listening: str
    since: datetime
    reason: str


async def cameras_to_listen_to(conn: AsyncConnection, at_most: int) -> list[Listened]:
    """Return the installed cameras for which a person switched events on, in the order of their ids."""
    query = (
        select(
            cameras.c.camera_id,
            cameras.c.label,
            cameras.c.insee,
            cameras.c.lon,
            cameras.c.lat,
            cameras.c.onvif_url,
            cameras.c.sealed_credentials,
            cameras.c.revision,
        )
        .where(cameras.c.events_enabled, cameras.c.onvif_url.is_not(None), cameras.c.status.in_(_LISTENED))
        .order_by(cameras.c.camera_id)
        .limit(at_most)
    )
    return [
        Listened(
            camera_id=row.camera_id,
            label=row.label,
            insee=row.insee,
            position=Position(row.lon, row.lat),
            onvif_url=row.onvif_url,
            sealed=row.sealed_credentials,
            revision=row.revision,
        )
        for row in await conn.execute(query)
    ]


async def switched_on(conn: AsyncConnection, *, but: str) -> int:
    """Return for how many other cameras, removed ones apart, events are switched on."""
    query = select(func.count()).where(
        cameras.c.events_enabled, cameras.c.camera_id != but, cameras.c.status != CameraStatus.DEPOSEE.value
    )
    return (await conn.execute(query)).scalar_one()


async def switch_events(conn: AsyncConnection, camera_id: str, *, enabled: bool) -> bool:
    """Switch a camera's events on or off; False when there is no such camera. No other service needs to know."""
    statement = update(cameras).where(cameras.c.camera_id == camera_id).values(events_enabled=enabled)
    return (await conn.execute(statement)).rowcount == 1


async def save_listening(conn: AsyncConnection, camera_id: str, listening: str, since: datetime, reason: str) -> None:
    """Keep how the listening to a camera goes."""
    statement = insert(event_listeners).values(camera_id=camera_id, listening=listening, since=since, reason=reason)
    news = {"listening": listening, "since": since, "reason": reason}
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id"], set_=news))


async def listening_in(conn: AsyncConnection, insee_codes: Iterable[str]) -> list[Listening]:
    """Return how it goes with the cameras of some communes whose events are switched on."""
    query = (
        select(
            cameras.c.camera_id,
            cameras.c.insee,
            cameras.c.label,
            event_listeners.c.listening,
            event_listeners.c.since,
            event_listeners.c.reason,
        )
        .join(event_listeners, event_listeners.c.camera_id == cameras.c.camera_id)
        .where(cameras.c.events_enabled, cameras.c.insee.in_(sorted(insee_codes)))
        .order_by(cameras.c.camera_id)
    )
    return [
        Listening(row.camera_id, row.insee, row.label, row.listening, row.since, row.reason)
        for row in await conn.execute(query)
    ]
