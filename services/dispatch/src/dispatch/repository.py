"""All SQL of the dispatch service. ``save`` writes the row and its events in one transaction."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.access import OrganisationKind
from contracts.dispatch import FACT_DISPATCH_CHANGED, OWNER, DispatchChanged, DispatchStatus
from contracts.envelope import Envelope, make_envelope
from contracts.incident import Priority
from dispatch.domain import Dispatch, Message, Partner
from dispatch.tables import dispatches, partners


@dataclass(frozen=True, slots=True)
class SealedEndpoint:
    """Where a partner listens, with its secret still sealed."""

    partner_id: str
    url: str
    sealed_secret: bytes


async def save_partner(conn: AsyncConnection, partner: Partner, *, sealed_secret: bytes) -> None:
    """Write a partner, new or changed; what is known of its reachability stays."""
    row = {
        "partner_id": partner.partner_id,
        "name": partner.name,
        "kind": partner.kind.value,
        "organisation_id": partner.organisation_id,
        "communes": sorted(partner.communes),
        "webhook_url": partner.webhook_url,
        "sealed_secret": sealed_secret,
    }
    stored = insert(partners).values(row)
    await conn.execute(stored.on_conflict_do_update(index_elements=["partner_id"], set_=row))


async def load_partner(conn: AsyncConnection, partner_id: str) -> Partner | None:
    """Read a partner."""
    statement = select(partners).where(partners.c.partner_id == partner_id)
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _partner(row) if row else None


async def partners_of(conn: AsyncConnection, *, communes: frozenset[str]) -> list[Partner]:
    """Read the partners whose territory touches one of the communes, by name."""
    statement = select(partners).where(partners.c.communes.overlap(sorted(communes))).order_by(partners.c.name)
    return [_partner(row) for row in (await conn.execute(statement)).mappings()]


async def partner_ids_of(conn: AsyncConnection, *, organisation_id: str) -> frozenset[str]:
    """Return the ids of an organisation's partners."""
    statement = select(partners.c.partner_id).where(partners.c.organisation_id == organisation_id)
    return frozenset((await conn.execute(statement)).scalars())


async def endpoint_of(conn: AsyncConnection, partner_id: str) -> SealedEndpoint | None:
    """Read where a partner listens."""
    columns = (partners.c.partner_id, partners.c.webhook_url, partners.c.sealed_secret)
    row = (await conn.execute(select(*columns).where(partners.c.partner_id == partner_id))).one_or_none()
    return SealedEndpoint(row.partner_id, row.webhook_url, row.sealed_secret) if row else None


async def note_reachability(conn: AsyncConnection, partner_id: str, *, reachable: bool, at: datetime) -> None:
    """Remember how the last delivery went."""
    known = update(partners).where(partners.c.partner_id == partner_id)
    await conn.execute(known.values(reachable=reachable, reachability_at=at))


async def partners_asked(conn: AsyncConnection, transmission_id: UUID) -> frozenset[str]:
    """Return the partners that already have their dispatch of a transmission."""
    statement = select(dispatches.c.partner_id).where(dispatches.c.transmission_id == transmission_id)
    return frozenset((await conn.execute(statement)).scalars())


async def add(conn: AsyncConnection, dispatch: Dispatch) -> None:
    """Write a new dispatch and its events."""
    await conn.execute(insert(dispatches).values(_row(dispatch)))
    await outbox.append(conn, [_envelope(dispatch, event) for event in dispatch.events])


async def save(conn: AsyncConnection, dispatch: Dispatch) -> None:
    """Write a dispatch that was loaded for change, and its events."""
    changed = update(dispatches).where(dispatches.c.dispatch_id == dispatch.dispatch_id)
    await conn.execute(changed.values(_row(dispatch)))
    await outbox.append(conn, [_envelope(dispatch, event) for event in dispatch.events])


