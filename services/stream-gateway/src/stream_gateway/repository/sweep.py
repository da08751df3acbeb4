"""What is forgotten after a while."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.repository.placement import FORGET_EPOCHS_AFTER, forget_epochs
from stream_gateway.tables import bookmarks, edge_asked, replays, sessions, uploads

FORGET_UPLOADS_AFTER = timedelta(days=7)
FORGET_SESSIONS_AFTER = timedelta(days=7)
FORGET_ASKED_AFTER = timedelta(days=31)
"""Longer than any footage may exist (L.252-5 CSI: one month at most), so nothing is asked for again."""
_EPOCHS_AT_ONCE = 5000


async def sweep(connection: AsyncConnection, at: datetime) -> None:
    """Forget what only served to make repetition harmless: old upload rows, closed sessions and replays.

    Bookmarks go with their footage: they are unreadable from that second on, and gone within minutes.
    """
    await connection.execute(delete(uploads).where(uploads.c.uploaded_at < at - FORGET_UPLOADS_AFTER))
    await connection.execute(delete(sessions).where(sessions.c.closed_at < at - FORGET_SESSIONS_AFTER))
    await connection.execute(delete(replays).where(replays.c.closes_at < at))
    await connection.execute(delete(edge_asked).where(edge_asked.c.ended_at < at - FORGET_ASKED_AFTER))
    await forget_epochs(connection, before=at - FORGET_EPOCHS_AFTER, at_most=_EPOCHS_AT_ONCE)
    await connection.execute(delete(bookmarks).where(bookmarks.c.expires_at <= at))
