"""Moving a nomad camera, and telling where it stood."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.camera import Camera
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.placement import Placement, PlacementRefused, check_ground, check_move, moved
from camera_registry.domain.position import Position, PositionPrecision
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.cameras import lock_register, one_camera
from camera_registry.repository.communes import all_communes
from camera_registry.repository.placements import placements_of, save_placements
from camera_registry.repository.sites import one_site, save_site
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.coverage import settle
from camera_registry.use_cases.masks import void_masks


@dataclass(frozen=True, slots=True)
class Move:
    """What a person says of a move; ``site_id`` None: a new site is made. ``today`` is the day in Paris."""

    placement_id: str
    position: Position
    site_id: str | None
    label: str
    from_at: datetime
    prefet_informed_on: date
    today: date
    by: str


async def history_of(*, conn: AsyncConnection, vault: CredentialVault, camera_id: str) -> tuple[Placement, ...]:
    """Return a camera's stays by time, the present one last. Raises CameraUnknown."""
    return await _history(conn, await _known(conn, vault, camera_id))


async def move_nomad(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    camera_id: str,
    move: Move,
    writable: frozenset[str] | None,
    at: datetime,
) -> tuple[Placement, ...]:
    """Record a move and return the stays; the same move again (a doubled click) changes nothing.

    The masks are void before the camera stands at its new place. ``writable``: communes of the caller, None: all.
    Raises CameraUnknown, PlacementRefused.
    """
    await lock_register(conn)
    before = await _known(conn, vault, camera_id)
    history = await _history(conn, before)
    if _repeated(history[-1], move):
        return history
    check_move(before, from_at=move.from_at, at=at, prefet_informed_on=move.prefet_informed_on, today=move.today)
    covering = (await all_authorisations(conn, [before.insee])).get(before.authorisation_id or "")
    named = set(covering.communes) if covering else set[str]()
    communes = await all_communes(conn, named | {before.insee})
    site = await _site(conn, before, move, covering, communes, len(history))
    if writable is not None and site.insee not in writable:
        raise PlacementRefused("position", "Ce point est dans une commune où vous n'intervenez pas.")
    contours = {insee: commune.contour for insee, commune in communes.items()}
    arrete = check_ground(_standing(before, move, site), covering, contours, at)
    following = _placement(before, move, site, arrete)
    stays = moved(history, following)
    if move.position != before.position:
        reason = "caméra nomade déplacée"
        await void_masks(conn, vault=vault, camera_id=camera_id, reason=reason, at=at)
    await save_site(conn, site)
    await save_placements(conn, stays[-2:])
    after = _standing(await _known(conn, vault, camera_id), move, site)
    await settle(conn=conn, vault=vault, touched=[after.revised()], at=at)
    return stays


async def _history(conn: AsyncConnection, camera: Camera) -> tuple[Placement, ...]:
    """Return the stays; that of a camera which never moved is where it stands, since it was registered."""
    stored = await placements_of(conn, camera.camera_id)
    if stored:
        return tuple(stored)
    first = Placement(
        placement_id=f"{camera.camera_id}-0",
        camera_id=camera.camera_id,
        site_id=camera.site_id,
        label=camera.label,
        position=camera.position,
        from_at=camera.registered_at,
        until_at=None,
        prefet_informed_on=None,
        authorisation_id=camera.authorisation_id,
        moved_by="",
    )
    return (first,)


async def _site(
    conn: AsyncConnection,
    before: Camera,
    move: Move,
    covering: Authorisation | None,
    communes: dict[str, Commune],
    moves: int,
) -> Site:
    """Return the site of the move: the one named, or a new one in the commune that holds the place."""
    if move.site_id is not None:
        site = await one_site(conn, move.site_id)
        if site is None or site.insee not in communes:
            raise PlacementRefused("site_id", "Ce point d'implantation n'existe pas ici : choisissez-en un autre.")
        return site
    nearest_first = [before.insee, *(covering.communes if covering else ())]
    insee = next((code for code in nearest_first if communes[code].contour.contains(move.position)), before.insee)
    return Site(f"{before.camera_id}-P{moves}", insee, move.label, move.position)


def _standing(camera: Camera, move: Move, site: Site) -> Camera:
    return replace(
        camera, position=move.position, insee=site.insee, site_id=site.site_id, precision=PositionPrecision.EXACT
    )


def _placement(camera: Camera, move: Move, site: Site, arrete: Authorisation) -> Placement:
    return Placement(
        placement_id=move.placement_id,
        camera_id=camera.camera_id,
        site_id=site.site_id,
        label=move.label,
        position=move.position,
        from_at=move.from_at,
        until_at=None,
        prefet_informed_on=move.prefet_informed_on,
        authorisation_id=arrete.authorisation_id,
        moved_by=move.by,
    )


def _repeated(last: Placement, move: Move) -> bool:
    return (last.position, last.label, last.prefet_informed_on, last.moved_by) == (
        move.position,
        move.label,
        move.prefet_informed_on,
        move.by,
    ) and (last.placement_id == move.placement_id or last.from_at == move.from_at)


async def _known(conn: AsyncConnection, vault: CredentialVault, camera_id: str) -> Camera:
    camera = await one_camera(conn, vault, camera_id)
    if camera is None:
        raise CameraUnknown(camera_id)
    return camera
