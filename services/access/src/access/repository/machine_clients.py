"""Machine clients: SQL only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.machine_clients import MachineClient, MachineClientTaken
from access.tables import machine_clients


async def every(conn: AsyncConnection) -> list[MachineClient]:
    """Return every client by identifier, revoked ones too."""
    return [_client(row) for row in await conn.execute(select(machine_clients).order_by(machine_clients.c.client_id))]


async def find(conn: AsyncConnection, client_id: str) -> MachineClient | None:
    """Return a client, or None."""
    row = (await conn.execute(select(machine_clients).where(machine_clients.c.client_id == client_id))).one_or_none()
    return _client(row) if row else None


async def add(conn: AsyncConnection, client: MachineClient, *, by: str, at: datetime) -> None:
    """Keep a new client; raises MachineClientTaken."""
    values = {
        "client_id": client.client_id,
        "name": client.name,
        "organisation_id": client.organisation_id,
        "scopes": sorted(client.scopes),
        "secret_hash": client.secret_hash,
        "created_at": at,
        "created_by": by,
    }
    stored = await conn.execute(insert(machine_clients).values(values).on_conflict_do_nothing())
    if stored.rowcount == 0:
        raise MachineClientTaken(client.client_id)


async def save_revocation(conn: AsyncConnection, client: MachineClient) -> None:
    """Keep when a client was revoked."""
    await conn.execute(
        update(machine_clients)
        .where(machine_clients.c.client_id == client.client_id)
        .values(revoked_at=client.revoked_at)
    )


def _client(row: Row[Any]) -> MachineClient:
    return MachineClient(
        row.client_id, row.name, row.organisation_id, frozenset(row.scopes), row.secret_hash, row.revoked_at
    )
