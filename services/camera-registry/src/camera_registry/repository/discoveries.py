"""Searches for devices that people asked for: queued here, carried out by a worker, read by who asked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.discovery import DeviceFound, DiscoveryMode, DiscoveryStatus
from camera_registry.tables import cameras, discoveries

STALLED_AFTER = timedelta(seconds=30)
"""A worker that tells nothing for so long is dead: another one begins the search anew."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """A search: what was asked, how far it is, what was found. ``total`` addresses, ``done`` of them asked."""

    discovery_id: UUID
    mode: DiscoveryMode
    target: str
    ports: tuple[int, ...]
    motive: str
    asked_by: str
    asked_at: datetime
    status: DiscoveryStatus = DiscoveryStatus.EN_ATTENTE
    total: int = 0
    done: int = 0
    found: tuple[DeviceFound, ...] = ()
    error: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A camera of the register by the host of its addresses."""

    host: str
    camera_id: str
    insee: str
    onvif_url: str | None


async def queue_discovery(conn: AsyncConnection, discovery: Discovery) -> None:
    """Store a search for a worker to carry out."""
    await conn.execute(
        insert(discoveries).values(
            discovery_id=discovery.discovery_id,
            mode=discovery.mode.value,
            target=discovery.target,
            ports=list(discovery.ports),
            motive=discovery.motive,
            asked_by=discovery.asked_by,
            asked_at=discovery.asked_at,
            status=DiscoveryStatus.EN_ATTENTE.value,
            total=discovery.total,
            done=0,
            found=[],
            error="",
        )
    )


async def claim_discovery(conn: AsyncConnection, at: datetime) -> Discovery | None:
    """Take the oldest search that waits, or whose worker died; None when there is none."""
    waits = discoveries.c.status == DiscoveryStatus.EN_ATTENTE.value
    stalled = and_(discoveries.c.status == DiscoveryStatus.EN_COURS.value, discoveries.c.heard_at < at - STALLED_AFTER)
    oldest = (
        select(discoveries.c.discovery_id)
        .where(or_(waits, stalled))
        .order_by(discoveries.c.asked_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(discoveries)
        .where(discoveries.c.discovery_id == oldest)
        .values(status=DiscoveryStatus.EN_COURS.value, heard_at=at, done=0, found=[])
        .returning(*discoveries.c)
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _discovery(row) if row else None


async def save_progress(
    conn: AsyncConnection, discovery_id: UUID, *, done: int, found: Sequence[DeviceFound], at: datetime
) -> None:
    """Keep how far a search is."""
    statement = update(discoveries).where(discoveries.c.discovery_id == discovery_id)
    await conn.execute(statement.values(done=done, found=[asdict(device) for device in found], heard_at=at))


async def end_discovery(
    conn: AsyncConnection, discovery_id: UUID, *, status: DiscoveryStatus, error: str, at: datetime
) -> None:
    """Close a search."""
    statement = update(discoveries).where(discoveries.c.discovery_id == discovery_id)
    await conn.execute(statement.values(status=status.value, error=error, ended_at=at, heard_at=at))


async def one_discovery(conn: AsyncConnection, discovery_id: UUID) -> Discovery | None:
    """Return a search."""
    query = select(discoveries).where(discoveries.c.discovery_id == discovery_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return _discovery(row) if row else None


async def latest_discoveries(conn: AsyncConnection, limit: int = 20) -> list[Discovery]:
    """Return the newest searches."""
    query = select(discoveries).order_by(discoveries.c.asked_at.desc()).limit(limit)
    return [_discovery(row) for row in (await conn.execute(query)).mappings()]


async def known_addresses(conn: AsyncConnection, hosts: Sequence[str]) -> list[KnownAddress]:
    """Return the cameras whose ONVIF or RTSP address names one of these hosts."""
    if not hosts:
        return []
    named = [column.contains(f"//{host}", autoescape=True) for host in hosts for column in _ADDRESSES]
    query = select(cameras.c.camera_id, cameras.c.insee, cameras.c.onvif_url, cameras.c.main_url).where(or_(*named))
    found: list[KnownAddress] = []
    for row in await conn.execute(query):
        own = {urlsplit(url).hostname for url in (row.onvif_url, row.main_url) if url}
        found.extend(
            KnownAddress(host, row.camera_id, row.insee, row.onvif_url) for host in dict.fromkeys(hosts) if host in own
        )
    return found


_ADDRESSES = (cameras.c.onvif_url, cameras.c.main_url)


def _discovery(row: RowMapping) -> Discovery:
    return Discovery(
        discovery_id=row["discovery_id"],
        mode=DiscoveryMode(row["mode"]),
        target=row["target"],
        ports=tuple(row["ports"]),
        motive=row["motive"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        status=DiscoveryStatus(row["status"]),
        total=row["total"],
        done=row["done"],
        found=tuple(_device(device) for device in row["found"]),
        error=row["error"],
        ended_at=row["ended_at"],
    )


def _device(stored: dict[str, Any]) -> DeviceFound:
    return DeviceFound(
        address=stored["address"],
        xaddrs=tuple(stored["xaddrs"]),
        manufacturer=stored["manufacturer"],
        model=stored["model"],
        location=stored["location"],
        scopes=tuple(stored["scopes"]),
    )
