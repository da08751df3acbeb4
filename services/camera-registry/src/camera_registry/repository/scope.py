"""How a query is bounded to the communes of the one who asks."""

from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from camera_registry.tables import cameras

FEW_COMMUNES = 16
"""Up to so many communes it pays to look first where their cameras are."""


def in_communes() -> ColumnElement[bool]:
    """Return the condition that bounds a query to the communes of the parameter ``insee_codes``."""
    return cameras.c.insee == func.any(bindparam("insee_codes", type_=ARRAY(Text)))


def box_of_communes() -> ColumnElement[Any]:
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
