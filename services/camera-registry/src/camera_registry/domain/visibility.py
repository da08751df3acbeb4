"""The ground that a camera covers as a polygon: its cone or disc, less what buildings hide.

Everything is reckoned in the plane around the camera (see `plane`), the camera at (0, 0), x east and y north.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camera_registry.domain.field_of_view import FieldOfView
from camera_registry.domain.plane import Plane
from camera_registry.domain.position import Area, Position, prepared

Floats = NDArray[np.float64]

_STEP = math.radians(2.0)
"""Two degrees of arc: the chord stays within 3 cm of the circle at 200 m."""

_FAR = 1.5
_NO_TURN = 1e-12
_TOUCH_M = 0.01
_TOUCH_DEG = 1e-7
_CAMERA = shapely.Point(0.0, 0.0)


def coverage_area(view: FieldOfView, buildings: Sequence[BaseGeometry] = ()) -> Area:
    """Return the ground covered, in degrees; of a camera that nobody said where it looks, all it could cover.

    ``buildings`` are footprints in degrees. One that holds the camera does not count: a camera on a façade or a roof
    looks away from its own building, and positions are rarely good enough to tell on which side it hangs.
    """
    plane = Plane.around(view.position)
    covered = visible_part(cone(view), [on_plane(plane, building) for building in buildings], view.range_m)
    return Area(prepared(shapely.set_precision(_in_degrees(plane, covered), 1e-9)))


def hidden(view: FieldOfView, place: Position, buildings: Sequence[BaseGeometry]) -> bool:
    """Tell whether a building stands between camera and place; one that holds either of them does not count.

    The address of an incident is often the middle of a building: what one wants to see then is its front.
    """
    if not buildings:
        return False
    camera, there = shapely.Point(view.position.lon, view.position.lat), shapely.Point(place.lon, place.lat)
    outlines = np.asarray(buildings, dtype=object)
    between = outlines[~(shapely.intersects(outlines, camera) | shapely.intersects(outlines, there))]
    behind = shapely.intersection(shapely.LineString([camera, there]), between)
    return bool(np.any(shapely.length(behind) > _TOUCH_DEG))


def cone(view: FieldOfView) -> shapely.Polygon:
    """Return the cone or disc in the plane, as if there were no building."""
    first, span = _sweep(view)
    angles = first + np.linspace(0.0, span, max(2, math.ceil(span / _STEP) + 1))
    ring = view.range_m * np.column_stack([np.cos(angles), np.sin(angles)])
    return shapely.Polygon(ring[:-1]) if _closed(span) else shapely.Polygon(np.vstack([[(0.0, 0.0)], ring]))


def visible_part(whole: shapely.Polygon, buildings: Sequence[BaseGeometry], range_m: float) -> BaseGeometry:
    """Return the part of a cone or disc that can be seen from (0, 0) past the buildings, all in the plane."""
    standing = [one for one in buildings if one.intersects(whole) and not one.intersects(_CAMERA)]
    if not standing:
        return whole
    blocks = shapely.union_all(standing)
    seen = shapely.make_valid(_swept(_edges(blocks), _FAR * range_m))
    part = seen.intersection(whole).difference(blocks)
    return max(_polygons(part), key=_nearest_then_largest, default=whole)


def on_plane(plane: Plane, geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry in degrees as metres of the plane."""
    return shapely.transform(
        geometry,
        lambda points: (
            (points - (plane.origin.lon, plane.origin.lat)) * (plane.east_m_per_degree, plane.north_m_per_degree)
        ),
    )


