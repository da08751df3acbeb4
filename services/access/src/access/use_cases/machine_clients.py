"""Commands on machine clients."""

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
    await agents.organisation(conn, organisation_id)
    client = MachineClient(client_id, name, organisation_id, scopes, hash_of(secret))
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


async def granted_scopes(
    conn: AsyncConnection, *, client_id: str, secret: str, asked: frozenset[str]
) -> frozenset[str]:
    """Return what a token may carry; raises ClientRefused."""
    client = await repository.find(conn, client_id)
    if client is None:
        raise ClientRefused
    return client.granted(secret, asked)
