"""The register: rows are only ever inserted, one writer at a time, and read by the four questions."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import ChainHead, RegisterRow
from access.repository import register_questions as questions
from access.repository.register_questions import Question
from access.tables import register_entries
from contracts.access import OWNER, RegisterEntry
from guard.seal import ask_for_row

_CHAIN_LOCK = 0x5245_4749_5354_5245  # "REGISTRE": one lock for the one chain of this database
_COLUMNS = tuple(RegisterRow._fields)
_PAGE_ROWS = 4096  # whole tiles


async def ask_for(conn: AsyncConnection, entry: RegisterEntry) -> None:
    """Ask for a row the way every service does: sealed, outbox, bus, and back through our own consumer."""
    await ask_for_row(conn, entry, source=OWNER)


async def lock_chain(conn: AsyncConnection) -> ChainHead:
    """Become the only writer until the transaction ends; returns where the chain ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    return await head(conn)


async def head(conn: AsyncConnection) -> ChainHead:
    """Return where the chain ends, without becoming its writer."""
    last = select(register_entries.c.seq, register_entries.c.hash).order_by(register_entries.c.seq.desc()).limit(1)
    row = (await conn.execute(last)).one_or_none()
    return ChainHead(row.seq, row.hash) if row else ChainHead()


async def chain_hash_at(conn: AsyncConnection, seq: int) -> bytes | None:
    """Return the chain's hash at a row, None when there is no such row (any more)."""
    return (
        await conn.execute(select(register_entries.c.hash).where(register_entries.c.seq == seq))
    ).scalar_one_or_none()


async def known(conn: AsyncConnection, entry_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these entries are in the register already."""
    rows = await conn.exec_driver_sql(
        "SELECT entry_id FROM register_entries WHERE entry_id = ANY($1::uuid[])", (list(entry_ids),)
    )
    return set(rows.scalars())


async def append(conn: AsyncConnection, rows: Sequence[RegisterRow]) -> None:
    """Insert rows that follow the head; call ``lock_chain`` before, in the same transaction."""
    if rows:
        await conn.exec_driver_sql(_APPEND, tuple([getattr(row, name) for row in rows] for name in _COLUMNS))


async def answer(conn: AsyncConnection, question: Question, *, before: int | None, limit: int) -> Sequence[RegisterRow]:
    """Return rows newest first, those with ``seq < before`` when it is given."""
    query = await questions.newest(conn, question, before=before, limit=limit)
    return [RegisterRow(*row) for row in await conn.execute(query)]


async def row_at(conn: AsyncConnection, seq: int, communes: frozenset[str] | None) -> RegisterRow | None:
    """Return one row, None when there is none among these communes (None: all)."""
    query = questions.asked_of_columns(Question(communes=communes)).where(register_entries.c.seq == seq)
    row = (await conn.execute(query)).one_or_none()
    return RegisterRow(*row) if row else None


async def pages(conn: AsyncConnection, question: Question, *, size: int) -> AsyncIterator[Sequence[RegisterRow]]:
    """Yield the rows that answer, oldest first, of the first ``size`` of the register, a few thousand at a time."""
    after, columns = 0, register_entries.c
    asked = await questions.whole(conn, question)
    while True:
        query = asked.where(columns.seq > after, columns.seq <= size)
        rows = [RegisterRow(*row) for row in await conn.execute(query.order_by(columns.seq).limit(_PAGE_ROWS))]
        if rows:
            yield rows
        if len(rows) < _PAGE_ROWS:
            return
        after = rows[-1].seq


async def walk(conn: AsyncConnection, *, after: int, until: int) -> Sequence[RegisterRow]:
    """Return the next rows of a walk along the whole register, straight from the driver: there may be millions."""
    driver = (await conn.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - a connection in use has one
    return [RegisterRow._make(record) for record in await driver.fetch(_WALK, after, until, _PAGE_ROWS)]


_APPEND = f"""
INSERT INTO register_entries ({", ".join(_COLUMNS)})
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], $14::bytea[])
"""  # noqa: S608 - names of ours

_WALK = f"""
SELECT {", ".join(_COLUMNS)} FROM register_entries WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3
"""  # noqa: S608 - names of ours
