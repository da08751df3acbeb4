"""Requests and responses about places: near, seen, covered, inside, clustered, built."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from camera_registry.domain.field_of_view import Why
from camera_registry.domain.footprints import Footprints
from camera_registry.repository.clusters import Cluster
from camera_registry.schemas.cameras import CameraOut
from camera_registry.use_cases.geography import Coverage, Sighted
from contracts.envelope import Insee

_TENTHS = 1


class NearCamera(CameraOut):
    """A camera and what it is worth for a place.

    ``why``: ``ptz`` (can be turned to it), ``voit`` (in its field of view), ``proche`` (near, no more).
    ``bearing_deg``: from the camera to the place, from true north, clockwise. Both None where only nearness was asked.
    """

    why: Why | None = None
    bearing_deg: float | None = None

    @classmethod
    def of(cls, one: Sighted) -> Self:
        seen: dict[str, Any] = dict(CameraOut.model_validate(one.camera))
        seen |= {
            "why": one.sighting.why,
            "distance_m": round(one.sighting.distance_m, _TENTHS),
            "bearing_deg": round(one.sighting.bearing_deg, _TENTHS),
        }
        return cls.model_construct(**seen)


class NearCameraList(BaseModel):
    """Cameras for a place, best first."""

    items: list[NearCamera]
    next_cursor: str | None = None


class CoverageProperties(BaseModel):
    """What the polygon is. ``shape`` ``inconnu``: nobody said where it looks; the disc is all it could cover.

    ``measured``: range measured, else usual for its kind. ``buildings``: footprints that were reckoned with.
    """

    camera_id: str
    shape: Literal["cone", "disque", "inconnu"]
    azimuth_deg: float | None
    opening_deg: float
    range_m: float
    measured: bool
    turns: bool
    buildings: int


class CoverageOut(BaseModel):
    """A GeoJSON Feature: the ground that a camera covers."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: CoverageProperties

    @classmethod
    def of(cls, camera_id: str, coverage: Coverage) -> "CoverageOut":
        view = coverage.view
        shape = "inconnu" if not view.known else "disque" if view.all_round else "cone"
        return cls(
            geometry=coverage.area.to_geojson(),
            properties=CoverageProperties(
                camera_id=camera_id,
                shape=shape,
                azimuth_deg=view.azimuth_deg,
                opening_deg=view.opening_deg,
                range_m=view.range_m,
                measured=view.measured,
                turns=view.turns,
                buildings=coverage.buildings,
            ),
        )


class InsideIn(BaseModel):
    """Where: a GeoJSON Polygon or MultiPolygon, or the perimeter of an arrêté; one of the two."""

    model_config = ConfigDict(extra="forbid")

    area: dict[str, Any] | None = None
    authorisation_id: str | None = Field(default=None, max_length=100, pattern=r"^[^\x00]*$")
    cursor: str | None = None
    limit: int = Field(default=500, ge=1, le=5000)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.area is None) == (self.authorisation_id is None):
            raise ValueError("donnez soit une zone (area), soit un arrêté (authorisation_id)")
        return self


class InsideList(BaseModel):
    """A page of the cameras inside; ``total`` counts all of them."""

    items: list[CameraOut]
    total: int
    next_cursor: str | None = None


class ClusterOut(BaseModel):
    """Cameras that a map draws as one: their number, their states, their middle; ``camera_id`` of a lone one."""

    model_config = ConfigDict(from_attributes=True)

    lon: float
    lat: float
    count: int
    online: int
    offline: int
    camera_id: str | None

    @classmethod
    def of(cls, one: Cluster) -> "ClusterOut":
        return cls.model_validate(one)


class ClusterList(BaseModel):
    """The clusters of a box at a zoom."""

    items: list[ClusterOut]
    next_cursor: str | None = None


class BuildingsIn(BaseModel):
    """Building footprints of a commune: a GeoJSON FeatureCollection in WGS 84. They replace those it had."""

    model_config = ConfigDict(extra="forbid")

    insee: Insee
    footprints: dict[str, Any]


class FootprintRefusedOut(BaseModel):
    """A feature that was left out: its number in the file, from 1, and what to mend."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    message: str


class BuildingsReport(BaseModel):
    """What was kept, and what not: all of it is counted, the first hundred are told."""

    insee: str
    kept: int
    refused: int
    errors: list[FootprintRefusedOut]

    @classmethod
    def of(cls, insee: str, footprints: Footprints) -> "BuildingsReport":
        told = [FootprintRefusedOut.model_validate(one) for one in footprints.refused[:100]]
        return cls(insee=insee, kept=len(footprints.outlines), refused=len(footprints.refused), errors=told)
