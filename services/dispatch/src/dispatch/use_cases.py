"""The commands of the dispatch service: load, ask the domain, save. Time and ids are arguments."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.incident import IncidentTransmitted
from dispatch import repository
from dispatch.domain import Acknowledgement, Dispatch, Partner, RetryPolicy
from dispatch.errors import DispatchUnknown
from dispatch.ports import Endpoint, SecretVault


async def register_partner(conn: AsyncConnection, *, partner: Partner, secret: bytes, vault: SecretVault) -> None:
    """Write a partner, new or changed, with its webhook secret sealed."""
    await repository.save_partner(conn, partner, sealed_secret=vault.seal(partner.partner_id, secret))


async def ask_dispatches(
    conn: AsyncConnection, *, transmitted: IncidentTransmitted, new_dispatch_id: Callable[[], UUID]
) -> None:
    """Make one dispatch for each partner of a transmission that has none yet."""
    asked = await repository.partners_asked(conn, transmitted.transmission_id)
    for partner_id in dict.fromkeys(transmitted.partner_ids):
        if partner_id in asked:
            continue
        partner = await repository.load_partner(conn, partner_id)
        dispatch = Dispatch.ask(transmitted, partner_id=partner_id, partner=partner, dispatch_id=new_dispatch_id())
        await repository.add(conn, dispatch)


async def record_delivery(
    conn: AsyncConnection, *, claimed: Dispatch, failure: str | None, at: datetime, retries: RetryPolicy
) -> None:
    """Write how an attempt went; ``failure`` None: the partner took the message.

    A failure is dropped when its lease ended meanwhile and somebody else tries: that one will tell.
    """
    dispatch = await _load(conn, claimed.dispatch_id)
    if failure is None:
        await repository.save(conn, dispatch.delivered(at=at))
    elif dispatch.attempts == claimed.attempts:
        await repository.save(conn, dispatch.delivery_failed(failure, at=at, retries=retries))
    await repository.note_reachability(conn, dispatch.partner_id, reachable=failure is None, at=at)


async def acknowledge(
    conn: AsyncConnection, *, dispatch_id: UUID, acknowledgement: Acknowledgement, at: datetime
) -> Dispatch:
    """Take in an acknowledgement; the first one stands. Raises what the domain refuses."""
    dispatch = await _load(conn, dispatch_id)
    acknowledged = dispatch.acknowledge(acknowledgement, at=at)
    await repository.save(conn, acknowledged)
    return acknowledged


async def retry(conn: AsyncConnection, *, dispatch_id: UUID, at: datetime) -> Dispatch:
    """Ask again for a dispatch that failed; raises what the domain refuses."""
    dispatch = await _load(conn, dispatch_id)
    again = dispatch.retry(await repository.load_partner(conn, dispatch.partner_id), at=at)
    await repository.save(conn, again)
    return again


async def endpoint_of(conn: AsyncConnection, *, partner_id: str, vault: SecretVault) -> Endpoint | None:
    """Return where a partner listens and its secret; None for an unknown partner."""
    sealed = await repository.endpoint_of(conn, partner_id)
    if sealed is None:
        return None
    return Endpoint(sealed.url, vault.unseal(sealed.partner_id, sealed.sealed_secret))


async def _load(conn: AsyncConnection, dispatch_id: UUID) -> Dispatch:
    dispatch = await repository.load(conn, dispatch_id, for_change=True)
    if dispatch is None:
        raise DispatchUnknown(dispatch_id)
    return dispatch
