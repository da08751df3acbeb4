"""Pages of cameras, written as JSON by the database: a map asks for hundreds, and Python would spell each one anew.

What one camera looks like is `schemas.cameras.CameraOut`; a test compares the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    FromClause,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import folded
from camera_registry.repository.scope import FEW_COMMUNES, in_communes
from camera_registry.repository.visible import SHOWN
from camera_registry.tables import authorisations, cameras, communes

MAX_PAGE = 5000
_ESCAPE = "/"
_NARROW = 8000
"""What holds at most so many cameras is collected, then put in order; anything wider is walked in order of ids.

Left to itself the planner takes a box of 2 000 cameras for evenly spread over the ids and walks half the table."""


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
class CameraPage:
    """Cameras as JSON objects in the order of their ids; ``last`` is the last one's id when others follow."""

    items: list[str]
    last: str | None


async def camera_page(
    conn: AsyncConnection, insee_codes: Iterable[str], filters: Filters, *, after: str | None, limit: int
) -> CameraPage:
    """Return at most ``limit`` of the communes' cameras, those beyond ``after``."""
    codes = sorted(insee_codes)
    asked = filters.asked() | ({"after": after} if after is not None else {})
    names, words = frozenset(asked), len(filters.words)
    values = {**asked, "insee_codes": codes, "most": min(limit, MAX_PAGE) + 1}
    rows = None
    if filters.bbox or filters.insee or len(codes) <= FEW_COMMUNES:
        rows = (await conn.execute(_collected(names, words), values)).all()
    if rows is None or (rows and rows[0].collected > _NARROW):
        rows = (await conn.execute(_walked(names, words), values)).all()
    return CameraPage([row.camera for row in rows[:limit]], rows[limit - 1].camera_id if len(rows) > limit else None)


@cache
def _collected(asked: frozenset[str], words: int) -> Select[Any]:
    """Return the page out of all that fits, and how many that are: the page is whole unless they exceed `_NARROW`."""
    found = select(cameras.c.camera_id).where(*_conditions(asked, words)).limit(_NARROW + 1)
    fitting = found.cte("fitting").prefix_with("MATERIALIZED", dialect="postgresql")
    first = select(fitting.c.camera_id).order_by(fitting.c.camera_id).limit(bindparam("most")).subquery("first")
    collected = select(func.count()).select_from(fitting).scalar_subquery().label("collected")
    return _as_json(first, cameras.c.camera_id == first.c.camera_id).add_columns(collected)


@cache
def _walked(asked: frozenset[str], words: int) -> Select[Any]:
    page = select(cameras.c.camera_id).where(*_conditions(asked, words)).order_by(cameras.c.camera_id)
    first = page.limit(bindparam("most")).subquery("first")
    return _as_json(first, cameras.c.camera_id == first.c.camera_id)


def _conditions(asked: frozenset[str], words: int) -> list[ColumnElement[bool]]:
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
    return [in_communes(), *chosen]


def _as_json(first: FromClause, is_it: ColumnElement[bool]) -> Select[Any]:
    authorisation = func.json_build_object(
        *("arrete_number", authorisations.c.arrete_number),
        *("valid_until", authorisations.c.valid_until),
        *("mode", authorisations.c.mode),
    )
    joined = (
        first.join(cameras, is_it)
        .join(communes, communes.c.insee == cameras.c.insee)
        .outerjoin(authorisations, authorisations.c.authorisation_id == cameras.c.authorisation_id)
    )
    camera = (
        select(
            *(cameras.c[name] for name in SHOWN),
            cameras.c.main_url.is_not(None).label("has_stream"),
            communes.c.name.label("commune"),
            case((authorisations.c.authorisation_id.is_not(None), authorisation)).label("authorisation"),
            cast(null(), Float).label("distance_m"),
        )
        .select_from(joined)
        .subquery("camera")
    )
    written = cast(func.row_to_json(literal_column("camera.*")), Text).label("camera")
    return select(camera.c.camera_id, written).order_by(camera.c.camera_id)


def _anywhere(word: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        word = word.replace(sign, _ESCAPE + sign)
    return f"%{word}%"
