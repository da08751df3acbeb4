"""Rows asked of the register, which the access service keeps."""

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.access import RegisterEntry
from guard.seal import ask_for_row

_SOURCE = "camera-registry"


async def ask_for(conn: AsyncConnection, entry: RegisterEntry) -> None:
    """Ask for a row in the transaction of the act itself."""
    await ask_for_row(conn, entry, source=_SOURCE)
