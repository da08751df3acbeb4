"""What the checks of the fleet know of each camera, and which cameras there are to check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.domain.picture import EDGE_HEIGHT, EDGE_WIDTH, Plane
from camera_registry.domain.picture_judgement import DAY, NIGHT, PictureMemory, SceneMemory
from camera_registry.domain.stream_quality import StreamQuality
from camera_registry.tables import authorisations, camera_checks, cameras
from contracts.registry import AlarmKind, CameraKind, CameraStatus

BY_MEDIA, BY_PROBE = "media", "sonde"
CHECKED = (CameraStatus.EN_SERVICE.value, CameraStatus.EN_PANNE.value)
OF_A_VIEW = (AlarmKind.CAMERA_DEPLACEE, AlarmKind.IMAGE_FLOUE)
"""What is judged against the camera's usual view."""

_EDGE_SCALE = 13.0
"""The strongest possible edge, the root of 255 times the root of two, fills a byte."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A camera as the checks see it. ``recorded``: the media plane watches its bytes.

    ``pictures_allowed``: an arrêté covers it at this second and its masks are signed; without, no picture is taken.
    ``views_since``: what was learned of its views before counts no more.
    """

    camera_id: str
    insee: str
    kind: CameraKind
    has_ptz: bool
    opening_deg: float | None
    main_url: str
    sub_url: str | None
    onvif_url: str | None
    sealed: bytes | None
    pictures_allowed: bool
    recorded: bool
    online: bool | None
    views_since: datetime | None


@dataclass(frozen=True, slots=True)
class LookRow:
    """What is kept of a look. ``memory`` None: what was learned before stays as it is."""

    camera_id: str
    at: datetime
    error: str
    received_kbps: float | None
    quality: StreamQuality | None
    clock_offset_s: float | None
    hysteresis: Mapping[AlarmKind, Hysteresis]
    memory: PictureMemory | None


async def cameras_to_check(conn: AsyncConnection, at: datetime) -> list[Checked]:
    """Return the cameras in service or out of order that have a stream."""
    in_force = (authorisations.c.valid_from <= at) & (authorisations.c.valid_until > at)
    query = (
        select(
            *(cameras.c[name] for name in ("camera_id", "insee", "kind", "status", "has_ptz", "opening_deg", "online")),
            *(cameras.c[name] for name in ("main_url", "sub_url", "onvif_url", "sealed_credentials", "masks_signed")),
            authorisations.c.authorisation_id.is_not(None).label("authorised"),
            camera_checks.c.watched_by,
            camera_checks.c.views_since,
        )
        .select_from(
            cameras.outerjoin(
                authorisations, (authorisations.c.authorisation_id == cameras.c.authorisation_id) & in_force
            ).outerjoin(camera_checks, camera_checks.c.camera_id == cameras.c.camera_id)
        )
        .where(cameras.c.main_url.is_not(None), cameras.c.status.in_(CHECKED))
    )
    return [_checked(row) for row in (await conn.execute(query)).all()]


async def follow(conn: AsyncConnection, camera_id: str, *, since: datetime, watched_by: str) -> None:
    """Count the camera from ``since`` on, unless it is counted already, and note who watches it."""
    statement = insert(camera_checks).values(camera_id=camera_id, followed_since=since, watched_by=watched_by)
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id"], set_={"watched_by": watched_by}))


async def note_signs_of_life(conn: AsyncConnection, seen: Mapping[str, datetime]) -> None:
    """Keep when cameras were last asked for a sign of life: one statement for all."""
    if seen:
        await conn.execute(
            text(
                "UPDATE camera_checks SET checked_at = asked.at FROM"
                " unnest(CAST(:ids AS text[]), CAST(:ats AS timestamptz[])) AS asked (camera_id, at)"
                " WHERE camera_checks.camera_id = asked.camera_id"
            ),
            {"ids": list(seen), "ats": list(seen.values())},
        )


