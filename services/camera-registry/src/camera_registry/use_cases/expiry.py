"""Telling people that arrêtés come near their end."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.expiry import warnings_to_tell
from camera_registry.repository.expiry import endings, tell


async def tell_warnings(conn: AsyncConnection, at: datetime) -> int:
    """Announce every threshold that was reached and not told yet, the farthest first; return how many were told."""
    count = 0
    for ending in await endings(conn, at):
        due = warnings_to_tell(ending.valid_until, known_since=ending.known_since, at=at, told=ending.told)
        for days_left in due:
            count += await tell(conn, ending, days_left, at)
    return count
