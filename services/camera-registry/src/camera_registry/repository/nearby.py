"""Cameras around a place: few columns of few rows, for the domain to judge.

The statements are built once: putting one together costs more than the database needs to answer it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    DateTime,
    Float,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Optics
from camera_registry.domain.field_of_view import FieldOfView, UsualOpticsByKind, field_of_view
from camera_registry.domain.position import Position, PositionPrecision, lambert93
from camera_registry.repository.visible import in_communes
from camera_registry.tables import authorisations, cameras, ground
from contracts.registry import CameraKind, CameraStatus

_LAMBERT_STRETCH = 1.005
"""Lambert-93 metres are true to 3 ‰ everywhere in metropolitan France: ask a little wider, judge on the ground."""

_FEW_COMMUNES = 16
"""Up to so many communes the search is first bounded by the box around their cameras."""

_PLACED = [precision.value for precision in PositionPrecision if precision.located]
_INSTALLED = [CameraStatus.EN_SERVICE.value, CameraStatus.EN_PANNE.value]
_HERE = func.point(bindparam("east", type_=Float), bindparam("north", type_=Float))
_AWAY_M: ColumnElement[float] = ground.op("<->", return_type=Float())(_HERE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A camera that may serve for a place, and what it covers."""

    camera_id: str
    view: FieldOfView


@dataclass(frozen=True, slots=True)
class Nearby:
    """The cameras of some communes around places.

    ``usable_at``: only those that can be watched at that instant; None: all that hang there, broken ones included.
    """

    insee_codes: tuple[str, ...]
    usual: UsualOpticsByKind
    usable_at: datetime | None

    async def around(self, conn: AsyncConnection, place: Position, *, limit: int) -> list[Candidate]:
        """Return the ``limit`` nearest cameras together with every camera within whose range the place lies."""
        statement = _around(usable=self.usable_at is not None, few=len(self.insee_codes) <= _FEW_COMMUNES)
        return await self._candidates(conn, statement, {**self._asked(place), "most": limit})

    async def reaching(self, conn: AsyncConnection, place: Position) -> list[Candidate]:
        """Return every camera within whose range the place lies, whatever its azimuth."""
        return await self._candidates(conn, _reaching(usable=self.usable_at is not None), self._asked(place))

    def _asked(self, place: Position) -> dict[str, Any]:
        east_m, north_m = lambert93(place)
        usual = {f"usual_{kind.value}": float(one.range_m) for kind, one in self.usual.items()}
        at = {"at": self.usable_at} if self.usable_at is not None else {}
        farthest_m = max(usual.values())
        return (
            {"insee_codes": list(self.insee_codes), "east": east_m, "north": north_m, "usual": farthest_m} | usual | at
        )

    async def _candidates(
        self, conn: AsyncConnection, statement: Select[Any] | CompoundSelect[Any], asked: dict[str, Any]
    ) -> list[Candidate]:
        return [self._candidate(row) for row in (await conn.execute(statement, asked)).all()]

    def _candidate(self, row: Row[Any]) -> Candidate:
        camera_id, lon, lat, kind, has_ptz, azimuth_deg, opening_deg, range_m, precision, _ = row
        view = field_of_view(
            CameraKind(kind),
            Position(lon, lat),
            Optics(azimuth_deg, opening_deg, range_m),
            has_ptz=has_ptz,
            usual=self.usual,
            placed=precision == PositionPrecision.EXACT.value,
        )
        return Candidate(camera_id, view)


@cache
def _around(*, usable: bool, few: bool) -> CompoundSelect[Any]:
    """Return the union of the nearest and of those that reach the place."""
    nearest = _light(usable=usable).order_by(literal_column("away_m"), cameras.c.camera_id).limit(bindparam("most"))
    if few:
        nearest = nearest.where(ground.bool_op("<@")(_box_of_communes()))
    return select(nearest.subquery()).union(select(_reaching(usable=usable).subquery()))


@cache
def _reaching(*, usable: bool) -> Select[Any]:
    usual_m = case(
        *((cameras.c.kind == kind.value, bindparam(f"usual_{kind.value}", type_=Float)) for kind in CameraKind)
    )
    farthest_m = func.greatest(bindparam("usual", type_=Float), select(func.max(cameras.c.range_m)).scalar_subquery())
    return _light(usable=usable).where(
        ground.bool_op("<@")(func.circle(_HERE, farthest_m * _LAMBERT_STRETCH)),
        func.coalesce(cameras.c.range_m, usual_m) * _LAMBERT_STRETCH >= _AWAY_M,
    )


def _light(*, usable: bool) -> Select[Any]:
    query = select(
        cameras.c.camera_id,
        cameras.c.lon,
        cameras.c.lat,
        cameras.c.kind,
        cameras.c.has_ptz,
        cameras.c.azimuth_deg,
        cameras.c.opening_deg,
        cameras.c.range_m,
        cameras.c.position_precision,
        _AWAY_M.label("away_m"),
    ).where(in_communes(), cameras.c.position_precision.in_(_constants(_PLACED)))
    return query.where(*_usable()) if usable else query.where(cameras.c.status.in_(_constants(_INSTALLED)))


def _usable() -> tuple[ColumnElement[bool], ...]:
    """Return what makes a camera one to watch now: in service, streaming, masks signed, under an arrêté in force."""
    at = bindparam("at", type_=DateTime(timezone=True))
    in_force = select(authorisations.c.authorisation_id).where(
        authorisations.c.valid_from <= at, authorisations.c.valid_until > at
    )
    return (
        cameras.c.status.in_(_constants([CameraStatus.EN_SERVICE.value])),  # literally as the partial index has it
        cameras.c.main_url.is_not(None),
        cameras.c.online.is_not(False),
        cameras.c.masks_signed,
        cameras.c.authorisation_id.in_(in_force),
    )


def _box_of_communes() -> ColumnElement[Any]:
    """Return the box around all cameras of the communes: two looks into an index for each side and commune.

    Without it, who asks about a place far from the own commune waits until every camera in between was looked at.
    """
    asked = func.unnest(bindparam("insee_codes", type_=ARRAY(Text))).table_valued("insee").render_derived(name="asked")
    own = cameras.alias("own")

    def side(extreme: Any, of: ColumnElement[float]) -> ColumnElement[float]:
        return select(extreme(of)).where(own.c.insee == asked.c.insee).correlate(asked).scalar_subquery()

    return (
        select(
            func.box(
                func.point(func.min(side(func.min, own.c.east_m)), func.min(side(func.min, own.c.north_m))),
                func.point(func.max(side(func.max, own.c.east_m)), func.max(side(func.max, own.c.north_m))),
            )
        )
        .select_from(asked)
        .scalar_subquery()
    )


def _constants(words: list[str]) -> Any:
    return bindparam(None, words, expanding=True, literal_execute=True)
