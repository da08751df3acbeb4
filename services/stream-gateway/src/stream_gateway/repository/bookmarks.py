"""Bookmarks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.envelope import Payload
from contracts.stream import (
    FACT_BOOKMARK_ADDED,
    FACT_BOOKMARK_REMOVED,
    OWNER,
    BookmarkAdded,
    BookmarkRemoved,
)
from stream_gateway.domain.bookmarks import Bookmark, Color
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.tables import bookmarks


async def add_bookmark(connection: AsyncConnection, bookmark: Bookmark) -> None:
    """Store a bookmark and say so."""
    await connection.execute(insert(bookmarks).values(**_row(bookmark)))
    await _say(connection, bookmark, _added(bookmark), FACT_BOOKMARK_ADDED, bookmark.created_at)


async def save_bookmark(connection: AsyncConnection, bookmark: Bookmark, *, now: datetime) -> None:
    """Store a renamed bookmark; announced like a new one, under the same id."""
    query = update(bookmarks).where(bookmarks.c.bookmark_id == bookmark.bookmark_id)
    await connection.execute(query.values(label=bookmark.label, color=bookmark.color.value))
    await _say(connection, bookmark, _added(bookmark), FACT_BOOKMARK_ADDED, now)


async def remove_bookmark(connection: AsyncConnection, bookmark: Bookmark, *, now: datetime) -> None:
    """Forget a bookmark and say so."""
    await connection.execute(delete(bookmarks).where(bookmarks.c.bookmark_id == bookmark.bookmark_id))
    fact = BookmarkRemoved(bookmark_id=bookmark.bookmark_id, camera_id=bookmark.camera_id, removed_at=now)
    await _say(connection, bookmark, fact, FACT_BOOKMARK_REMOVED, now)


async def find_bookmark(
    connection: AsyncConnection, bookmark_id: UUID, *, communes: frozenset[str], now: datetime
) -> Bookmark | None:
    """Return a bookmark of some communes that has not expired, locked until the transaction ends."""
    query = select(bookmarks).where(
        bookmarks.c.bookmark_id == bookmark_id,
        bookmarks.c.insee.in_(sorted(communes)),
        bookmarks.c.expires_at > now,
    )
    row = (await connection.execute(query.with_for_update())).mappings().first()
    return _bookmark(row) if row else None


async def list_bookmarks(
    connection: AsyncConnection,
    *,
    communes: frozenset[str],
    now: datetime,
    camera_id: str | None = None,
    incident_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    at_most: int = 500,
) -> list[Bookmark]:
    """Return unexpired bookmarks of some communes in the order of time, of a camera, an incident or a window."""
    query = select(bookmarks).where(bookmarks.c.insee.in_(sorted(communes)), bookmarks.c.expires_at > now)
    if camera_id is not None:
        query = query.where(bookmarks.c.camera_id == camera_id)
    if incident_id is not None:
        query = query.where(bookmarks.c.incident_id == incident_id)
    if since is not None:
        query = query.where(bookmarks.c.at >= since)
    if until is not None:
        query = query.where(bookmarks.c.at < until)
    rows = await connection.execute(query.order_by(bookmarks.c.at, bookmarks.c.bookmark_id).limit(at_most))
    return [_bookmark(row) for row in rows.mappings()]


def _added(bookmark: Bookmark) -> BookmarkAdded:
    return BookmarkAdded(
        bookmark_id=bookmark.bookmark_id,
        camera_id=bookmark.camera_id,
        at=bookmark.at,
        label=bookmark.label,
        color=bookmark.color.value,
        incident_id=bookmark.incident_id,
        author_id=bookmark.author_id,
        expires_at=bookmark.expires_at,
    )


async def _say(connection: AsyncConnection, bookmark: Bookmark, fact: Payload, name: str, at: datetime) -> None:
    envelope = fact_envelope(
        fact,
        event_id=new_id(),
        owner=OWNER,
        fact=name,
        aggregate=f"bookmark:{bookmark.bookmark_id}",
        insee=bookmark.insee,
        at=at,
    )
    await outbox.append(connection, [envelope])


def _row(bookmark: Bookmark) -> dict[str, Any]:
    return {
        **{column.name: getattr(bookmark, column.name) for column in bookmarks.columns},
        "color": bookmark.color.value,
    }


def _bookmark(row: Mapping[Any, Any]) -> Bookmark:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    color = Color(values.pop("color"))
    return Bookmark(**values, color=color)
