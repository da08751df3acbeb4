"""Mask sets and stills: SQL only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import MAX_RETENTION_DAYS
from camera_registry.domain.head_optics import Aim
from camera_registry.domain.masks import Bearer, MaskPolygon, MaskSet, MaskSetStatus, Still
from camera_registry.tables import authorisations, cameras, mask_sets, mask_stills
from common import outbox
from common.ids import new_id
from contracts.envelope import make_envelope
from contracts.registry import FACT_MASKS_CHANGED, OWNER, CameraStatus, MasksChanged


@dataclass(frozen=True, slots=True)
class UnsignedCamera:
    """A camera that may not be watched because of its masks; ``bearing_problem`` where they are signed, not applied."""

    camera_id: str
    label: str
    insee: str
    bearing_problem: str | None


LIVING = (MaskSetStatus.BROUILLON.value, MaskSetStatus.SIGNE.value)


async def sets_of(conn: AsyncConnection, camera_id: str) -> list[MaskSet]:
    """Return every set of a camera, the newest first: the past ones are what a judge asks for."""
    query = select(mask_sets).where(mask_sets.c.camera_id == camera_id).order_by(mask_sets.c.drawn_at.desc())
    return [_set(row) for row in await conn.execute(query)]


async def living_sets(conn: AsyncConnection, camera_ids: Sequence[str]) -> dict[str, list[MaskSet]]:
    """Return, by camera, the sets that are drafts or signed; rows locked until the transaction ends."""
    query = (
        select(mask_sets)
        .where(mask_sets.c.camera_id.in_(camera_ids), mask_sets.c.status.in_(LIVING))
        .order_by(mask_sets.c.camera_id, mask_sets.c.mask_set_id)
        .with_for_update()
    )
    found: dict[str, list[MaskSet]] = {camera_id: [] for camera_id in camera_ids}
    for row in await conn.execute(query):
        found[row.camera_id].append(_set(row))
    return found


async def never_masked(conn: AsyncConnection, camera_ids: Sequence[str]) -> list[str]:
    """Return those of the cameras that never had a set, in the order given."""
    masked = set((await conn.execute(select(mask_sets.c.camera_id).distinct())).scalars())
    return [camera_id for camera_id in camera_ids if camera_id not in masked]


async def one_set(conn: AsyncConnection, mask_set_id: str) -> MaskSet | None:
    """Return one set, its row locked until the transaction ends."""
    query = select(mask_sets).where(mask_sets.c.mask_set_id == mask_set_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return _set(row) if row else None


async def commune_of_set(conn: AsyncConnection, mask_set_id: str) -> tuple[str, str] | None:
    """Return the camera and the commune of a set, without locking anything."""
    query = (
        select(cameras.c.camera_id, cameras.c.insee)
        .join(mask_sets, mask_sets.c.camera_id == cameras.c.camera_id)
        .where(mask_sets.c.mask_set_id == mask_set_id)
    )
    row = (await conn.execute(query)).one_or_none()
    return (row.camera_id, row.insee) if row else None


async def sets_to_review(conn: AsyncConnection, communes: frozenset[str], before: datetime) -> list[MaskSet]:
    """Return the signed sets of these communes whose review is due before an instant, the most urgent first."""
    query = (
        select(mask_sets)
        .join(cameras, cameras.c.camera_id == mask_sets.c.camera_id)
        .where(
            cameras.c.insee.in_(sorted(communes)),
            mask_sets.c.status == MaskSetStatus.SIGNE.value,
            mask_sets.c.review_due < before,
        )
        .order_by(mask_sets.c.review_due, mask_sets.c.mask_set_id)
    )
    return [_set(row) for row in await conn.execute(query)]


async def cameras_without_masks(
    conn: AsyncConnection, communes: frozenset[str], *, after: str, limit: int
) -> list[UnsignedCamera]:
    """Return the cameras of these communes that masks alone keep dark, by id: running ones with a stream."""
    query = (
        select(cameras.c.camera_id, cameras.c.label, cameras.c.insee, mask_sets.c.bearing_problem)
        .outerjoin(
            mask_sets,
            (mask_sets.c.camera_id == cameras.c.camera_id) & (mask_sets.c.status == MaskSetStatus.SIGNE.value),
        )
        .distinct(cameras.c.camera_id)
        .where(
            cameras.c.insee.in_(sorted(communes)),
            cameras.c.masks_signed.is_(False),
            cameras.c.main_url.is_not(None),
            cameras.c.status.in_((CameraStatus.EN_SERVICE.value, CameraStatus.EN_PANNE.value)),
            cameras.c.camera_id > after,
        )
        .order_by(cameras.c.camera_id, mask_sets.c.bearing_problem.desc().nulls_last())
        .limit(limit)
    )
    return [UnsignedCamera(*row) for row in await conn.execute(query)]


async def voided_at(conn: AsyncConnection, camera_id: str) -> datetime | None:
    """Return when a camera's masks were last voided, None when they never were."""
    query = select(func.max(mask_sets.c.ended_at)).where(
        mask_sets.c.camera_id == camera_id, mask_sets.c.status == MaskSetStatus.CADUC.value
    )
    return (await conn.execute(query)).scalar_one()


