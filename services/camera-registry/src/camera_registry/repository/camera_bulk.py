"""Registering very many cameras at once: rows by COPY, states and events to the outbox, in chunks."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.camera import Camera
from camera_registry.domain.commune import Commune, Site
from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import aggregate_of, changed_event, columns_of, save_cameras, state_of
from common import outbox
from contracts.envelope import Envelope
from contracts.streams import BUCKET_CAMERAS

_T = TypeVar("_T")
CHUNK = 2_000
"""Cameras whose rows, states and events are in memory at once."""


async def insert_cameras(
    conn: AsyncConnection,
    vault: CredentialVault,
    items: Sequence[Camera],
    *,
    communes: Mapping[str, Commune],
    covers: Mapping[str, Authorisation],
    at: datetime,
) -> None:
    """Insert cameras that are not registered yet, with their states and announcements; as `save_cameras`, but many.

    The transaction has begun and holds the register's lock, so that no code can be taken meanwhile.
    """
    raw = await conn.get_raw_connection()
    driver: Any = raw.driver_connection

    def prepared(
        chunk: Sequence[Camera],
    ) -> tuple[list[tuple[Any, ...]], list[str], list[outbox.StateRow], list[Envelope]]:
        rows = [columns_of(camera, communes[camera.insee], vault) for camera in chunk]
        names = list(rows[0])
        records = [tuple(json.dumps(row[name]) if name == "streams" else row[name] for name in names) for row in rows]
        states = [
            outbox.StateRow(
                BUCKET_CAMERAS,
                camera.camera_id,
                state_of(camera, communes[camera.insee], covers.get(camera.authorisation_id or "")),
                aggregate_of(camera.camera_id),
            )
            for camera in chunk
        ]
        return records, names, states, [changed_event(camera, at) for camera in chunk]

    for chunk in _chunks(items):
        records, names, states, events = await asyncio.to_thread(prepared, chunk)
        await driver.copy_records_to_table("cameras", records=records, columns=names)
        await outbox.append_states(conn, states)
        await outbox.append(conn, events)


async def save_many_cameras(
    conn: AsyncConnection,
    vault: CredentialVault,
    items: Sequence[Camera],
    *,
    communes: Mapping[str, Commune],
    covers: Mapping[str, Authorisation],
    at: datetime,
) -> None:
    """Do what `save_cameras` does, a chunk at a time."""
    for chunk in _chunks(items):
        await save_cameras(conn, vault, chunk, communes=communes, covers=covers, at=at)


async def insert_sites(conn: AsyncConnection, items: Sequence[Site]) -> None:
    """Insert sites that are not registered yet, a chunk at a time."""
    raw_names = ("site_id", "insee", "label", "lon", "lat", "address")
    raw = await conn.get_raw_connection()
    driver: Any = raw.driver_connection
    for chunk in _chunks(items):
        records = [
            (site.site_id, site.insee, site.label, site.position.lon, site.position.lat, site.address) for site in chunk
        ]
        await driver.copy_records_to_table("sites", records=records, columns=raw_names)


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
