"""The register: rows are only ever inserted, one writer at a time, and read by the four questions."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import ChainHead, RegisterRow
from access.tables import register_checkpoints, register_entries
from common import outbox
from contracts.access import FACT_REGISTER_ENTRY, OWNER, REGISTER_OWNER, RegisterEntry
from contracts.envelope import make_envelope

_CHAIN_LOCK = 0x5245_4749_5354_5245  # "REGISTRE": one lock for the one chain of this database
_WALK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """Which camera, when, by whom, what: every field None asks nothing. ``until_at`` is excluded.

    ``communes`` None means all communes.
    """

    camera_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    result: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    communes: frozenset[str] | None = None


async def ask_for(conn: AsyncConnection, entry: RegisterEntry) -> None:
    """Ask for a row the way every service does: outbox, bus, and back through our own consumer."""
    envelope = make_envelope(
        entry,
        event_id=entry.entry_id,
        owner=REGISTER_OWNER,
        fact=FACT_REGISTER_ENTRY,
        source=OWNER,
        aggregate=f"register:{OWNER}",
        insee=entry.insee,
        at=entry.at,
    )
    await outbox.append(conn, [envelope])


async def lock_chain(conn: AsyncConnection) -> ChainHead:
    """Become the only writer until the transaction ends; returns where the chain ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    return await head(conn)


async def head(conn: AsyncConnection) -> ChainHead:
    """Return where the chain ends, without becoming its writer."""
    last = select(register_entries.c.seq, register_entries.c.hash).order_by(register_entries.c.seq.desc()).limit(1)
    row = (await conn.execute(last)).one_or_none()
    return ChainHead(row.seq, row.hash) if row else ChainHead()


async def save_checkpoint(conn: AsyncConnection, seq: int, token: str, at: datetime) -> None:
    """Keep a signed checkpoint; one per row of the register at most."""
    values = {"seq": seq, "sealed_at": at, "token": token}
    await conn.execute(upsert(register_checkpoints).values(values).on_conflict_do_nothing())


async def last_checkpoint(conn: AsyncConnection) -> tuple[int, str] | None:
    """Return the row number and the token of the last checkpoint, or None."""
    columns = register_checkpoints.c
    query = select(columns.seq, columns.token).order_by(columns.seq.desc()).limit(1)
    row = (await conn.execute(query)).one_or_none()
    return (row.seq, row.token) if row else None


async def known(conn: AsyncConnection, entry_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these entries are in the register already."""
    query = select(register_entries.c.entry_id).where(register_entries.c.entry_id.in_(entry_ids))
    return set((await conn.execute(query)).scalars())


async def append(conn: AsyncConnection, rows: Sequence[RegisterRow]) -> None:
    """Insert rows that follow the head; call ``lock_chain`` before, in the same transaction."""
    if rows:
        await conn.execute(insert(register_entries), [_values(row) for row in rows])


async def answer(conn: AsyncConnection, question: Question, *, before: int | None, limit: int) -> Sequence[RegisterRow]:
    """Return rows newest first, those with ``seq < before`` when it is given."""
    columns = register_entries.c
    query = select(register_entries).order_by(columns.seq.desc()).limit(limit)
    asked = {
        columns.camera_id: question.camera_id,
        columns.actor_id: question.actor_id,
        columns.action: question.action,
        columns.result: question.result,
    }
    for column, value in asked.items():
        if value is not None:
            query = query.where(column == value)
    if question.from_at is not None:
        query = query.where(columns.at >= question.from_at)
    if question.until_at is not None:
        query = query.where(columns.at < question.until_at)
    if question.communes is not None:
        query = query.where(columns.insee.in_(sorted(question.communes)))
    if before is not None:
        query = query.where(columns.seq < before)
    return [_row(row) for row in await conn.execute(query)]


async def walk(conn: AsyncConnection) -> AsyncIterator[RegisterRow]:
    """Yield every row in order of ``seq``, a few thousand in memory at a time."""
    last = None
    while True:
        query = select(register_entries).order_by(register_entries.c.seq).limit(_WALK_ROWS)
        if last is not None:
            query = query.where(register_entries.c.seq > last)
        rows = (await conn.execute(query)).all()
        for row in rows:
            yield _row(row)
        if len(rows) < _WALK_ROWS:
            return
        last = rows[-1].seq


def _values(row: RegisterRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in RegisterRow.__slots__}


def _row(row: Row[tuple[object, ...]]) -> RegisterRow:
    return RegisterRow(**{name: getattr(row, name) for name in RegisterRow.__slots__})
