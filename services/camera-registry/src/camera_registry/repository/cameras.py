"""Cameras as the registry itself works on them: loaded whole, saved with their state and their event."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.camera import (
    NOT_COUNTED,
    Camera,
    Endpoints,
    Equipment,
    Health,
    Optics,
    StreamProfile,
)
from camera_registry.domain.commune import Commune, folded
from camera_registry.domain.masks import MaskStanding
from camera_registry.domain.position import Position, PositionPrecision, lambert93
from camera_registry.ports import CredentialVault
from camera_registry.repository.takeovers import following_arretes
from camera_registry.tables import authorisations, cameras
from common import outbox
from common.ids import new_id
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.registry import (
    FACT_CAMERA_CHANGED,
    FACT_CAMERA_HEALTH_CHANGED,
    OWNER,
    AlarmKind,
    AuthorisationState,
    CameraChanged,
    CameraHealthChanged,
    CameraKind,
    CameraState,
    CameraStatus,
    EventWindow,
)
from contracts.streams import BUCKET_CAMERAS


async def lock_register(conn: AsyncConnection) -> None:
    """Let one writer at a time change cameras or authorisations.

    Who holds a place of an arrêté depends on every other camera under it: two writers side by side could both
    take the last place.
    """
    await conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('camera_registry.coverage'))"))


async def all_cameras(conn: AsyncConnection, vault: CredentialVault) -> dict[str, Camera]:
    """Return every camera by id, credentials opened. For the registry's own work, never for an answer."""
    rows = (await conn.execute(select(cameras).order_by(cameras.c.camera_id))).all()
    return {row.camera_id: _camera(row, vault) for row in rows}


async def one_camera(conn: AsyncConnection, vault: CredentialVault, camera_id: str) -> Camera | None:
    """Return one camera, credentials opened. For the media plane and the probe, never for an answer."""
    row = (await conn.execute(select(cameras).where(cameras.c.camera_id == camera_id))).one_or_none()
    return _camera(row, vault) if row else None


async def cameras_by_id(conn: AsyncConnection, vault: CredentialVault, camera_ids: Sequence[str]) -> dict[str, Camera]:
    """Return these cameras by id, those that are known; credentials opened, as in `all_cameras`."""
    query = select(cameras).where(cameras.c.camera_id.in_(camera_ids)).order_by(cameras.c.camera_id)
    return {row.camera_id: _camera(row, vault) for row in await conn.execute(query)}


async def one_moment(conn: AsyncConnection) -> None:
    """Let all questions of a transaction that asks nothing else see the register as it is at the first of them.

    To be called before anything else in the transaction, which can write nothing then.
    """
    await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def codes_and_revisions(conn: AsyncConnection) -> dict[str, tuple[str, int]]:
    """Return the code and the revision of every camera, by id: what tells cheaply which of them changed."""
    query = select(cameras.c.camera_id, cameras.c.code, cameras.c.revision)
    return {row.camera_id: (row.code, row.revision) for row in await conn.execute(query)}


async def known_under(conn: AsyncConnection, code: str, *, but: str) -> str | None:
    """Return the id of a camera other than ``but`` which has this code or this id: a code never means two cameras."""
    query = select(cameras.c.camera_id).where(
        (cameras.c.code == code) | (cameras.c.camera_id == code), cameras.c.camera_id != but
    )
    return (await conn.execute(query.limit(1))).scalar_one_or_none()


async def commune_of(conn: AsyncConnection, camera_id: str) -> str | None:
    """Return the INSEE code of a camera's commune, None for a camera nobody registered."""
    return (await conn.execute(select(cameras.c.insee).where(cameras.c.camera_id == camera_id))).scalar_one_or_none()


async def locked_health(conn: AsyncConnection, camera_id: str) -> tuple[str, Health] | None:
    """Return a camera's INSEE code and its health, the row locked until the transaction ends."""
    query = (
        select(cameras.c.insee, cameras.c.online, cameras.c.online_since, cameras.c.online_reason)
        .where(cameras.c.camera_id == camera_id)
        .with_for_update()
    )
    row = (await conn.execute(query)).one_or_none()
    return (row.insee, Health(row.online, row.online_since, row.online_reason)) if row else None


