"""Moves of a camera."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from stream_gateway.schemas.texts import ContextId

Speed = Annotated[float, Field(ge=-1, le=1)]


class PtzIn(BaseModel):
    """A move (speeds −1…1, for at most 2 s) or a preset, not both."""

    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0
    duration_ms: Annotated[int, Field(ge=50, le=2000)] = 500
    preset: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    incident_id: ContextId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.preset is not None and (self.pan or self.tilt or self.zoom):
            raise ValueError("un mouvement ou une préposition, pas les deux")
        return self


class PtzOut(BaseModel):
    """Who holds the motors after this command, and until when if nothing else is commanded."""

    holder_id: str
    holder_name: str
    held_until: datetime
