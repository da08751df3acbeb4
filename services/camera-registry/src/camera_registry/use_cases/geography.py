"""Questions of place: who sees this spot, what does this camera cover, what stands in this area."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Optics
from camera_registry.domain.field_of_view import (
    FieldOfView,
    Sighting,
    UsualOpticsByKind,
    Why,
    best_first,
    field_of_view,
    sighting,
)
from camera_registry.domain.footprints import Footprints, read_footprints
from camera_registry.domain.position import Area, Position, PositionPrecision
from camera_registry.domain.visibility import coverage_area, hidden
from camera_registry.repository.authorisations import one_authorisation
from camera_registry.repository.buildings import box_around, box_between, buildings_in, replace_buildings
from camera_registry.repository.communes import all_communes
from camera_registry.repository.nearby import Candidate, Nearby
from camera_registry.repository.placed import placed_in
from camera_registry.repository.visible import CameraOverview, visible_to
from camera_registry.use_cases.authorisations import AuthorisationUnknown
from contracts.registry import CameraKind


class CommuneUnknown(LookupError):
    """No commune of the town has this code."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """A camera and why it is proposed for a place."""

    camera: CameraOverview
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Coverage:
    """The ground that a camera covers; ``buildings`` is how many footprints were looked at."""

    view: FieldOfView
    area: Area
    buildings: int


async def nearest_usable(
    *,
    conn: AsyncConnection,
    insee_codes: Iterable[str],
    usual: UsualOpticsByKind,
    place: Position,
    limit: int,
    at: datetime,
) -> list[Sighted]:
    """Return the cameras to look through for a place, best first (see `best_first`), among those that can be watched.

    Usable: in service, with a stream, not known to be offline, masks signed, under an arrêté in force at ``at``.
    """
    scope = tuple(sorted(insee_codes))
    candidates = await Nearby(scope, usual, at).around(conn, place, limit=limit)
    best = best_first(await _judged(conn, candidates, place))[:limit]
    return _with_cameras(candidates, best)


async def seeing(
    *, conn: AsyncConnection, insee_codes: Iterable[str], usual: UsualOpticsByKind, place: Position, limit: int
) -> list[Sighted]:
    """Return the cameras whose field of view holds a place, whatever their state: best first."""
    scope = tuple(sorted(insee_codes))
    candidates = await Nearby(scope, usual, usable_at=None).reaching(conn, place)
    judged = await _judged(conn, candidates, place)
    best = best_first(one for one in judged if one.why is not Why.PROCHE)[:limit]
    return _with_cameras(candidates, best)


async def coverage_of(*, conn: AsyncConnection, camera: CameraOverview, usual: UsualOpticsByKind) -> Coverage:
    """Return the ground that a camera covers, less what the known buildings hide."""
    view = field_of_view(
        CameraKind(camera.kind),
        Position(camera.lon, camera.lat),
        Optics(camera.azimuth_deg, camera.opening_deg, camera.range_m),
        has_ptz=camera.has_ptz,
        usual=usual,
        placed=camera.position_precision == PositionPrecision.EXACT.value,
    )
    buildings = await buildings_in(conn, [box_around(view.position, view.range_m)]) if view.placed else []
    return Coverage(view, coverage_area(view, buildings), len(buildings))


async def inside_area(*, conn: AsyncConnection, insee_codes: Iterable[str], area: Area) -> list[str]:
    """Return the ids of the cameras in a polygon, its border included, in order."""
    west, south, east, north = area.geometry.bounds
    placed = await placed_in(conn, sorted(insee_codes), (west, south, east, north))
    return [camera.camera_id for camera in placed if area.contains(camera.position)]


async def inside_perimeter(*, conn: AsyncConnection, insee_codes: Iterable[str], authorisation_id: str) -> list[str]:
    """Return the ids of the cameras on the ground of an arrêté, in order, whether or not it has a place for them.

    Raises AuthorisationUnknown, also for an arrêté over none of these communes.
    """
    authorisation = await one_authorisation(conn, authorisation_id)
    scope = sorted(set(authorisation.communes) & set(insee_codes)) if authorisation else []
    if authorisation is None or not scope:
        raise AuthorisationUnknown(authorisation_id)
    contours = {insee: commune.contour for insee, commune in (await all_communes(conn, scope)).items()}
    placed = await placed_in(conn, scope, None)
    return [camera.camera_id for camera in placed if authorisation.encloses(camera, contours)]


async def page_of(
    *, conn: AsyncConnection, insee_codes: Iterable[str], camera_ids: Sequence[str], after: str | None, limit: int
) -> list[CameraOverview]:
    """Return at most ``limit`` of the cameras with these ids (in order), those beyond ``after``."""
    start = bisect_right(camera_ids, after) if after is not None else 0
    wanted = camera_ids[start : start + limit]
    found = await visible_to(insee_codes).chosen(conn, wanted)
    return [found[camera_id] for camera_id in wanted if camera_id in found]


async def import_buildings(*, conn: AsyncConnection, insee: str, document: Mapping[str, Any]) -> Footprints:
    """Replace a commune's footprints by those of a GeoJSON file; nothing is stored when none of it can be read.

    Raises CommuneUnknown, domain.footprints.FootprintsUnreadable.
    """
    commune = (await all_communes(conn, [insee])).get(insee)
    if commune is None:
        raise CommuneUnknown(insee)
    footprints = await asyncio.to_thread(read_footprints, document, commune.contour)  # seconds, for a town
    if footprints.outlines or not footprints.refused:
        await replace_buildings(conn, insee, footprints.outlines)
    return footprints


async def _judged(conn: AsyncConnection, candidates: Sequence[Candidate], place: Position) -> list[Sighting]:
    facing = {one.camera_id for one in candidates if one.view.covers(place)}
    between = [box_between(one.view.position, place) for one in candidates if one.camera_id in facing]
    buildings = await buildings_in(conn, between)
    return [
        sighting(one.camera_id, one.view, place, hidden=one.camera_id in facing and hidden(one.view, place, buildings))
        for one in candidates
    ]


def _with_cameras(candidates: Sequence[Candidate], best: Sequence[Sighting]) -> list[Sighted]:
    found = {one.camera_id: one for one in candidates}
    return [Sighted(found[one.camera_id].camera, one) for one in best]