async def load(conn: AsyncConnection, dispatch_id: UUID, *, for_change: bool = False) -> Dispatch | None:
    """Read a dispatch; ``for_change`` keeps its row locked until the transaction ends."""
    statement = select(dispatches).where(dispatches.c.dispatch_id == dispatch_id)
    row = (await conn.execute(statement.with_for_update() if for_change else statement)).mappings().one_or_none()
    return _dispatch(row) if row else None


async def claim_due(conn: AsyncConnection, *, now: datetime, lease_until: datetime, limit: int) -> list[Dispatch]:
    """Take dispatches whose attempt is due, counting the attempt.

    The claim pushes ``next_attempt_at`` to the end of the lease: whoever dies with one in hand loses it then, and
    somebody else tries. Claims do not wait for each other.
    """
    due = (
        select(dispatches.c.dispatch_id)
        .where(dispatches.c.status == DispatchStatus.DEMANDE.value, dispatches.c.next_attempt_at <= now)
        .order_by(dispatches.c.priority, dispatches.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claim = update(dispatches).where(dispatches.c.dispatch_id.in_(due))
    claimed = claim.values(attempts=dispatches.c.attempts + 1, next_attempt_at=lease_until).returning(dispatches)
    return [_dispatch(row) for row in (await conn.execute(claimed)).mappings()]


async def page(
    conn: AsyncConnection,
    *,
    communes: frozenset[str],
    organisation_id: str | None = None,
    incident_id: UUID | None = None,
    status: DispatchStatus | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Dispatch]:
    """Read the newest dispatches of some communes, for one organisation's partners or for all."""
    statement = select(dispatches).where(dispatches.c.insee.in_(sorted(communes)))
    if organisation_id is not None:
        own = select(partners.c.partner_id).where(partners.c.organisation_id == organisation_id)
        statement = statement.where(dispatches.c.partner_id.in_(own))
    if incident_id is not None:
        statement = statement.where(dispatches.c.incident_id == incident_id)
    if status is not None:
        statement = statement.where(dispatches.c.status == status.value)
    if before is not None:
        statement = statement.where(dispatches.c.dispatch_id < before)
    newest = statement.order_by(dispatches.c.dispatch_id.desc()).limit(limit)
    return [_dispatch(row) for row in (await conn.execute(newest)).mappings()]


def _envelope(dispatch: Dispatch, event: DispatchChanged) -> Envelope:
    return make_envelope(
        event,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_DISPATCH_CHANGED,
        source="dispatch",
        aggregate=f"dispatch/{dispatch.dispatch_id}",
        insee=dispatch.insee,
        at=event.at,
    )


def _partner(row: RowMapping) -> Partner:
    return Partner(
        partner_id=row["partner_id"],
        name=row["name"],
        kind=OrganisationKind(row["kind"]),
        organisation_id=row["organisation_id"],
        communes=frozenset(row["communes"]),
        webhook_url=row["webhook_url"],
        reachable=row["reachable"],
    )


_MESSAGE_COLUMNS = ("code", "title", "address", "lon", "lat", "text")
_OWN_COLUMNS = tuple(
    column.name
    for column in dispatches.columns
    if column.name not in {*_MESSAGE_COLUMNS, "priority", "status", "partner_kind"}
)


def _row(dispatch: Dispatch) -> dict[str, Any]:
    own = {name: getattr(dispatch, name) for name in _OWN_COLUMNS}
    return (
        own
        | asdict(dispatch.message)
        | {
            "priority": dispatch.message.priority.value,
            "status": dispatch.status.value,
            "partner_kind": dispatch.partner_kind.value if dispatch.partner_kind else None,
        }
    )


def _dispatch(row: RowMapping) -> Dispatch:
    message = Message(**{name: row[name] for name in _MESSAGE_COLUMNS}, priority=Priority(row["priority"]))
    own = {name: row[name] for name in _OWN_COLUMNS}
    kind = OrganisationKind(row["partner_kind"]) if row["partner_kind"] else None
    return Dispatch(**own, partner_kind=kind, message=message, status=DispatchStatus(row["status"]))
