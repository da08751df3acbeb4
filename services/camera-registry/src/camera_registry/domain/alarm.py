"""Alarms: what a camera, a button or the checks of the fleet report, and when two reports are one alarm.

DOMAIN §8: nothing here looks at a picture. An alarm exists because a device said so.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from camera_registry.domain.position import Position
from contracts.registry import AlarmKind, AlarmSource

TECHNICAL_KINDS = frozenset(
    {
        AlarmKind.CAMERA_HS,
        AlarmKind.IMAGE_FIGEE,
        AlarmKind.IMAGE_NOIRE,
        AlarmKind.IMAGE_FLOUE,
        AlarmKind.CAMERA_DEPLACEE,
        AlarmKind.HORLOGE,
        AlarmKind.QUALITE,
        AlarmKind.MASQUE_DEFAILLANT,
    }
)
"""The state of the fleet; every other kind is of the street."""

PRESSES_JOIN_WITHIN = timedelta(seconds=60)
"""Presses of one button closer than this are one alarm: a person in danger presses more than once."""


class AlarmStatus(StrEnum):
    """What a person made of an alarm."""

    NOUVELLE = "nouvelle"
    ACQUITTEE = "acquittee"
    IGNOREE = "ignoree"


class AlarmAlreadyJudged(ValueError):
    """Somebody acknowledged or ignored it first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an alarm comes from. ``source_id`` names the camera, button or check; ``position`` may be unknown."""

    source: AlarmSource
    source_id: str
    insee: str
    label: str
    position: Position | None
    camera_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """One report of a device.

    ``at`` is our clock when it came, ``device_at`` what the device's clock said. ``active`` False ends the alarm;
    ``lasting`` False is a happening without a duration (a line crossed): it ends as it begins. ``initial`` is the
    state a device tells at the start of a subscription: it ends an alarm whose end we missed, and raises none.
    """

    kind: AlarmKind
    at: datetime
    device_at: datetime | None = None
    active: bool = True
    lasting: bool = True
    initial: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm. ``repeats`` counts the reports that joined it, ``last_at`` is the newest of them."""

    alarm_id: UUID
    origin: Origin
    kind: AlarmKind
    raised_at: datetime
    device_at: datetime | None
    last_at: datetime
    detail: str
    ended_at: datetime | None = None
    repeats: int = 1
    status: AlarmStatus = AlarmStatus.NOUVELLE
    judged_by: str | None = None
    judged_by_name: str | None = None
    judged_at: datetime | None = None
    note: str = ""

    def judged(self, status: AlarmStatus, *, by: str, by_name: str, at: datetime, note: str) -> "Alarm":
        """Return the alarm as a person judged it; raises AlarmAlreadyJudged."""
        if self.status is not AlarmStatus.NOUVELLE:
            raise AlarmAlreadyJudged(self.alarm_id)
        return replace(self, status=status, judged_by=by, judged_by_name=by_name, judged_at=at, note=note)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a signal did: the alarm to store (None: nothing changed), and whether others must hear of it."""

    alarm: Alarm | None
    told: bool


def weigh(signal: Signal, *, origin: Origin, last: Alarm | None, quiet: timedelta, alarm_id: UUID) -> Outcome:
    """Return what a signal makes of the last alarm of the same source and kind.

    A report of something that lasts already, or within ``quiet`` after the last report, joins that alarm and is told
    to nobody: a camera that sees leaves move must not fill the screens. ``alarm_id`` is used when a new alarm begins.
    """
    if not signal.active:
        return _end(signal, last)
    if signal.initial:
        return Outcome(None, told=False)
    if last is not None and (last.ended_at is None or signal.at - last.last_at < quiet):
        joined = replace(last, repeats=last.repeats + 1, last_at=max(last.last_at, signal.at))
        return Outcome(joined, told=False)
    begun = Alarm(
        alarm_id=alarm_id,
        origin=origin,
        kind=signal.kind,
        raised_at=signal.at,
        device_at=signal.device_at,
        last_at=signal.at,
        detail=signal.detail,
        ended_at=None if signal.lasting else signal.at,
    )
    return Outcome(begun, told=True)


def press(*, origin: Origin, last: Alarm | None, at: datetime, alarm_id: UUID, detail: str) -> tuple[Alarm, bool]:
    """Return the alarm of a press and whether it is a new one: presses within 60 s of the first one are one.

    Counted from the first press, and only until a person has judged it: somebody who goes on calling for help, or
    calls again after his alarm was acknowledged, is heard again.
    """
    waiting = last is not None and last.status is AlarmStatus.NOUVELLE
    if last is not None and waiting and timedelta(0) <= at - last.raised_at < PRESSES_JOIN_WITHIN:
        return replace(last, repeats=last.repeats + 1, last_at=at), False
    begun = Alarm(
        alarm_id=alarm_id,
        origin=origin,
        kind=AlarmKind.BOUTON_ALERTE,
        raised_at=at,
        device_at=None,
        last_at=at,
        detail=detail,
        ended_at=at,
    )
    return begun, True


def _end(signal: Signal, last: Alarm | None) -> Outcome:
    if last is None or last.ended_at is not None:
        return Outcome(None, told=False)
    ended_at = max(signal.at, last.raised_at)
    return Outcome(replace(last, ended_at=ended_at, last_at=max(last.last_at, signal.at)), told=True)
