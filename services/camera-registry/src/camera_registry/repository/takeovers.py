"""Which arrêté covers a camera from the second on at which its present one ends: published beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, any_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.tables import authorisations, cameras, takeovers

HORIZON = timedelta(days=30)
"""How long before the end a takeover is published: longer than any outage of the registry or the bus."""


async def following_arretes(conn: AsyncConnection, camera_ids: Sequence[str]) -> dict[str, Authorisation]:
    """Return, by camera id, the arrêté that takes over."""
    query = select(takeovers).where(takeovers.c.camera_id == any_(bindparam("ids", list(camera_ids), ARRAY(Text))))
    found = {row.camera_id: row.authorisation_id for row in (await conn.execute(query)).all()}
    if not found:
        return {}
    arretes = await all_authorisations(conn)
    return {camera_id: arretes[authorisation_id] for camera_id, authorisation_id in found.items()}


async def all_takeovers(conn: AsyncConnection) -> dict[str, str]:
    """Return every takeover by camera id."""
    return {row.camera_id: row.authorisation_id for row in (await conn.execute(select(takeovers))).all()}


async def may_have_takeovers(conn: AsyncConnection, at: datetime) -> bool:
    """Tell whether an arrêté ends soon that another one could follow at once, or a takeover is published."""
    following = authorisations.alias("following")
    query = select(
        select(takeovers.c.camera_id).exists()
        | (
            select(authorisations.c.authorisation_id)
            .join(following, following.c.communes.overlap(authorisations.c.communes))
            .where(
                authorisations.c.valid_until > at,
                authorisations.c.valid_until <= at + HORIZON,
                following.c.valid_from <= authorisations.c.valid_until,
                following.c.valid_until > authorisations.c.valid_until,
            )
            .exists()
        )
    )
    return bool((await conn.execute(query)).scalar_one())


async def replace_takeovers(conn: AsyncConnection, changed: Mapping[str, str | None]) -> None:
    """Keep other takeovers for these cameras; None takes one away."""
    gone = [camera_id for camera_id, authorisation_id in changed.items() if authorisation_id is None]
    if gone:
        await conn.execute(delete(takeovers).where(takeovers.c.camera_id.in_(gone)))
    kept = [
        {"camera_id": camera_id, "authorisation_id": authorisation_id}
        for camera_id, authorisation_id in changed.items()
        if authorisation_id is not None
    ]
    if kept:
        statement = insert(takeovers)
        statement = statement.on_conflict_do_update(
            index_elements=["camera_id"], set_={"authorisation_id": statement.excluded.authorisation_id}
        )
        await conn.execute(statement, kept)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All that decides who takes over from whom; equal fingerprints, equal answer."""

    cameras: int
    camera_revisions: int
    arretes: int
    arrete_revisions: int
    ended: int
    ending: int


async def fingerprint(conn: AsyncConnection, at: datetime) -> Fingerprint:
    """Return the fingerprint of the register at an instant: one pass over revisions, nothing loaded."""
    fleet = (await conn.execute(select(func.count(), func.coalesce(func.sum(cameras.c.revision), 0)))).one()
    ends = authorisations.c.valid_until
    acts = (
        await conn.execute(
            select(
                func.count(),
                func.coalesce(func.sum(authorisations.c.revision), 0),
                func.count().filter(ends <= at),
                func.count().filter(ends <= at + HORIZON),
            )
        )
    ).one()
    return Fingerprint(fleet[0], int(fleet[1]), acts[0], int(acts[1]), acts[2], acts[3])


async def next_boundary(conn: AsyncConnection, at: datetime) -> datetime | None:
    """Return the next instant at which an arrêté begins or ends, None when none will."""
    begins = select(func.min(authorisations.c.valid_from)).where(authorisations.c.valid_from > at)
    ends = select(func.min(authorisations.c.valid_until)).where(authorisations.c.valid_until > at)
    query = select(func.least(begins.scalar_subquery(), ends.scalar_subquery()))
    return (await conn.execute(query)).scalar_one()
