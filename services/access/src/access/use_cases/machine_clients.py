"""Commands on machine clients."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.machine_clients import ClientRefused, MachineClient, MachineClientUnknown, hash_of
from access.repository import agents
from access.repository import machine_clients as repository


async def register_client(
    conn: AsyncConnection,
    *,
    client_id: str,
    name: str,
    organisation_id: str,
    scopes: frozenset[str],
    secret: str,
    by: str,
    at: datetime,
) -> MachineClient:
    """Keep a new client; of its secret only the hash.

    Raises:
        OrganisationUnknown, MachineClientWrong, MachineClientTaken: see the domain.
    """
    client = MachineClient.registered(
        client_id=client_id,
        name=name,
        organisation=await agents.organisation(conn, organisation_id),
        scopes=scopes,
        secret_hash=hash_of(secret),
    )
    await repository.add(conn, client, by=by, at=at)
    return client


async def revoke_client(conn: AsyncConnection, *, client_id: str, at: datetime) -> MachineClient:
    """Refuse every new token from now on; raises MachineClientUnknown."""
    known = await repository.find(conn, client_id)
    if known is None:
        raise MachineClientUnknown(client_id)
    client = known.revoked(at)
    await repository.save_revocation(conn, client)
    return client


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a token may carry; ``communes`` bounds everything it is shown for."""

    scopes: frozenset[str]
    communes: frozenset[str]


async def grant_token(conn: AsyncConnection, *, client_id: str, secret: str, asked: frozenset[str]) -> TokenGrant:
    """Return what a token may carry: the territory is the one its organisation has at this very moment.

    Raises:
        ClientRefused: see the domain; also where the organisation has no commune left.
    """
    client = await repository.find(conn, client_id)
    if client is None:
        raise ClientRefused
    scopes = client.granted(secret, asked)
    communes = (await agents.organisation(conn, client.organisation_id)).communes
    if not communes:
        raise ClientRefused
    return TokenGrant(scopes, communes)
