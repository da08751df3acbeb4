"""Requests and responses about where a nomad stood."""

from collections.abc import Iterable
from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.placement import Placement
from camera_registry.schemas.texts import Key, Line


class PlacementIn(BaseModel):
    """A move: since when (``from``, absent: now), where, and when the préfet was informed."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    label: Line
    site_id: Key | None = None
    placement_id: Key | None = None
    from_at: AwareDatetime | None = Field(default=None, alias="from")
    prefet_informed_on: date


class PlacementOut(BaseModel):
    """A stay in [from, until); ``until`` null: it stands there now."""

    placement_id: str
    site_id: str
    label: str
    lon: float
    lat: float
    from_at: AwareDatetime = Field(serialization_alias="from")
    until_at: AwareDatetime | None = Field(serialization_alias="until")
    prefet_informed_on: date | None
    authorisation_id: str | None
    moved_by: str

    @classmethod
    def of(cls, one: Placement) -> "PlacementOut":
        return cls(
            placement_id=one.placement_id,
            site_id=one.site_id,
            label=one.label,
            lon=one.position.lon,
            lat=one.position.lat,
            from_at=one.from_at,
            until_at=one.until_at,
            prefet_informed_on=one.prefet_informed_on,
            authorisation_id=one.authorisation_id,
            moved_by=one.moved_by,
        )


class PlacementList(BaseModel):
    """The stays of a camera by time, the present one last."""

    items: list[PlacementOut]

    @classmethod
    def of(cls, stays: Iterable[Placement]) -> "PlacementList":
        return cls(items=[PlacementOut.of(one) for one in stays])
