"""Sites one by one, for the people who look after them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import Site
from camera_registry.repository.communes import site_of
from camera_registry.tables import cameras, sites


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """A site with the number of cameras that stand there (removed ones included)."""

    site: Site
    cameras: int


async def sites_in(
    conn: AsyncConnection, insee_codes: Iterable[str], *, after: str | None, limit: int
) -> list[SiteOverview]:
    """Return at most ``limit`` sites of these communes in the order of their ids, those beyond ``after``."""
    count = select(func.count()).where(cameras.c.site_id == sites.c.site_id).scalar_subquery()
    query = (
        select(sites, count.label("cameras"))
        .where(sites.c.insee.in_(sorted(insee_codes)))
        .order_by(sites.c.site_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(sites.c.site_id > after)
    return [SiteOverview(site_of(row), row.cameras) for row in await conn.execute(query)]


async def one_site(conn: AsyncConnection, site_id: str) -> Site | None:
    """Return a site, its row locked until the transaction ends."""
    query = select(sites).where(sites.c.site_id == site_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return site_of(row) if row else None


async def cameras_at(conn: AsyncConnection, site_id: str) -> int:
    """Return how many cameras stand at a site, removed ones included."""
    return (await conn.execute(select(func.count()).where(cameras.c.site_id == site_id))).scalar_one()


async def save_site(conn: AsyncConnection, site: Site) -> None:
    """Insert or replace a site, with all that people said of it."""
    values = {
        "site_id": site.site_id,
        "insee": site.insee,
        "label": site.label,
        "lon": site.position.lon,
        "lat": site.position.lat,
        "support": site.support.value if site.support else None,
        "link": site.link.value if site.link else None,
        "works": site.works,
        "address": site.address,
        "revision": site.revision,
    }
    statement = insert(sites).values(values)
    changed = {name: statement.excluded[name] for name in values if name != "site_id"}
    await conn.execute(statement.on_conflict_do_update(index_elements=["site_id"], set_=changed))


async def delete_site(conn: AsyncConnection, site_id: str) -> None:
    """Take a site away; no camera may refer to it."""
    await conn.execute(delete(sites).where(sites.c.site_id == site_id))
