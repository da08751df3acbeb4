"""What a camera can see of the ground, and which cameras to look through first."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from camera_registry.domain.camera import Optics
from camera_registry.domain.plane import Plane, bearing_of
from camera_registry.domain.position import Position, distance_m
from contracts.registry import CameraKind

FULL_TURN = 360.0
_HALF_TURN = 180.0
_EDGE = 1e-9


class Why(StrEnum):
    """Why a camera is proposed for a place, the best reason first."""

    PTZ = "ptz"
    VOIT = "voit"
    PROCHE = "proche"


RANK = {Why.PTZ: 0, Why.VOIT: 1, Why.PROCHE: 2}


@dataclass(frozen=True, slots=True)
class UsualOptics:
    """What a kind of camera sees where nobody measured it: range in metres, opening in degrees (0, 360]."""

    range_m: float
    opening_deg: float


UsualOpticsByKind = Mapping[CameraKind, UsualOptics]


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """Part of the ground that a camera covers: a cone, a disc, or unknown.

    ``azimuth_deg`` None: nobody said where it looks. ``turns``: it can be turned to any azimuth. ``measured``: the
    range is the camera's own, not the usual one of its kind. ``placed``: its position is the very spot, not its street.
    """

    position: Position
    range_m: float
    opening_deg: float
    azimuth_deg: float | None
    turns: bool
    measured: bool
    placed: bool = True

    @property
    def all_round(self) -> bool:
        """Whether it covers every azimuth: a panoramic, or one that can be turned."""
        return self.turns or self.opening_deg >= FULL_TURN

    @property
    def known(self) -> bool:
        """Whether the ground covered is known; of a fixed camera without azimuth it is not."""
        return self.placed and (self.all_round or self.azimuth_deg is not None)

    def covers(self, place: Position) -> bool:
        """Tell whether the place lies in the field, its border included; never where the field is unknown."""
        east_m, north_m = Plane.around(self.position).metres(place)
        away_m = math.hypot(east_m, north_m)
        if not self.known or away_m > self.range_m:
            return False
        if self.all_round or self.azimuth_deg is None or away_m == 0.0:
            return True
        return turned(bearing_of(east_m, north_m), self.azimuth_deg) <= self.opening_deg / 2 + _EDGE


@dataclass(frozen=True, slots=True)
class Sighting:
    """A camera proposed for a place: why, how far (metres) and on which bearing it must look (degrees)."""

    camera_id: str
    why: Why
    distance_m: float
    bearing_deg: float


def field_of_view(
    kind: CameraKind,
    position: Position,
    optics: Optics | None,
    *,
    has_ptz: bool,
    usual: UsualOpticsByKind,
    placed: bool = True,
) -> FieldOfView:
    """Return what a camera covers, the usual optics of its kind standing in for what nobody measured."""
    default = usual[kind]
    known = optics or Optics()
    return FieldOfView(
        position=position,
        range_m=known.range_m if known.range_m is not None else default.range_m,
        opening_deg=known.opening_deg if known.opening_deg is not None else default.opening_deg,
        azimuth_deg=known.azimuth_deg,
        turns=has_ptz,
        measured=known.range_m is not None,
        placed=placed,
    )


def sighting(camera_id: str, view: FieldOfView, place: Position, *, hidden: bool = False) -> Sighting:
    """Judge one camera for a place; ``hidden``: a building stands between them."""
    why = Why.PROCHE
    if not hidden and view.covers(place):
        why = Why.PTZ if view.turns else Why.VOIT
    bearing_deg = bearing_of(*Plane.around(view.position).metres(place))
    return Sighting(camera_id, why, distance_m(view.position, place), bearing_deg)


def best_first(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Order by reason (PTZ in range, in the field of view, merely near), then by distance, then by id."""
    return sorted(sightings, key=lambda one: (RANK[one.why], one.distance_m, one.camera_id))


def turned(bearing_deg: float, azimuth_deg: float) -> float:
    """Return the angle between two directions, in [0, 180] degrees."""
    return abs((bearing_deg - azimuth_deg + _HALF_TURN) % FULL_TURN - _HALF_TURN)