async def save_cameras(
    conn: AsyncConnection,
    vault: CredentialVault,
    items: Sequence[Camera],
    *,
    communes: Mapping[str, Commune],
    covers: Mapping[str, Authorisation],
    at: datetime,
) -> None:
    """Insert or replace cameras, put their states to the ``cameras`` bucket and announce each change.

    ``communes`` and ``covers`` (authorisations by id) hold at least what these cameras refer to.
    """
    if not items:
        return
    statement = insert(cameras)
    rows = [columns_of(camera, communes[camera.insee], vault) for camera in items]
    kept = {"camera_id", "registered_at"}
    statement = statement.on_conflict_do_update(
        index_elements=["camera_id"],
        set_={name: statement.excluded[name] for name in rows[0] if name not in kept},
    )
    await conn.execute(statement, rows)
    following = await following_arretes(conn, [camera.camera_id for camera in items])
    states = [
        outbox.StateRow(
            BUCKET_CAMERAS,
            camera.camera_id,
            state_of(
                camera,
                communes[camera.insee],
                covers.get(camera.authorisation_id or ""),
                following.get(camera.camera_id),
            ),
            aggregate_of(camera.camera_id),
        )
        for camera in items
    ]
    await outbox.append_states(conn, states)
    await outbox.append(conn, [changed_event(camera, at) for camera in items])


async def save_health(
    conn: AsyncConnection, *, camera_id: str, insee: str, health: Health, findings: tuple[AlarmKind, ...], at: datetime
) -> None:
    """Keep whether bytes come from a camera and announce it with what else is wrong."""
    if health.online is None or health.since is None:
        return
    await conn.execute(
        update(cameras)
        .where(cameras.c.camera_id == camera_id)
        .values(online=health.online, online_since=health.since, online_reason=health.reason)
    )
    await announce_health(conn, camera_id=camera_id, insee=insee, health=health, findings=findings, at=at)


async def announce_health(
    conn: AsyncConnection, *, camera_id: str, insee: str, health: Health, findings: tuple[AlarmKind, ...], at: datetime
) -> None:
    """Tell how a camera does; one whose bytes nobody has reported on yet was just looked at, so that they come."""
    payload = CameraHealthChanged(
        camera_id=camera_id,
        online=health.online is not False,
        since=health.since or at,
        reason=health.reason,
        findings=findings,
    )
    await outbox.append(conn, [_event(payload, FACT_CAMERA_HEALTH_CHANGED, camera_id, insee, at)])


@dataclass(frozen=True, slots=True)
class Unsettled:
    """All that time alone can change of who stands under which arrêté; equal ones, equal answer.

    ``arretes``, ``arrete_revisions``, ``begun``, ``ended``: of all arrêtés; ``uncovered``, ``uncovered_revisions``: of
    the cameras under none in force in a commune that one in force names, outside its perimeter or beyond its number.
    """

    arretes: int
    arrete_revisions: int
    begun: int
    ended: int
    uncovered: int
    uncovered_revisions: int


async def unsettled(conn: AsyncConnection, at: datetime) -> Unsettled:
    """Return what decides whether the cameras' arrêtés must be judged anew at an instant; nothing is loaded."""
    in_force = (authorisations.c.valid_from <= at) & (authorisations.c.valid_until > at)
    of_arretes = select(
        func.count(),
        func.coalesce(func.sum(authorisations.c.revision), 0),
        func.count().filter(authorisations.c.valid_from <= at),
        func.count().filter(authorisations.c.valid_until <= at),
    )
    covering = select(authorisations.c.authorisation_id).where(in_force)
    named = select(func.unnest(authorisations.c.communes)).where(in_force)
    of_cameras = select(func.count(), func.coalesce(func.sum(cameras.c.revision), 0)).where(
        cameras.c.authorisation_id.is_(None) | cameras.c.authorisation_id.not_in(covering),
        cameras.c.insee.in_(named),
        cameras.c.status.not_in([status.value for status in NOT_COUNTED]),
    )
    arretes, fleet = (await conn.execute(of_arretes)).one(), (await conn.execute(of_cameras)).one()
    return Unsettled(arretes[0], int(arretes[1]), arretes[2], arretes[3], fleet[0], int(fleet[1]))


def state_of(
    camera: Camera, commune: Commune, authorisation: Authorisation | None, following: Authorisation | None = None
) -> CameraState:
    """Return what every service is told of a camera: no address, no credential.

    ``following`` is the arrêté that takes over when ``authorisation`` ends.
    """
    return CameraState(
        camera_id=camera.camera_id,
        label=camera.label,
        insee=camera.insee,
        commune=commune.name,
        site_id=camera.site_id,
        kind=camera.kind,
        status=camera.status,
        lon=camera.position.lon,
        lat=camera.position.lat,
        has_ptz=camera.has_ptz,
        has_stream=camera.has_stream,
        authorisation=_authorisation_state(authorisation) if authorisation else None,
        masks_signed=camera.masks.signed and not camera.masks.burnt_in,
        masks_review_due=camera.masks.review_due,
        masks_by_media_plane=camera.masks.signed and camera.masks.burnt_in != "",
        masks_revision=camera.masks.burnt_in,
        azimuth_deg=camera.optics.azimuth_deg if camera.optics else None,
        opening_deg=camera.optics.opening_deg if camera.optics else None,
        range_m=camera.optics.range_m if camera.optics else None,
        next_authorisation=_authorisation_state(following) if following and following != authorisation else None,
        revision=camera.revision,
    )


