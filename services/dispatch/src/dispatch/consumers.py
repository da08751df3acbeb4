"""What the dispatch service listens to."""

from sqlalchemy.ext.asyncio import AsyncConnection

from common.consumer import Subscription
from common.ids import new_id
from contracts.envelope import Envelope
from contracts.incident import FACT_INCIDENT_TRANSMITTED, OWNER, IncidentTransmitted
from contracts.streams import STREAM_OF_OWNER
from dispatch import use_cases


async def on_incident_transmitted(conn: AsyncConnection, _envelope: Envelope, transmitted: IncidentTransmitted) -> None:
    """Ask one dispatch for each partner; the delivery job does the rest."""
    await use_cases.ask_dispatches(conn, transmitted=transmitted, new_dispatch_id=new_id)


SUBSCRIPTIONS = [
    Subscription(
        durable="dispatch-on-incident-transmitted",
        stream=STREAM_OF_OWNER[OWNER],
        filter_subject=f"vigie.*.{OWNER}.{FACT_INCIDENT_TRANSMITTED}.v1",
        payload=IncidentTransmitted,
        on_event=on_incident_transmitted,
    )
]