async def save_look(conn: AsyncConnection, look: LookRow) -> None:
    """Keep what a look found; a stream's quality, rate and clock stay when this look did not measure them."""
    values: dict[str, Any] = {
        "checked_at": look.at,
        "look_error": look.error,
        "hysteresis": {kind.value: _packed(state) for kind, state in look.hysteresis.items()},
    }
    if not look.error:
        values["looked_at"] = look.at
    measured = {"received_kbps": look.received_kbps, "clock_offset_s": look.clock_offset_s}
    values |= {name: value for name, value in measured.items() if value is not None}
    if look.quality is not None:
        values["quality"] = {name: getattr(look.quality, name) for name in StreamQuality.__slots__}
    if look.memory is not None:
        values |= _memory_columns(look.memory)
    statement = insert(camera_checks).values(camera_id=look.camera_id, followed_since=look.at, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id"], set_=values))


async def memories(
    conn: AsyncConnection, camera_ids: Sequence[str]
) -> dict[str, tuple[PictureMemory, dict[AlarmKind, Hysteresis]]]:
    """Return what was learned of some cameras; those never looked at are not in it."""
    query = select(camera_checks).where(camera_checks.c.camera_id == func.any(list(camera_ids)))
    rows = (await conn.execute(query)).all()
    return {
        row.camera_id: (
            _memory(row),
            {AlarmKind(kind): _unpacked(state) for kind, state in row.hysteresis.items()},
        )
        for row in rows
    }


async def forget_views(conn: AsyncConnection, camera_id: str, at: datetime) -> None:
    """Forget what the camera usually shows: its next looks are its new reference."""
    kept = camera_checks.c.hysteresis
    for kind in OF_A_VIEW:
        kept = kept.op("-")(kind.value)
    await conn.execute(
        update(camera_checks)
        .where(camera_checks.c.camera_id == camera_id)
        .values(scenes={}, day_edges=None, night_edges=None, hysteresis=kept, views_since=at)
    )


def _checked(row: Row[Any]) -> Checked:
    recordable = row.authorised and row.masks_signed and row.status == CameraStatus.EN_SERVICE.value
    return Checked(
        camera_id=row.camera_id,
        insee=row.insee,
        kind=CameraKind(row.kind),
        has_ptz=row.has_ptz,
        opening_deg=row.opening_deg,
        main_url=row.main_url,
        sub_url=row.sub_url,
        onvif_url=row.onvif_url,
        sealed=row.sealed_credentials,
        pictures_allowed=row.authorised and row.masks_signed,
        recorded=recordable and row.watched_by == BY_MEDIA,
        online=row.online,
        views_since=row.views_since,
    )


def _packed(state: Hysteresis) -> dict[str, Any]:
    since = state.since.isoformat() if state.since else None
    return {"on": state.on, "against": state.against, "since": since}


def _unpacked(stored: Mapping[str, Any]) -> Hysteresis:
    since = datetime.fromisoformat(stored["since"]) if stored["since"] else None
    return Hysteresis(stored["on"], stored["against"], since)


def _memory_columns(memory: PictureMemory) -> dict[str, Any]:
    scenes: dict[str, Any] = {
        name: {
            "sharpness": [round(value, 5) for value in scene.sharpness],
            "likenesses": [round(value, 4) for value in scene.likenesses],
            "kept_at": scene.kept_at.isoformat() if scene.kept_at else None,
        }
        for name, scene in memory.scenes.items()
    }
    scenes["quietest"] = memory.quietest
    edges = {name: _edge_bytes(scene.edges) for name, scene in memory.scenes.items()}
    return {"scenes": scenes, "day_edges": edges.get(DAY), "night_edges": edges.get(NIGHT)}


def _memory(row: Row[Any]) -> PictureMemory:
    stored: dict[str, Any] = dict(row.scenes)
    memory = PictureMemory(quietest=stored.pop("quietest", None))
    for name, edges in ((DAY, row.day_edges), (NIGHT, row.night_edges)):
        if name in stored:
            kept_at = stored[name]["kept_at"]
            memory.scenes[name] = SceneMemory(
                edges=_edge_plane(edges),
                sharpness=stored[name]["sharpness"],
                likenesses=stored[name]["likenesses"],
                kept_at=datetime.fromisoformat(kept_at) if kept_at else None,
            )
    return memory


def _edge_bytes(edges: Plane | None) -> bytes | None:
    return None if edges is None else np.clip(np.rint(edges * _EDGE_SCALE), 0, 255).astype(np.uint8).tobytes()


def _edge_plane(stored: bytes | None) -> Plane | None:
    if stored is None:
        return None
    return np.frombuffer(stored, np.uint8).reshape(EDGE_HEIGHT, EDGE_WIDTH).astype(np.float32) / np.float32(_EDGE_SCALE)
