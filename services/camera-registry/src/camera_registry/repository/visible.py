"""The only way from an agent to a camera: a query bounded by the agent's communes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, func, literal_column, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import folded
from camera_registry.domain.position import Position, lambert93
from camera_registry.tables import authorisations, cameras, communes, degrees, ground

MAX_PAGE = 5000
_SHOWN = (
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
    authorisation: AuthorisationOverview | None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list asks for. ``bbox`` is west, south, east, north in degrees, borders included."""

    bbox: tuple[float, float, float, float] | None = None
    text: str = ""
    insee: str | None = None
    status: str | None = None
    has_stream: bool | None = None


@dataclass(frozen=True, slots=True)
class VisibleCameras:
    """The cameras of some communes, and no other. Made by `visible_to` only."""

    insee_codes: tuple[str, ...]

    async def page(
        self, conn: AsyncConnection, filters: Filters, *, after: str | None, limit: int
    ) -> list[CameraOverview]:
        """Return at most ``limit`` cameras in the order of their ids, those beyond ``after``."""
        query = self._query().order_by(cameras.c.camera_id).limit(min(limit, MAX_PAGE))
        if after is not None:
            query = query.where(cameras.c.camera_id > after)
        for condition in _conditions(filters):
            query = query.where(condition)
        return [_overview(row) for row in (await conn.execute(query)).all()]

    async def nearest(self, conn: AsyncConnection, position: Position, *, limit: int) -> list[CameraOverview]:
        """Return at most ``limit`` cameras, the nearest first, with their distance in metres."""
        east_m, north_m = lambert93(position)
        here = func.point(bindparam("east", east_m), bindparam("north", north_m))
        distance = ground.op("<->")(here)
        query = (
            self._query()
            .add_columns(distance.label("distance_m"))
            .order_by(literal_column("distance_m"), cameras.c.camera_id)
            .limit(min(limit, MAX_PAGE))
        )
        return [_overview(row, row.distance_m) for row in (await conn.execute(query)).all()]

    async def one(self, conn: AsyncConnection, camera_id: str) -> CameraOverview | None:
        """Return a camera, or None when there is none, or none here."""
        query = self._query().where(cameras.c.camera_id == camera_id)
        row = (await conn.execute(query)).one_or_none()
        return _overview(row) if row else None

    def _query(self) -> Select[Any]:
        joined = cameras.join(communes, communes.c.insee == cameras.c.insee).outerjoin(
            authorisations, authorisations.c.authorisation_id == cameras.c.authorisation_id
        )
        return (
            select(
                *(cameras.c[name] for name in _SHOWN),
                cameras.c.main_url.is_not(None).label("has_stream"),
                communes.c.name.label("commune"),
                authorisations.c.arrete_number,
                authorisations.c.valid_until,
                authorisations.c.mode,
            )
            .select_from(joined)
            .where(cameras.c.insee.in_(self.insee_codes) if self.insee_codes else false())
        )


def visible_to(insee_codes: Iterable[str]) -> VisibleCameras:
    """Return the cameras that someone bound to these communes may see."""
    return VisibleCameras(tuple(sorted(insee_codes)))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.bbox is not None:
        west, south, east, north = filters.bbox
        corner = func.box(func.point(west, south), func.point(east, north))
        conditions.append(degrees.bool_op("<@")(corner))
    words = folded(filters.text).split()
    conditions.extend(cameras.c.search.contains(word, autoescape=True) for word in words)
    if filters.insee is not None:
        conditions.append(cameras.c.insee == filters.insee)
    if filters.status is not None:
        conditions.append(cameras.c.status == filters.status)
    if filters.has_stream is not None:
        absent = cameras.c.main_url.is_(None)
        conditions.append(~absent if filters.has_stream else absent)
    return conditions


def _overview(row: Row[Any], distance_m: float | None = None) -> CameraOverview:
    authorisation = None
    if row.arrete_number is not None:
        authorisation = AuthorisationOverview(row.arrete_number, row.valid_until, row.mode)
    return CameraOverview(
        camera_id=row.camera_id,
        code=row.code,
        label=row.label,
        insee=row.insee,
        commune=row.commune,
        site_id=row.site_id,
        kind=row.kind,
        status=row.status,
        lon=row.lon,
        lat=row.lat,
        has_ptz=row.has_ptz,
        has_stream=row.has_stream,
        online=row.online,
        online_since=row.online_since,
        authorisation=authorisation,
        distance_m=distance_m,
    )