def _authorisation_state(one: Authorisation) -> AuthorisationState:
    return AuthorisationState(
        authorisation_id=one.authorisation_id,
        arrete_number=one.arrete_number,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        mode=one.mode,
        event_windows=tuple(
            EventWindow(starts_at=window.starts_at, ends_at=window.ends_at) for window in one.event_windows
        ),
        retention_days=one.retention_days,
        recipients=one.recipients,
        retention_min_days=one.retention_min_days,
        verbalisation=one.verbalisation,
        partner_watermark=one.partner_watermark,
    )


def aggregate_of(camera_id: str) -> str:
    """Return the name under which a camera's events and states keep their order."""
    return f"camera:{camera_id}"


def changed_event(camera: Camera, at: datetime) -> Envelope:
    """Return the announcement that a camera was registered or changed."""
    payload = CameraChanged(camera_id=camera.camera_id, status=camera.status, revision=camera.revision)
    return _event(payload, FACT_CAMERA_CHANGED, camera.camera_id, camera.insee, at)


def _event(payload: Payload, fact: str, camera_id: str, insee: str, at: datetime) -> Envelope:
    return make_envelope(
        payload,
        event_id=new_id(),
        owner=OWNER,
        fact=fact,
        source="camera-registry",
        aggregate=aggregate_of(camera_id),
        insee=insee,
        at=at,
    )


def columns_of(camera: Camera, commune: Commune, vault: CredentialVault) -> dict[str, Any]:
    """Return the row of a camera by column, all but its health; credentials sealed."""
    east_m, north_m = lambert93(camera.position)
    sealed = vault.seal(camera.camera_id, camera.credentials) if camera.credentials else None
    return {
        "camera_id": camera.camera_id,
        "code": camera.code,
        "label": camera.label,
        "insee": camera.insee,
        "site_id": camera.site_id,
        "kind": camera.kind.value,
        "status": camera.status.value,
        "lon": camera.position.lon,
        "lat": camera.position.lat,
        "east_m": east_m,
        "north_m": north_m,
        "search": folded(f"{camera.code} {camera.label} {commune.name}"),
        "registered_at": camera.registered_at,
        "has_ptz": camera.has_ptz,
        "main_url": camera.endpoints.main_url,
        "sub_url": camera.endpoints.sub_url,
        "onvif_url": camera.endpoints.onvif_url,
        "sealed_credentials": sealed,
        "authorisation_id": camera.authorisation_id,
        "masks_signed": camera.masks.signed,
        "masks_review_due": camera.masks.review_due,
        "masks_burnt_in": camera.masks.burnt_in,
        "revision": camera.revision,
        "manufacturer": camera.equipment.manufacturer,
        "model": camera.equipment.model,
        "firmware": camera.equipment.firmware,
        "serial": camera.equipment.serial,
        "azimuth_deg": camera.optics.azimuth_deg if camera.optics else None,
        "opening_deg": camera.optics.opening_deg if camera.optics else None,
        "range_m": camera.optics.range_m if camera.optics else None,
        "height_m": camera.optics.height_m if camera.optics else None,
        "streams": [asdict(stream) for stream in camera.equipment.streams],
        "notes": camera.notes or None,
        "position_precision": camera.precision.value,
        "installed_on": camera.installed_on,
    }


def _camera(row: Row[Any], vault: CredentialVault) -> Camera:
    sealed = row.sealed_credentials
    return Camera(
        camera_id=row.camera_id,
        code=row.code,
        label=row.label,
        insee=row.insee,
        site_id=row.site_id,
        kind=CameraKind(row.kind),
        status=CameraStatus(row.status),
        position=Position(row.lon, row.lat),
        registered_at=row.registered_at,
        has_ptz=row.has_ptz,
        endpoints=Endpoints(row.main_url, row.sub_url, row.onvif_url),
        credentials=vault.unseal(row.camera_id, sealed) if sealed else None,
        authorisation_id=row.authorisation_id,
        health=Health(row.online, row.online_since, row.online_reason),
        masks=MaskStanding(row.masks_signed, row.masks_review_due, row.masks_burnt_in),
        revision=row.revision,
        optics=_optics(row),
        equipment=Equipment(
            row.manufacturer,
            row.model,
            row.firmware,
            row.serial,
            tuple(StreamProfile(**stream) for stream in row.streams),
        ),
        notes=row.notes or "",
        precision=PositionPrecision(row.position_precision),
        installed_on=row.installed_on,
    )


def _optics(row: Row[Any]) -> Optics | None:
    optics = Optics(row.azimuth_deg, row.opening_deg, row.range_m, row.height_m)
    return optics if optics != Optics() else None