async def sets_on_cameras(conn: AsyncConnection) -> list[MaskSet]:
    """Return the signed sets that a camera itself hides, by camera."""
    query = (
        select(mask_sets)
        .where(mask_sets.c.status == MaskSetStatus.SIGNE.value, mask_sets.c.borne_by == Bearer.CAMERA.value)
        .order_by(mask_sets.c.camera_id)
    )
    return [_set(row) for row in await conn.execute(query)]


async def sets_in_media_plane(conn: AsyncConnection) -> list[MaskSet]:
    """Return the signed sets that the media plane burns in and that a camera might hide by itself one day."""
    query = (
        select(mask_sets)
        .where(
            mask_sets.c.status == MaskSetStatus.SIGNE.value,
            mask_sets.c.borne_by == Bearer.PLAN_MEDIA.value,
            mask_sets.c.preset.is_(None),
        )
        .order_by(mask_sets.c.camera_id)
    )
    return [_set(row) for row in await conn.execute(query)]


async def sets_to_push(conn: AsyncConnection, limit: int) -> list[MaskSet]:
    """Return signed sets that hide something and that nobody burns in yet."""
    query = (
        select(mask_sets)
        .where(
            mask_sets.c.status == MaskSetStatus.SIGNE.value,
            mask_sets.c.borne_by.is_(None),
            mask_sets.c.polygons != [],
        )
        .order_by(mask_sets.c.signed_at)
        .limit(limit)
    )
    return [_set(row) for row in await conn.execute(query)]


async def save_sets(conn: AsyncConnection, items: Sequence[MaskSet]) -> None:
    """Insert or replace sets; ended ones first, since only one may be signed for a view."""
    if not items:
        return
    rows = [_values(one) for one in sorted(items, key=lambda item: item.ended_at is None)]
    statement = insert(mask_sets)
    statement = statement.on_conflict_do_update(
        index_elements=["mask_set_id"],
        set_={name: statement.excluded[name] for name in rows[0] if name != "mask_set_id"},
    )
    await conn.execute(statement, rows)


async def announce(
    conn: AsyncConnection, *, camera_id: str, insee: str, signed: bool, reason: str, at: datetime
) -> None:
    """Tell the others that a camera's masks were signed or became void."""
    payload = MasksChanged(camera_id=camera_id, signed=signed, reason=reason)
    envelope = make_envelope(
        payload,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_MASKS_CHANGED,
        source="camera-registry",
        aggregate=f"camera:{camera_id}",
        insee=insee,
        at=at,
    )
    await outbox.append(conn, [envelope])


async def save_still(conn: AsyncConnection, still: Still, picture: bytes) -> None:
    """Keep a new still with its JPEG."""
    await conn.execute(
        insert(mask_stills).values(
            still_id=still.still_id,
            camera_id=still.camera_id,
            taken_at=still.taken_at,
            width=still.width,
            height=still.height,
            sha256=still.sha256,
            picture=picture,
        )
    )


