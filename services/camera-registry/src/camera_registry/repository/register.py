"""Rows asked of the register, which the access service keeps."""

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from contracts.access import FACT_REGISTER_ENTRY, REGISTER_OWNER, RegisterEntry
from contracts.envelope import make_envelope

_SOURCE = "camera-registry"


async def ask_for(conn: AsyncConnection, entry: RegisterEntry) -> None:
    """Ask for a row in the transaction of the act itself."""
    envelope = make_envelope(
        entry,
        event_id=entry.entry_id,
        owner=REGISTER_OWNER,
        fact=FACT_REGISTER_ENTRY,
        source=_SOURCE,
        aggregate=f"register:{_SOURCE}",
        insee=entry.insee,
        at=entry.at,
    )
    await outbox.append(conn, [envelope])
