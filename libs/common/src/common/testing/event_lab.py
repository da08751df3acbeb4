"""A miniature service for tests and benches of the way of an event: ticks in, effects out.

``python -m common.testing.event_lab relay|consume DATABASE_URL NATS_URL`` runs one of its processes until killed, so
that chaos tests can kill real ones.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from common import inbox, outbox
from common.bus import Bus
from common.consumer import ConsumerRunner, Subscription
from common.database import Database
from common.ids import new_id
from common.relay import Relay
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.streams import StreamSpec

DURABLE = "lab-on-ticked"
STREAM = "INCIDENT"
STREAMS = (StreamSpec("INCIDENT", "incident", 1), StreamSpec("DLQ", "dlq", 1))
FILTER = "vigie.*.incident.lab_ticked.v1"


class Ticked(Payload):
    """The ``number``-th tick of an aggregate, counted from 1; ``padding`` makes it as large as a bench wants."""

    aggregate: str
    number: int
    padding: str = ""


def tick(aggregate: str, number: int, padding: str = "") -> Envelope:
    """Return the event of one tick."""
    return make_envelope(
        Ticked(aggregate=aggregate, number=number, padding=padding),
        event_id=new_id(),
        owner="incident",
        fact="lab_ticked",
        source="lab",
        aggregate=aggregate,
        insee="95598",
        at=datetime.now(UTC),
    )


async def create_tables(owner_url: str) -> None:
    """Create outbox, inbox and the table of effects, as a service's migration would."""
    engine = create_async_engine(owner_url, poolclass=NullPool)
    async with engine.begin() as conn:
        await conn.run_sync(_create_tables)
    await engine.dispose()


def _create_tables(connection: Connection) -> None:
    op = Operations(MigrationContext.configure(connection))
    outbox.create_in_migration(op)
    inbox.create_in_migration(op)
    op.execute(
        "CREATE TABLE effects (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aggregate text NOT NULL,"
        " number integer NOT NULL)"
    )
    op.execute("CREATE TABLE produced (number integer, first integer, PRIMARY KEY (number, first))")


async def record(conn: AsyncConnection, _envelope: Envelope, payload: Ticked) -> None:
    """Have an effect that shows whether it happened twice or out of order (no unique constraint helps)."""
    await conn.exec_driver_sql(
        "INSERT INTO effects (aggregate, number) VALUES ($1, $2)", (payload.aggregate, payload.number)
    )


async def effects(database: Database) -> list[tuple[str, int]]:
    """Return every effect in the order it was committed within its aggregate."""
    async with database.transaction() as conn:
        rows = await conn.execute(text("SELECT aggregate, number FROM effects ORDER BY seq"))
        return [(str(row.aggregate), int(row.number)) for row in rows]


async def _main(arguments: Sequence[str]) -> None:
    role, database_url, nats_url = arguments
    database = Database(database_url)
    bus = await Bus.connect(nats_url, name=f"lab {role}")
    if role == "relay":
        await Relay(database, bus).run()
    else:
        await ConsumerRunner(database, bus, [Subscription(DURABLE, STREAM, FILTER, Ticked, record)]).run()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
