"""Alarms: what devices report becomes one alarm each, told once; a person acknowledges or ignores it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.alarm import Alarm, AlarmStatus, Origin, Signal, press, weigh
from camera_registry.repository.alarms import last_of, one_alarm, save_alarm
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.listeners import switch_events, switched_on
from camera_registry.use_cases.cameras import CameraUnknown
from contracts.registry import AlarmKind


class AlarmUnknown(LookupError):
    """No such alarm in these communes."""


async def take_signal(
    *, conn: AsyncConnection, signal: Signal, origin: Origin, quiet: timedelta, alarm_id: UUID
) -> Alarm | None:
    """Take in what a device or a check of the fleet reports; return the alarm when others were told, else None.

    ``origin.source_id`` and ``signal.kind`` name the alarm: while one lasts, further reports join it, and a signal
    with ``active`` False ends it. ``quiet`` zero lets a new alarm begin right after the end of the last.
    """
    last = await last_of(conn, source_id=origin.source_id, kind=signal.kind)
    outcome = weigh(signal, origin=origin, last=last, quiet=quiet, alarm_id=alarm_id)
    if outcome.alarm is None:
        return None
    await save_alarm(conn, outcome.alarm, told=outcome.told)
    return outcome.alarm if outcome.told else None


async def take_press(
    *, conn: AsyncConnection, origin: Origin, at: datetime, alarm_id: UUID, detail: str
) -> tuple[Alarm, bool]:
    """Take in a press of a button; return its alarm and whether it is a new one."""
    last = await last_of(conn, source_id=origin.source_id, kind=AlarmKind.BOUTON_ALERTE)
    alarm, new = press(origin=origin, last=last, at=at, alarm_id=alarm_id, detail=detail)
    await save_alarm(conn, alarm, told=new)
    return alarm, new


async def judge_alarm(
    *,
    conn: AsyncConnection,
    alarm_id: UUID,
    communes: Iterable[str],
    status: AlarmStatus,
    by: str,
    by_name: str,
    at: datetime,
    note: str,
) -> Alarm:
    """Acknowledge or ignore an alarm; raises AlarmUnknown and AlarmAlreadyJudged."""
    alarm = await one_alarm(conn, alarm_id, communes, for_change=True)
    if alarm is None:
        raise AlarmUnknown(alarm_id)
    judged = alarm.judged(status, by=by, by_name=by_name, at=at, note=note)
    await save_alarm(conn, judged, told=True)
    return judged


class ListeningFull(RuntimeError):
    """As many cameras are listened to as this registry can."""


async def switch_listening(*, conn: AsyncConnection, camera_id: str, enabled: bool, at_most: int) -> None:
    """Switch a camera's events on or off; never on for more than ``at_most``, so that each of them is heard.

    Raises CameraUnknown, ListeningFull.
    """
    await lock_register(conn)  # two at once count one after the other
    if enabled and await switched_on(conn, but=camera_id) >= at_most:
        raise ListeningFull
    if not await switch_events(conn, camera_id, enabled=enabled):
        raise CameraUnknown(camera_id)
