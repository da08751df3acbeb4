"""What is forgotten after a while."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.tables import replays, sessions, uploads

FORGET_UPLOADS_AFTER = timedelta(days=7)
FORGET_SESSIONS_AFTER = timedelta(days=7)


async def sweep(connection: AsyncConnection, at: datetime) -> None:
    """Forget what only served to make repetition harmless: old upload rows, closed sessions and replays."""
    await connection.execute(delete(uploads).where(uploads.c.uploaded_at < at - FORGET_UPLOADS_AFTER))
    await connection.execute(delete(sessions).where(sessions.c.closed_at < at - FORGET_SESSIONS_AFTER))
    await connection.execute(delete(replays).where(replays.c.closes_at < at))
