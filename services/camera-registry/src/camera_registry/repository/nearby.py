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
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Optics
from camera_registry.domain.field_of_view import FieldOfView, UsualOpticsByKind, field_of_view
from camera_registry.domain.position import Position, PositionPrecision, lambert93
from camera_registry.repository.scope import FEW_COMMUNES, box_of_communes, in_communes
from camera_registry.repository.visible import SHOWN, CameraOverview, overview_of
from camera_registry.tables import authorisations, cameras, communes, ground
from contracts.registry import CameraKind, CameraStatus

_LAMBERT_STRETCH = 1.005
"""Lambert-93 metres are true to 3 ‰ everywhere in metropolitan France: ask a little wider, judge on the ground."""

_PLACED = [precision.value for precision in PositionPrecision if precision.located]
_INSTALLED = [CameraStatus.EN_SERVICE.value, CameraStatus.EN_PANNE.value]
_HERE = func.point(bindparam("east", type_=Float), bindparam("north", type_=Float))
_AWAY_M: ColumnElement[float] = ground.op("<->", return_type=Float())(_HERE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A camera that may serve for a place, and what it covers."""

    row: RowMapping
    view: FieldOfView

    @property
    def camera_id(self) -> str:
        """The camera's id."""
        return str(self.row["camera_id"])

    @property
    def camera(self) -> CameraOverview:
        """The camera as an agent sees it."""
        return overview_of(self.row)


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
        statement = _around(usable=self.usable_at is not None, few=len(self.insee_codes) <= FEW_COMMUNES)
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
        self, conn: AsyncConnection, statement: Select[Any], asked: dict[str, Any]
    ) -> list[Candidate]:
        return [self._candidate(row) for row in (await conn.execute(statement, asked)).mappings()]

    def _candidate(self, row: RowMapping) -> Candidate:
        view = field_of_view(
            CameraKind(row["kind"]),
            Position(row["lon"], row["lat"]),
            Optics(row["azimuth_deg"], row["opening_deg"], row["range_m"]),
            has_ptz=row["has_ptz"],
            usual=self.usual,
            placed=row["position_precision"] == PositionPrecision.EXACT.value,
        )
        return Candidate(row, view)


@cache
def _around(*, usable: bool, few: bool) -> Select[Any]:
    """Return the union of the nearest and of those that reach the place."""
    nearest = _light(usable=usable).order_by(literal_column("away_m"), cameras.c.camera_id).limit(bindparam("most"))
    if few:
        nearest = nearest.where(ground.bool_op("<@")(box_of_communes()))
    return _told(select(nearest.subquery()).union(select(_reaching_light(usable=usable).subquery())))


@cache
def _reaching(*, usable: bool) -> Select[Any]:
    return _told(_reaching_light(usable=usable))


def _reaching_light(*, usable: bool) -> Select[Any]:
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
        *(cameras.c[name] for name in SHOWN),
        cameras.c.main_url.is_not(None).label("has_stream"),
        cameras.c.authorisation_id,
        _AWAY_M.label("away_m"),
    ).where(in_communes(), cameras.c.position_precision.in_(_constants(_PLACED)))
    return query.where(*_usable()) if usable else query.where(cameras.c.status.in_(_constants(_INSTALLED)))


def _told(found: Select[Any] | CompoundSelect[Any]) -> Select[Any]:
    """Return what was found with what other tables tell of it: few rows by now, and it saves a second question."""
    near = found.subquery("near")
    joined = near.join(communes, communes.c.insee == near.c.insee).outerjoin(
        authorisations, authorisations.c.authorisation_id == near.c.authorisation_id
    )
    return select(
        near,
        communes.c.name.label("commune"),
        authorisations.c.arrete_number,
        authorisations.c.valid_until,
        authorisations.c.mode,
    ).select_from(joined)


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


def _constants(words: list[str]) -> list[ColumnElement[str]]:
    """Write our own words into the statement: the planner must see them, and once is enough."""
    return [literal_column(f"'{word}'", Text) for word in words]
