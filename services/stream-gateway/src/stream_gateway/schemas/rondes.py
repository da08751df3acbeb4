"""Rondes and their runs."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from stream_gateway.domain.ronde_runs import Finding
from stream_gateway.schemas.texts import CameraId, ContextId
from stream_gateway.schemas.walls import Name, Preset, ScreenId

Purpose = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Note = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)]
Place = Annotated[int, Field(ge=0, le=15)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class StepIn(BaseModel):
    """One look: a camera, where it is to point, for 5 to 30 seconds."""

    camera_id: CameraId
    preset: Preset | None = None
    dwell_seconds: Annotated[int, Field(ge=5, le=30)] = 10


class ScheduleIn(BaseModel):
    """Days of the week (0 = Monday) and times of the day, Paris time; empty: started by hand only."""

    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7)] = []
    times: Annotated[list[ClockTime], Field(max_length=48)] = []

    def clock_times(self) -> tuple[time, ...]:
        """Return the times in order, each once."""
        return tuple(sorted({time.fromisoformat(at) for at in self.times}))


class RondeIn(BaseModel):
    """A definition. ``screen_id`` and ``place`` (from 0): the tile it is shown on."""

    name: Name
    purpose: Purpose
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=100)]
    schedule: ScheduleIn = ScheduleIn()
    active: bool = True
    screen_id: ScreenId | None = None
    place: Place = 0


class StepOut(BaseModel):
    """One look of a definition."""

    camera_id: str
    preset: str | None
    dwell_seconds: int


class RondeOut(BaseModel):
    """A definition; ``next_due_at`` is None for one that is inactive or started by hand."""

    ronde_id: UUID
    name: str
    purpose: str
    steps: list[StepOut]
    schedule: ScheduleIn
    active: bool
    screen_id: str | None
    place: int
    lasts_seconds: int
    next_due_at: datetime | None
    changed_by: str
    changed_at: datetime


class RondeList(BaseModel):
    """Definitions by name."""

    items: list[RondeOut]


class StartIn(BaseModel):
    """Where to show it this time; null: as the definition says."""

    screen_id: ScreenId | None = None
    place: Place | None = None


class FindingIn(BaseModel):
    """What a person found: ras, evenement, masque_ko or image_ko; an event may name its incident."""

    finding: Finding
    note: Note = ""
    incident_id: ContextId | None = None


class StepRecordOut(BaseModel):
    """One line of the result sheet; ``finding`` is ``non_constate`` until somebody says otherwise."""

    step: int
    camera_id: str
    preset: str | None
    dwell_seconds: int
    entered_at: datetime | None
    left_at: datetime | None
    skipped: bool
    finding: str
    found_by: str | None
    found_by_name: str
    found_at: datetime | None
    note: str
    incident_id: str | None
    picture: str | None
    picture_reason: str
    preset_outcome: str | None
    preset_reason: str
    seen_by: list[str]


class RunOut(BaseModel):
    """A run with its result sheet. ``ends_at``: when the present step is over; ``late_seconds``: behind its plan."""

    run_id: UUID
    ronde_id: UUID
    name: str
    purpose: str
    state: str
    reason: str
    scheduled: bool
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    agent_id: str | None
    agent_name: str
    current: int | None
    ends_at: datetime | None
    late_seconds: int
    screen_id: str | None
    place: int
    steps: list[StepRecordOut]


class RunList(BaseModel):
    """Runs, latest first; ``next_before`` goes on where this page ends."""

    items: list[RunOut]
    next_before: datetime | None
