"""Moves of a camera. No number may be NaN or infinite; out of range is refused, never clipped."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from stream_gateway.domain.ptz.aiming import MOST_REFERENCES
from stream_gateway.schemas.texts import ContextId

Speed = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Range = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Zoom = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
GestureName = Annotated[str, StringConstraints(max_length=40)]


class CommandIn(BaseModel):
    """What every command may carry.

    ``gesture`` and ``order``: commands of one gesture (a key held) that arrive late are dropped, so that a stop which
    passes the move before it stays the last word.
    """

    model_config = ConfigDict(extra="forbid")

    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None
    gesture: GestureName = ""
    order: Annotated[int, Field(ge=0, le=2**53)] = 0


class PtzIn(CommandIn):
    """A move (speeds −1…1, for at most 2 s unless repeated) or a preset by the camera's token, not both."""

    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0
    duration_ms: Annotated[int, Field(ge=50, le=2000)] = 500
    preset: Token | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.preset is not None and (self.pan or self.tilt or self.zoom):
            raise ValueError("un mouvement ou une préposition, pas les deux")
        return self


class AbsoluteIn(CommandIn):
    """Point somewhere: pan and tilt −1…1, zoom 0…1 (unchanged when absent)."""

    pan: Range
    tilt: Range
    zoom: Zoom | None = None


class RelativeIn(CommandIn):
    """Turn by so much of the whole range."""

    pan: Range = 0.0
    tilt: Range = 0.0
    zoom: Range = 0.0


class GoToIn(CommandIn):
    """Go to a preset by the registry's number, or by the camera's token."""

    number: Annotated[int, Field(ge=1, le=256)] | None = None
    token: Token | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.number is None) == (self.token is None):
            raise ValueError("un numéro ou un jeton, l'un des deux")
        return self


class PointIn(CommandIn):
    """A place of the map to look at."""

    lon: Longitude
    lat: Latitude


class TakeOverIn(BaseModel):
    """Why a camera is taken from whom it serves: kept in the register."""

    model_config = ConfigDict(extra="forbid")

    motive_text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]
    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None


class TourStartIn(BaseModel):
    """The tour to run, one of the registry's for this camera."""

    model_config = ConfigDict(extra="forbid")

    tour_id: Token
    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None


class PtzOut(BaseModel):
    """Who holds the motors after a command, and until when if nothing else is commanded.

    ``sent``: false when a newer command took its place.
    """

    holder_id: str
    holder_name: str
    held_until: datetime
    sent: bool = True


class HolderOut(BaseModel):
    """Who moves a camera; ``remaining_seconds`` until it is free if nothing else is commanded."""

    holder_id: str
    holder_name: str
    rank: str
    since: datetime
    held_until: datetime
    remaining_seconds: float
    mine: bool


class PositionOut(BaseModel):
    """Where the camera pointed at ``at`` (generic spaces)."""

    pan: float
    tilt: float
    zoom: float
    at: datetime
    moving: bool


class RunningTourOut(BaseModel):
    """The ronde of a camera and the number of the preset that comes next."""

    tour_id: str
    name: str
    next_preset: int
    due_at: datetime
    started_by: str


class PtzStateOut(BaseModel):
    """Who moves a camera now, for everybody who watches it.

    ``may_command``: the caller's next command would be taken; ``may_take_over``: only after a take-over.
    """

    camera_id: str
    holder: HolderOut | None
    may_command: bool
    may_take_over: bool
    tour: RunningTourOut | None
    position: PositionOut | None
    calibrated: bool


class PresetOut(BaseModel):
    """A preset: of the registry (``number``), of the camera alone, or of both."""

    name: str
    number: int | None
    token: str | None
    pan: float | None
    tilt: float | None
    zoom: float | None
    on_camera: bool
    reachable: bool


class TourOut(BaseModel):
    """A tour of the registry; ``runnable``: every stop of it can be gone to."""

    tour_id: str
    name: str
    presets: list[int]
    runnable: bool


class PresetList(BaseModel):
    """Presets and tours. ``camera_answered``: the camera was asked and told what it keeps."""

    items: list[PresetOut]
    tours: list[TourOut]
    camera_answered: bool


class PresetIn(BaseModel):
    """Keep where the camera points now; ``token`` replaces one of its presets."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    token: Token | None = None


class KeptPresetOut(BaseModel):
    """The camera's token of a preset that it now keeps."""

    token: str
    name: str


class ReferenceIO(BaseModel):
    """A place, and what the motors say when the camera points at it."""

    pan: Range
    tilt: Range
    lon: Longitude
    lat: Latitude


class CalibrationIn(BaseModel):
    """Two or more places that the camera was pointed at. ``height_m``: above the ground that it looks at.

    ``wide_deg`` and ``tele_deg``: horizontal opening at both ends of the zoom, so that a slew can zoom as well.
    """

    model_config = ConfigDict(extra="forbid")

    height_m: Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)]
    points: Annotated[list[ReferenceIO], Field(min_length=2, max_length=MOST_REFERENCES)]
    wide_deg: Annotated[float, Field(ge=0.5, le=120, allow_inf_nan=False)] | None = None
    tele_deg: Annotated[float, Field(ge=0.5, le=120, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _both_openings(self) -> Self:
        if (self.wide_deg is None) != (self.tele_deg is None):
            raise ValueError("les deux ouvertures, ou aucune")
        return self


class CalibrationOut(BaseModel):
    """How a camera lies in the world; ``residual_deg`` is the largest angle by which a reference is missed."""

    camera_id: str
    height_m: float
    pan_zero_deg: float
    pan_gain_deg: float
    tilt_zero_deg: float
    tilt_gain_deg: float
    residual_deg: float
    wide_deg: float | None
    tele_deg: float | None
    points: list[ReferenceIO]
    calibrated_by: str
    calibrated_at: datetime
    stale: bool