async def one_still(conn: AsyncConnection, still_id: str) -> Still | None:
    """Return a still without its picture."""
    columns = [column for column in mask_stills.c if column.name != "picture"]
    row = (await conn.execute(select(*columns).where(mask_stills.c.still_id == still_id))).one_or_none()
    return _still(row) if row else None


async def picture_of(conn: AsyncConnection, still_id: str) -> bytes | None:
    """Return a still's JPEG, None when it was erased or never was."""
    query = select(mask_stills.c.picture).where(mask_stills.c.still_id == still_id)
    return (await conn.execute(query)).scalar_one_or_none()


async def replace_picture(conn: AsyncConnection, still_id: str, picture: bytes | None) -> None:
    """Put another JPEG in the place of a still's (masks burnt in), or erase it."""
    await conn.execute(update(mask_stills).where(mask_stills.c.still_id == still_id).values(picture=picture))


async def erase_pictures(conn: AsyncConnection, *, unsigned_before: datetime, at: datetime) -> int:
    """Erase the pictures that nobody may need any more; return how many.

    Those that no set in force was drawn on, once taken before ``unsigned_before``; and every one that is older than
    the arrêté of its camera lets images be kept (one month where none covers it): a still is an image like others.
    """
    in_force = select(mask_sets.c.still_id).where(
        mask_sets.c.still_id.is_not(None), mask_sets.c.status == MaskSetStatus.SIGNE.value
    )
    days = func.coalesce(authorisations.c.retention_days, literal(MAX_RETENTION_DAYS))
    expired = (
        select(mask_stills.c.still_id)
        .join(cameras, cameras.c.camera_id == mask_stills.c.camera_id)
        .outerjoin(authorisations, authorisations.c.authorisation_id == cameras.c.authorisation_id)
        .where(mask_stills.c.taken_at + func.make_interval(0, 0, 0, days) <= at)
    )
    unused = (mask_stills.c.taken_at < unsigned_before) & mask_stills.c.still_id.not_in(in_force)
    result = await conn.execute(
        update(mask_stills)
        .where(mask_stills.c.picture.is_not(None), unused | mask_stills.c.still_id.in_(expired))
        .values(picture=None)
    )
    return result.rowcount


def _values(one: MaskSet) -> dict[str, Any]:
    return {
        "mask_set_id": one.mask_set_id,
        "camera_id": one.camera_id,
        "preset": one.preset,
        "polygons": [
            {"label": area.label, "corners": [list(corner) for corner in area.corners]} for area in one.polygons
        ],
        "declaration": one.declaration,
        "still_id": one.still_id,
        "drawn_by": one.drawn_by,
        "drawn_at": one.drawn_at,
        "status": one.status.value,
        "signed_by": one.signed_by,
        "signed_at": one.signed_at,
        "review_due": one.review_due,
        "borne_by": one.borne_by.value if one.borne_by else None,
        "bearing_problem": one.bearing_problem,
        "ended_at": one.ended_at,
        "end_reason": one.end_reason,
        "aim_pan": one.aim.pan if one.aim else None,
        "aim_tilt": one.aim.tilt if one.aim else None,
        "aim_zoom": one.aim.zoom if one.aim else None,
    }


def _set(row: Row[Any]) -> MaskSet:
    return MaskSet(
        mask_set_id=row.mask_set_id,
        camera_id=row.camera_id,
        preset=row.preset,
        polygons=tuple(
            MaskPolygon(tuple((float(x), float(y)) for x, y in area["corners"]), area["label"]) for area in row.polygons
        ),
        declaration=row.declaration,
        still_id=row.still_id,
        drawn_by=row.drawn_by,
        drawn_at=row.drawn_at,
        status=MaskSetStatus(row.status),
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        review_due=row.review_due,
        borne_by=Bearer(row.borne_by) if row.borne_by else None,
        bearing_problem=row.bearing_problem,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        aim=Aim(row.aim_pan, row.aim_tilt, row.aim_zoom) if row.aim_pan is not None else None,
    )


def _still(row: Row[Any]) -> Still:
    return Still(row.still_id, row.camera_id, row.taken_at, row.width, row.height, row.sha256)