def _in_degrees(plane: Plane, geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(
        geometry,
        lambda points: (
            points / (plane.east_m_per_degree, plane.north_m_per_degree) + (plane.origin.lon, plane.origin.lat)
        ),
    )


def _sweep(view: FieldOfView) -> tuple[float, float]:
    """Return where the sweep begins and how far it goes, in radians counter-clockwise from east."""
    if view.all_round or view.azimuth_deg is None:
        return -math.pi, 2 * math.pi
    span = math.radians(view.opening_deg)
    return math.radians(90.0 - view.azimuth_deg) - span / 2, span


def _closed(span: float) -> bool:
    return span >= 2 * math.pi - _NO_TURN


def _swept(edges: Floats, far_m: float) -> shapely.Polygon:
    """Return what a ray from (0, 0) sweeps before it meets an edge, or ``far_m``, all round.

    Edges (rows ax, ay, bx, by) do not cross each other. Between two neighbouring angles of the sweep no edge begins
    or ends, so that the edge which is nearest in the middle is nearest all along.
    """
    starts, ends, edges = _turned_counter_clockwise(edges)
    arc = np.linspace(0.0, 2 * np.pi, math.ceil(2 * np.pi / _STEP) + 1)
    angles = np.unique(np.concatenate([arc, starts, ends]))
    middles = (angles[:-1] + angles[1:]) / 2
    nearest_m = np.full(len(middles), np.inf)
    nearest_edge = np.full(len(middles), -1)
    first, last = np.searchsorted(angles, starts), np.searchsorted(angles, ends)
    for number, edge in enumerate(edges):
        window = slice(first[number], last[number])
        away_m = _meeting(edge[np.newaxis, :], middles[window])
        better = away_m < nearest_m[window]
        nearest_m[window][better] = away_m[better]
        nearest_edge[window][better] = number
    met = nearest_edge >= 0
    reach = np.full((len(middles), 2), far_m)
    reach[met, 0] = _meeting(edges[nearest_edge[met]], angles[:-1][met])
    reach[met, 1] = _meeting(edges[nearest_edge[met]], angles[1:][met])
    around = np.column_stack([angles[:-1], angles[1:]])
    ring = np.stack([reach * np.cos(around), reach * np.sin(around)], axis=-1).reshape(-1, 2)
    return shapely.Polygon(ring)


def _turned_counter_clockwise(edges: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the angle [0, 2π] at which each edge begins and ends, and the edges, cut where the sweep begins.

    An edge on a ray from the camera hides nothing of its own and is left out.
    """
    begin = np.arctan2(edges[:, 1], edges[:, 0])
    turn = (np.arctan2(edges[:, 3], edges[:, 2]) - begin + np.pi) % (2 * np.pi) - np.pi
    starts = np.where(turn >= 0, begin, begin + turn) % (2 * np.pi)
    ends = starts + np.abs(turn)
    wide = np.abs(turn) > _NO_TURN
    starts, ends, edges = starts[wide], ends[wide], edges[wide]
    over = ends > 2 * np.pi
    return (
        np.concatenate([starts, np.zeros(int(over.sum()))]),
        np.concatenate([np.minimum(ends, 2 * np.pi), ends[over] - 2 * np.pi]),
        np.vstack([edges, edges[over]]),
    )


def _meeting(edges: Floats, angles: Floats) -> Floats:
    """Return how far from (0, 0) rays at these angles meet the lines through these edges, pair by pair."""
    ax, ay = edges[:, 0], edges[:, 1]
    along_x, along_y = edges[:, 2] - ax, edges[:, 3] - ay
    return (ax * along_y - ay * along_x) / (np.cos(angles) * along_y - np.sin(angles) * along_x)


def _edges(blocks: BaseGeometry) -> Floats:
    """Return every edge of the outlines as a row ax, ay, bx, by."""
    rings = [shapely.get_coordinates(ring) for one in _polygons(blocks) for ring in [one.exterior, *one.interiors]]
    return np.vstack([np.hstack([ring[:-1], ring[1:]]) for ring in rings])


def _polygons(geometry: BaseGeometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.Polygon) and not part.is_empty]


def _nearest_then_largest(part: shapely.Polygon) -> tuple[bool, float]:
    return part.distance(_CAMERA) <= _TOUCH_M, part.area
