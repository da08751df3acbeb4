"""Events this service acts upon: every service's requests for a row of the register."""

from sqlalchemy.ext.asyncio import AsyncConnection

from access.use_cases import register
from common.consumer import Subscription
from contracts.access import FACT_REGISTER_ENTRY, REGISTER_OWNER, RegisterEntry
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER


async def on_entry_requested(conn: AsyncConnection, _envelope: Envelope, entry: RegisterEntry) -> None:
    """Put the row at the end of the chain; a second delivery finds it there."""
    await register.append_entries(conn, entries=[entry])


SUBSCRIPTIONS = [
    Subscription(
        durable="access-on-entry-requested",
        stream=STREAM_OF_OWNER[REGISTER_OWNER],
        filter_subject=f"vigie.*.{REGISTER_OWNER}.{FACT_REGISTER_ENTRY}.v1",
        payload=RegisterEntry,
        on_event=on_entry_requested,
    )
]
