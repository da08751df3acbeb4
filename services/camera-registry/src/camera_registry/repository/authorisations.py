"""Authorisations, and the announcement of each one that is recorded or changed."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation, Finalite, ResponsiblePerson, Window
from camera_registry.domain.perimeter import ListedPosition
from camera_registry.domain.position import Area, Position
from camera_registry.tables import authorisations, cameras
from common import outbox
from common.ids import new_id
from contracts.access import OrganisationKind
from contracts.envelope import make_envelope
from contracts.registry import FACT_AUTHORISATION_RECORDED, OWNER, AuthorisationRecorded, OperatingMode


async def all_authorisations(conn: AsyncConnection, covering: Iterable[str] | None = None) -> dict[str, Authorisation]:
    """Return authorisations by id, the soonest to end first; ``covering``: those naming one of these communes."""
    query = select(authorisations).order_by(authorisations.c.valid_until, authorisations.c.authorisation_id)
    if covering is not None:
        query = query.where(authorisations.c.communes.overlap(sorted(covering)))
    return {row.authorisation_id: _authorisation(row) for row in (await conn.execute(query)).all()}


async def one_authorisation(conn: AsyncConnection, authorisation_id: str) -> Authorisation | None:
    """Return one authorisation, or None."""
    query = select(authorisations).where(authorisations.c.authorisation_id == authorisation_id)
    row = (await conn.execute(query)).one_or_none()
    return _authorisation(row) if row else None


async def locked_authorisation(conn: AsyncConnection, authorisation_id: str) -> Authorisation | None:
    """Return one authorisation, locked until the transaction ends."""
    query = select(authorisations).where(authorisations.c.authorisation_id == authorisation_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return _authorisation(row) if row else None


async def covered_counts(conn: AsyncConnection) -> dict[str, int]:
    """Return how many cameras are published under each arrêté, by its id."""
    query = (
        select(cameras.c.authorisation_id, func.count())
        .where(cameras.c.authorisation_id.is_not(None))
        .group_by(cameras.c.authorisation_id)
    )
    return {row[0]: row[1] for row in (await conn.execute(query)).all()}


async def save_authorisation(conn: AsyncConnection, one: Authorisation, at: datetime) -> None:
    """Insert or replace an authorisation and announce it to each commune it covers.

    ``end_known_at`` follows the end: moved, it is a new end, of which nobody was warned yet.
    """
    values = _columns(one)
    statement = insert(authorisations).values(values | {"end_known_at": at})
    replaced: dict[str, Any] = {name: statement.excluded[name] for name in values if name != "authorisation_id"}
    same_end = authorisations.c.valid_until == statement.excluded.valid_until
    replaced["end_known_at"] = case((same_end, authorisations.c.end_known_at), else_=statement.excluded.end_known_at)
    await conn.execute(statement.on_conflict_do_update(index_elements=["authorisation_id"], set_=replaced))
    payload = AuthorisationRecorded(
        authorisation_id=one.authorisation_id,
        arrete_number=one.arrete_number,
        communes=one.communes,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        revision=one.revision,
    )
    await outbox.append(
        conn,
        [
            make_envelope(
                payload,
                event_id=new_id(),
                owner=OWNER,
                fact=FACT_AUTHORISATION_RECORDED,
                source="camera-registry",
                aggregate=f"authorisation:{one.authorisation_id}",
                insee=insee,
                at=at,
            )
            for insee in one.communes
        ],
    )


def _columns(one: Authorisation) -> dict[str, Any]:
    return {
        "authorisation_id": one.authorisation_id,
        "arrete_number": one.arrete_number,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "communes": list(one.communes),
        "camera_count": one.camera_count,
        "finalites": [purpose.value for purpose in one.finalites],
        "recipients": [kind.value for kind in one.recipients],
        "retention_days": one.retention_days,
        "mode": one.mode.value,
        "event_windows": [[w.starts_at.isoformat(), w.ends_at.isoformat()] for w in one.event_windows],
        "perimeter": one.perimeter.to_geojson() if one.perimeter else None,
        "scan_sha256": one.scan_sha256,
        "revision": one.revision,
        "positions": [
            [listed.position.lon, listed.position.lat, listed.radius_m, listed.label] for listed in one.positions
        ],
        "retention_min_days": one.retention_min_days,
        "verbalisation": one.verbalisation,
        "partner_watermark": one.partner_watermark,
        "responsible": asdict(one.responsible) if one.responsible else None,
    }


def _authorisation(row: Row[Any]) -> Authorisation:
    return Authorisation(
        authorisation_id=row.authorisation_id,
        arrete_number=row.arrete_number,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        communes=tuple(row.communes),
        camera_count=row.camera_count,
        finalites=tuple(Finalite(value) for value in row.finalites),
        recipients=tuple(OrganisationKind(value) for value in row.recipients),
        retention_days=row.retention_days,
        mode=OperatingMode(row.mode),
        event_windows=tuple(
            Window(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) for starts, ends in row.event_windows
        ),
        perimeter=Area.from_geojson(row.perimeter) if row.perimeter else None,
        scan_sha256=row.scan_sha256,
        revision=row.revision,
        positions=tuple(
            ListedPosition(Position(lon, lat), radius_m, label) for lon, lat, radius_m, label in row.positions
        ),
        retention_min_days=row.retention_min_days,
        verbalisation=row.verbalisation,
        partner_watermark=row.partner_watermark,
        responsible=ResponsiblePerson(**row.responsible) if row.responsible else None,
    )
