"""Requests and responses about presets and tours."""

from pydantic import BaseModel, ConfigDict, Field

from camera_registry.domain.presets import MAX_DWELL_S, MAX_PRESETS, MAX_STEPS, MIN_DWELL_S, Preset, Tour, TourStep
from camera_registry.schemas.texts import ShortText
from camera_registry.use_cases.presets import Mounting


class PresetIn(BaseModel):
    """A preset under the number of its address. ``pan``/``tilt`` in [-1, 1], ``zoom`` in [0, 1] (ONVIF generic)."""

    model_config = ConfigDict(extra="forbid")

    name: ShortText = Field(max_length=80)
    token: ShortText | None = None
    pan: float | None = Field(default=None, ge=-1, le=1)
    tilt: float | None = Field(default=None, ge=-1, le=1)
    zoom: float | None = Field(default=None, ge=0, le=1)

    def to_domain(self, preset_id: str, camera_id: str, number: int) -> Preset:
        """Return the preset; raises domain.PresetInvalid."""
        return Preset(preset_id, camera_id, number, self.name, self.token, self.pan, self.tilt, self.zoom)


class StepIn(BaseModel):
    """One stop: the number of a preset, and seconds to rest there."""

    model_config = ConfigDict(extra="forbid")

    preset: int = Field(ge=1, le=MAX_PRESETS)
    dwell_s: int = Field(ge=MIN_DWELL_S, le=MAX_DWELL_S)


class TourIn(BaseModel):
    """A tour under the id of its address."""

    model_config = ConfigDict(extra="forbid")

    name: ShortText = Field(max_length=80)
    steps: list[StepIn] = Field(min_length=1, max_length=MAX_STEPS)

    def to_domain(self, tour_id: str, camera_id: str) -> Tour:
        """Return the tour; raises domain.PresetInvalid."""
        return Tour(tour_id, camera_id, self.name, tuple(TourStep(step.preset, step.dwell_s) for step in self.steps))


class PresetOut(BaseModel):
    """A preset."""

    number: int
    name: str
    token: str | None
    pan: float | None
    tilt: float | None
    zoom: float | None


class StepOut(BaseModel):
    """One stop of a tour."""

    preset: int
    dwell_s: int


class TourOut(BaseModel):
    """A tour."""

    tour_id: str
    name: str
    steps: list[StepOut]


class MountingOut(BaseModel):
    """The presets and tours of a camera."""

    presets: list[PresetOut]
    tours: list[TourOut]

    @classmethod
    def of(cls, mounting: Mounting) -> "MountingOut":
        return cls(
            presets=[
                PresetOut(number=one.number, name=one.name, token=one.token, pan=one.pan, tilt=one.tilt, zoom=one.zoom)
                for one in mounting.presets
            ],
            tours=[
                TourOut(
                    tour_id=tour.tour_id,
                    name=tour.name,
                    steps=[StepOut(preset=step.preset, dwell_s=step.dwell_s) for step in tour.steps],
                )
                for tour in mounting.tours
            ],
        )
