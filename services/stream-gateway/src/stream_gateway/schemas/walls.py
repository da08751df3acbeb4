"""Scenes and screens."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from contracts.envelope import Insee
from stream_gateway.schemas.texts import CameraId

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
ScreenId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Preset = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Layout = Literal[1, 4, 9, 16]


class TileIn(BaseModel):
    """A camera in a place; ``preset``: where it is to look when a scene is pushed."""

    camera_id: CameraId
    preset: Preset | None = None


class LayoutIn(BaseModel):
    """Tiles in order, null for an empty place; places that are not named are empty."""

    layout: Layout
    tiles: Annotated[list[TileIn | None], Field(max_length=16)]


class SceneIn(LayoutIn):
    """A scene; ``shared`` takes the right to define rondes and scenes."""

    name: Name
    shared: bool = False


class TileOut(BaseModel):
    """A tile as the caller may know it: ``hidden`` where the camera is outside the caller's communes."""

    camera_id: str | None
    preset: str | None = None
    hidden: bool = False


class SceneOut(BaseModel):
    """A scene."""

    scene_id: UUID
    name: str
    layout: int
    tiles: list[TileOut | None]
    shared: bool
    owner_id: str
    owner_name: str
    changed_at: datetime


class SceneList(BaseModel):
    """Scenes by name."""

    items: list[SceneOut]


class ScreenIn(BaseModel):
    """A screen of a wall; ``communes``: whose cameras it may show."""

    label: Name
    wall: Name
    communes: Annotated[list[Insee], Field(min_length=1, max_length=200)]


class SeatOut(BaseModel):
    """Who is logged in at a screen now."""

    agent_id: str
    agent_name: str
    until: datetime


class ScreenOut(BaseModel):
    """What a screen shows, who put it there and when; ``origin``: agent, scene, ronde or definition."""

    screen_id: str
    label: str
    wall: str
    communes: list[str]
    layout: int
    tiles: list[TileOut | None]
    origin: str
    scene_id: UUID | None
    scene_name: str
    pushed_by: str
    pushed_by_name: str
    pushed_at: datetime
    revision: int
    seat: SeatOut | None


class ScreenList(BaseModel):
    """Screens by wall and label."""

    items: list[ScreenOut]


class PushIn(BaseModel):
    """Either a scene, or a layout with its tiles."""

    scene_id: UUID | None = None
    content: LayoutIn | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.scene_id is None) == (self.content is None):
            raise ValueError("une scène ou une disposition, l'une des deux")
        return self


class PresetOut(BaseModel):
    """What became of one camera's position: atteinte, camera_prise_en_main, refusee or echec."""

    camera_id: str
    outcome: str
    reason: str


class PushOut(BaseModel):
    """The screen as it is now, and the cameras that were sent to a position."""

    screen: ScreenOut
    presets: list[PresetOut]


class PlaceIn(BaseModel):
    """What one place shows from now on; null empties it."""

    tile: TileIn | None
