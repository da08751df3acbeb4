"""What the incident service listens to."""

from sqlalchemy.ext.asyncio import AsyncConnection

from common.consumer import Refused, Subscription
from contracts.dispatch import FACT_DISPATCH_CHANGED, OWNER, DispatchChanged
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER
from incident import use_cases
from incident.errors import IncidentUnknown


async def on_dispatch_changed(conn: AsyncConnection, _envelope: Envelope, change: DispatchChanged) -> None:
    """Show in the incident what became of a message; the first one of a public service takes it in charge."""
    try:
        await use_cases.follow_dispatch(conn, change=change)
    except IncidentUnknown as unknown:
        raise Refused(str(unknown)) from unknown


SUBSCRIPTIONS = [
    Subscription(
        durable="incident-on-dispatch-changed",
        stream=STREAM_OF_OWNER[OWNER],
        filter_subject=f"vigie.*.{OWNER}.{FACT_DISPATCH_CHANGED}.v1",
        payload=DispatchChanged,
        on_event=on_dispatch_changed,
    )
]
