"""What the incident service listens to."""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from common.consumer import Refused, Subscription
from common.ids import new_id
from contracts import registry
from contracts.dispatch import FACT_DISPATCH_CHANGED, OWNER, DispatchChanged
from contracts.envelope import Envelope
from contracts.registry import AlarmKind, AlarmRaised
from contracts.streams import STREAM_OF_OWNER
from guard.assembly import House
from incident import use_cases
from incident.alarm_rules import AlarmRule
from incident.alarm_use_cases import take_alarm
from incident.errors import IncidentUnknown

EventHandler = Callable[[AsyncConnection, Envelope, AlarmRaised], Awaitable[None]]


async def on_dispatch_changed(conn: AsyncConnection, _envelope: Envelope, change: DispatchChanged) -> None:
    """Show in the incident what became of a message; the first one of a public service takes it in charge."""
    try:
        await use_cases.follow_dispatch(conn, change=change)
    except IncidentUnknown as unknown:
        raise Refused(str(unknown)) from unknown


def on_alarm_raised(house: House, rules: Mapping[AlarmKind, AlarmRule]) -> EventHandler:
    """Return what is done with an alarm of the registry: it opens its incident once, and its end is told there."""

    async def take(conn: AsyncConnection, _envelope: Envelope, alarm: AlarmRaised) -> None:
        communes = (camera.commune for camera in house.cameras.values() if camera.insee == alarm.insee)
        await take_alarm(
            conn,
            alarm=alarm,
            rules=rules,
            commune=next(communes, None),
            incident_id=new_id(),
            at=house.clock.now(),
        )

    return take


def subscriptions(house: House, rules: Mapping[AlarmKind, AlarmRule]) -> list[Subscription]:
    """Return what the service listens to."""
    return [
        *SUBSCRIPTIONS,
        Subscription(
            durable="incident-on-alarm-raised",
            stream=STREAM_OF_OWNER[registry.OWNER],
            filter_subject=f"vigie.*.{registry.OWNER}.{registry.FACT_ALARM_RAISED}.v1",
            payload=AlarmRaised,
            on_event=on_alarm_raised(house, rules),
        ),
    ]


SUBSCRIPTIONS = [
    Subscription(
        durable="incident-on-dispatch-changed",
        stream=STREAM_OF_OWNER[OWNER],
        filter_subject=f"vigie.*.{OWNER}.{FACT_DISPATCH_CHANGED}.v1",
        payload=DispatchChanged,
        on_event=on_dispatch_changed,
    )
]
