"""Communes and sites."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import Commune, Link, Site, Support
from camera_registry.domain.position import Area, Position
from camera_registry.tables import communes, sites


async def save_communes(conn: AsyncConnection, items: Sequence[Commune]) -> None:
    """Insert or replace communes."""
    if not items:
        return
    statement = insert(communes)
    statement = statement.on_conflict_do_update(
        index_elements=["insee"],
        set_={"name": statement.excluded.name, "contour": statement.excluded.contour},
    )
    rows = [{"insee": c.insee, "name": c.name, "contour": c.contour.to_geojson()} for c in items]
    await conn.execute(statement, rows)


async def all_communes(conn: AsyncConnection, only: Iterable[str] | None = None) -> dict[str, Commune]:
    """Return communes by INSEE code, in the order of their codes; ``only`` bounds them."""
    query = select(communes).order_by(communes.c.insee)
    if only is not None:
        query = query.where(communes.c.insee.in_(sorted(only)))
    rows = (await conn.execute(query)).all()
    return {row.insee: Commune(row.insee, row.name, Area.from_geojson(row.contour)) for row in rows}


async def insee_codes(conn: AsyncConnection) -> frozenset[str]:
    """Return the codes of every commune of the town."""
    return frozenset((await conn.execute(select(communes.c.insee))).scalars())


async def save_sites(conn: AsyncConnection, items: Sequence[Site]) -> None:
    """Insert sites, or bring their place and label up to date; what people said of them stays."""
    if not items:
        return
    statement = insert(sites)
    names = ("insee", "label", "lon", "lat")
    statement = statement.on_conflict_do_update(
        index_elements=["site_id"], set_={name: statement.excluded[name] for name in names}
    )
    rows = [
        {
            "site_id": site.site_id,
            "insee": site.insee,
            "label": site.label,
            "lon": site.position.lon,
            "lat": site.position.lat,
        }
        for site in items
    ]
    await conn.execute(statement, rows)


async def all_sites(conn: AsyncConnection) -> dict[str, Site]:
    """Return sites by id."""
    return {row.site_id: site_of(row) for row in await conn.execute(select(sites))}


def site_of(row: Row[Any]) -> Site:
    """Return the site that a row of ``sites`` holds."""
    return Site(
        site_id=row.site_id,
        insee=row.insee,
        label=row.label,
        position=Position(row.lon, row.lat),
        support=Support(row.support) if row.support else None,
        link=Link(row.link) if row.link else None,
        works=row.works,
        address=row.address,
        revision=row.revision,
    )
