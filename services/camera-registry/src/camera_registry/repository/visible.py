"""The only way from an agent to a camera: a query bounded by the agent's communes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, Select, Text, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import folded
from camera_registry.domain.position import Position, lambert93
from camera_registry.tables import authorisations, cameras, communes, ground

MAX_PAGE = 5000
_ESCAPE = "/"
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
class Filters:
    """What a list asks for. ``bbox`` is west, south, east, north in degrees, borders included."""

    bbox: tuple[float, float, float, float] | None = None
    text: str = ""
    insee: str | None = None
    status: str | None = None
    has_stream: bool | None = None

    @property
    def words(self) -> list[str]:
        """The words to look for, folded as the register keeps them."""
        return folded(self.text).split()

    def asked(self) -> dict[str, Any]:
        """Return what was asked, by parameter of the statement."""
        sides = dict(zip(("west", "south", "east", "north"), self.bbox, strict=True)) if self.bbox else {}
        words = {f"word_{number}": _anywhere(word) for number, word in enumerate(self.words)}
        plain = {"insee": self.insee, "status": self.status, "has_stream": self.has_stream}
        return sides | words | {name: value for name, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True)
class VisibleCameras:
    """The cameras of some communes, and no other. Made by `visible_to` only."""

    insee_codes: tuple[str, ...]

    async def page(
        self, conn: AsyncConnection, filters: Filters, *, after: str | None, limit: int
    ) -> list[CameraOverview]:
        """Return at most ``limit`` cameras in the order of their ids, those beyond ``after``."""
        asked = filters.asked() | ({"after": after} if after is not None else {})
        statement = _page(frozenset(asked), len(filters.words))
        return await self._found(conn, statement, {**asked, "most": min(limit, MAX_PAGE)})

    async def nearest(self, conn: AsyncConnection, position: Position, *, limit: int) -> list[CameraOverview]:
        """Return at most ``limit`` cameras, the nearest first, with their distance in metres."""
        east_m, north_m = lambert93(position)
        asked = {"east": east_m, "north": north_m, "most": min(limit, MAX_PAGE)}
        return await self._found(conn, _nearest(), asked)

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
        return [_overview(row) for row in rows.all()]


def visible_to(insee_codes: Iterable[str]) -> VisibleCameras:
    """Return the cameras that someone bound to these communes may see."""
    return VisibleCameras(tuple(sorted(insee_codes)))


def in_communes() -> ColumnElement[bool]:
    """Return the condition that bounds a query to the communes of the parameter ``insee_codes``."""
    return cameras.c.insee == func.any(bindparam("insee_codes", type_=ARRAY(Text)))


@cache
def _page(asked: frozenset[str], words: int) -> Select[Any]:
    """Return the statement for a page filtered by what is asked: built once, for it costs more than its answer."""
    conditions = {
        "north": (
            cameras.c.lat.between(bindparam("south", type_=Float), bindparam("north", type_=Float)),
            cameras.c.lon.between(bindparam("west", type_=Float), bindparam("east", type_=Float)),
        ),
        "insee": (cameras.c.insee == bindparam("insee"),),
        "status": (cameras.c.status == bindparam("status"),),
        "has_stream": (cameras.c.main_url.is_not(None) == bindparam("has_stream", type_=Boolean),),
        "after": (cameras.c.camera_id > bindparam("after"),),
    }
    chosen = [condition for name, held in conditions.items() if name in asked for condition in held]
    chosen += [cameras.c.search.like(bindparam(f"word_{number}"), escape=_ESCAPE) for number in range(words)]
    return _all_columns().where(*chosen).order_by(cameras.c.camera_id).limit(bindparam("most"))


@cache
def _nearest() -> Select[Any]:
    here = func.point(bindparam("east", type_=Float), bindparam("north", type_=Float))
    away = ground.op("<->", return_type=Float())(here).label("distance_m")
    ordered = _all_columns().add_columns(away).order_by(literal_column("distance_m"), cameras.c.camera_id)
    return ordered.limit(bindparam("most"))


@cache
def _chosen() -> Select[Any]:
    return _all_columns().where(cameras.c.camera_id == func.any(bindparam("camera_ids", type_=ARRAY(Text))))


def _all_columns() -> Select[Any]:
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
        .where(in_communes())
    )


def _anywhere(word: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        word = word.replace(sign, _ESCAPE + sign)
    return f"%{word}%"


def _overview(row: Row[Any]) -> CameraOverview:
    shown = row._asdict()
    authorisation = None
    if shown["arrete_number"] is not None:
        authorisation = AuthorisationOverview(shown["arrete_number"], shown["valid_until"], shown["mode"])
    return CameraOverview(
        **{name: shown[name] for name in _SHOWN},
        commune=shown["commune"],
        has_stream=shown["has_stream"],
        authorisation=authorisation,
        distance_m=shown.get("distance_m"),
    )
