"""The only way from an agent to a camera: a query bounded by the agent's communes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Float, Select, Text, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.position import Position, lambert93
from camera_registry.repository.scope import FEW_COMMUNES, box_of_communes, in_communes
from camera_registry.tables import authorisations, cameras, communes, ground

SHOWN = (
    "camera_id",
    "code",
    "label",
    "insee",
    "site_id",
    "kind",
    "status",
    "lon",
    "lat",
    "has_ptz",
    "online",
    "online_since",
    "azimuth_deg",
    "opening_deg",
    "range_m",
    "position_precision",
    "masks_signed",
)


@dataclass(frozen=True, slots=True)
class AuthorisationOverview:
    """The arrêté as a list shows it."""

    arrete_number: str
    valid_until: datetime
    mode: str


@dataclass(frozen=True, slots=True)
class CameraOverview:
    """A camera as an agent may see it: no address, no credential. ``distance_m`` only from `nearest`."""

    camera_id: str
    code: str
    label: str
    insee: str
    commune: str
    site_id: str
    kind: str
    status: str
    lon: float
    lat: float
    has_ptz: bool
    has_stream: bool
    online: bool | None
    online_since: datetime | None
    azimuth_deg: float | None
    opening_deg: float | None
    range_m: float | None
    position_precision: str
    masks_signed: bool
    authorisation: AuthorisationOverview | None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class VisibleCameras:
    """The cameras of some communes, and no other. Made by `visible_to` only."""

    insee_codes: tuple[str, ...]

    async def nearest(self, conn: AsyncConnection, position: Position, *, limit: int) -> list[CameraOverview]:
        """Return at most ``limit`` cameras, the nearest first, with their distance in metres."""
        east_m, north_m = lambert93(position)
        statement = _nearest(few=len(self.insee_codes) <= FEW_COMMUNES)
        return await self._found(conn, statement, {"east": east_m, "north": north_m, "most": limit})

    async def chosen(self, conn: AsyncConnection, camera_ids: Sequence[str]) -> dict[str, CameraOverview]:
        """Return those of these cameras that stand in the communes, by id."""
        found = await self._found(conn, _chosen(), {"camera_ids": list(camera_ids)})
        return {camera.camera_id: camera for camera in found}

    async def one(self, conn: AsyncConnection, camera_id: str) -> CameraOverview | None:
        """Return a camera, or None when there is none, or none here."""
        return (await self.chosen(conn, [camera_id])).get(camera_id)

    async def _found(
        self, conn: AsyncConnection, statement: Select[Any], asked: dict[str, Any]
    ) -> list[CameraOverview]:
        rows = await conn.execute(statement, {**asked, "insee_codes": list(self.insee_codes)})
        return [overview_of(row) for row in rows.mappings()]


def visible_to(insee_codes: Iterable[str]) -> VisibleCameras:
    """Return the cameras that someone bound to these communes may see."""
    return VisibleCameras(tuple(sorted(insee_codes)))


@cache
def _nearest(*, few: bool) -> Select[Any]:
    here = func.point(bindparam("east", type_=Float), bindparam("north", type_=Float))
    away = ground.op("<->", return_type=Float())(here).label("distance_m")
    found = all_columns().add_columns(away)
    if few:
        found = found.where(ground.bool_op("<@")(box_of_communes()))
    return found.order_by(literal_column("distance_m"), cameras.c.camera_id).limit(bindparam("most"))


@cache
def _chosen() -> Select[Any]:
    return all_columns().where(cameras.c.camera_id == func.any(bindparam("camera_ids", type_=ARRAY(Text))))


def all_columns() -> Select[Any]:
    """Return the cameras of the communes with all that `CameraOverview` has, but for the distance."""
    joined = cameras.join(communes, communes.c.insee == cameras.c.insee).outerjoin(
        authorisations, authorisations.c.authorisation_id == cameras.c.authorisation_id
    )
    return (
        select(
            *(cameras.c[name] for name in SHOWN),
            cameras.c.main_url.is_not(None).label("has_stream"),
            communes.c.name.label("commune"),
            authorisations.c.arrete_number,
            authorisations.c.valid_until,
            authorisations.c.mode,
        )
        .select_from(joined)
        .where(in_communes())
    )


def overview_of(shown: RowMapping) -> CameraOverview:
    """Return a row of `all_columns` as what it tells."""
    authorisation = None
    if shown["arrete_number"] is not None:
        authorisation = AuthorisationOverview(shown["arrete_number"], shown["valid_until"], shown["mode"])
    return CameraOverview(
        **{name: shown[name] for name in SHOWN},
        commune=shown["commune"],
        has_stream=shown["has_stream"],
        authorisation=authorisation,
        distance_m=shown.get("distance_m"),
    )
