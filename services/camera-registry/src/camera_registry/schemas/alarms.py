"""Requests and responses about alarms, buttons and the listening to cameras."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.alarm import TECHNICAL_KINDS, Alarm, AlarmStatus
from camera_registry.domain.button import Button, ButtonProof
from camera_registry.repository.listeners import Listening
from contracts.envelope import Insee
from contracts.registry import AlarmKind, AlarmSource

_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
Words = Annotated[str, Field(max_length=1000, pattern=_PRINTABLE)]


class AlarmOut(BaseModel):
    """An alarm as a person reads it. ``device_at`` is what the device's own clock said."""

    alarm_id: UUID
    source: AlarmSource
    source_id: str
    kind: AlarmKind
    technical: bool
    camera_ids: tuple[str, ...]
    insee: str
    label: str
    lon: float | None
    lat: float | None
    raised_at: AwareDatetime
    device_at: AwareDatetime | None
    last_at: AwareDatetime
    ended_at: AwareDatetime | None
    repeats: int
    detail: str
    status: AlarmStatus
    judged_by_name: str | None
    judged_at: AwareDatetime | None
    note: str

    @classmethod
    def of(cls, alarm: Alarm) -> "AlarmOut":
        position = alarm.origin.position
        return cls(
            alarm_id=alarm.alarm_id,
            source=alarm.origin.source,
            source_id=alarm.origin.source_id,
            kind=alarm.kind,
            technical=alarm.kind in TECHNICAL_KINDS,
            camera_ids=alarm.origin.camera_ids,
            insee=alarm.origin.insee,
            label=alarm.origin.label,
            lon=position.lon if position else None,
            lat=position.lat if position else None,
            raised_at=alarm.raised_at,
            device_at=alarm.device_at,
            last_at=alarm.last_at,
            ended_at=alarm.ended_at,
            repeats=alarm.repeats,
            detail=alarm.detail,
            status=alarm.status,
            judged_by_name=alarm.judged_by_name,
            judged_at=alarm.judged_at,
            note=alarm.note,
        )


class AlarmList(BaseModel):
    """A page of alarms, the newest first; ``next_before`` asks for the following one."""

    items: list[AlarmOut]
    next_before: UUID | None = None


class JudgementIn(BaseModel):
    """What a person makes of an alarm."""

    status: Literal["acquittee", "ignoree"]
    note: Words = ""


class ButtonIn(BaseModel):
    """A button to register."""

    model_config = ConfigDict(extra="forbid")

    button_id: Annotated[str, Field(min_length=1, max_length=64)]
    label: Annotated[str, Field(min_length=1, max_length=200, pattern=_PRINTABLE)]
    address: Annotated[str, Field(max_length=300, pattern=_PRINTABLE)] = ""
    insee: Insee
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    proof: ButtonProof = ButtonProof.SIGNATURE


class ButtonOut(BaseModel):
    """A button as it is registered; never its secret."""

    button_id: str
    label: str
    address: str
    insee: str
    lon: float
    lat: float
    proof: ButtonProof
    registered_at: AwareDatetime
    retired_at: AwareDatetime | None

    @classmethod
    def of(cls, button: Button) -> "ButtonOut":
        return cls(
            button_id=button.button_id,
            label=button.label,
            address=button.address,
            insee=button.insee,
            lon=button.position.lon,
            lat=button.position.lat,
            proof=button.proof,
            registered_at=button.registered_at,
            retired_at=button.retired_at,
        )


class ButtonWithSecret(ButtonOut):
    """A button with its secret: the only answer that ever holds it."""

    secret: str
    path: str

    @classmethod
    def showing(cls, button: Button, secret: str) -> "ButtonWithSecret":
        path = f"/api/registry/alarms/buttons/{button.button_id}"
        return cls(**ButtonOut.of(button).model_dump(), secret=secret, path=path)


class ButtonList(BaseModel):
    """Buttons in the order of their labels."""

    items: list[ButtonOut]


class PressOut(BaseModel):
    """What a press did: its alarm, and whether it is a new one."""

    alarm_id: UUID
    new: bool


class EventsIn(BaseModel):
    """Whether a camera's own events are listened to."""

    enabled: bool


class ListeningOut(BaseModel):
    """How the listening to a camera goes: ``ecoute``, or ``perdue`` with the reason in French."""

    model_config = ConfigDict(from_attributes=True)

    camera_id: str
    insee: str
    label: str
    listening: str
    since: AwareDatetime
    reason: str

    @classmethod
    def of(cls, listening: Listening) -> "ListeningOut":
        return cls.model_validate(listening)


class ListeningList(BaseModel):
    """Cameras whose events are switched on."""

    items: list[ListeningOut]
