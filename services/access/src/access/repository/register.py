"""The register: rows are only ever inserted, one writer at a time, and read by the four questions."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, TextClause, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import ChainHead, RegisterRow, words_of
from access.tables import register_entries
from contracts.access import OWNER, RegisterEntry
from guard.seal import ask_for_row

_CHAIN_LOCK = 0x5245_4749_5354_5245  # "REGISTRE": one lock for the one chain of this database
_COLUMNS = tuple(RegisterRow._fields)
_PAGE_ROWS = 4096  # whole tiles
_RARE = 2000  # rows that may be named one by one


@dataclass(frozen=True, slots=True)
class Question:
    """Which camera, when, by whom, why: every field None asks nothing. ``until_at`` is excluded.

    ``why``: words that begin words of motive and context, all of them. ``communes`` bounds what may be seen; None
    means all communes.
    """

    camera_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    result: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    communes: frozenset[str] | None = None
    insee: str | None = None
    organisation: str | None = None
    motive_code: str | None = None
    why: str | None = None

    @property
    def asks_nothing(self) -> bool:
        """Tell whether the answer is the whole register."""
        return self == Question()


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
    query = (await _found(conn, question)).order_by(register_entries.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(register_entries.c.seq < before)
    return [RegisterRow(*row) for row in await conn.execute(query)]


async def row_at(conn: AsyncConnection, seq: int, communes: frozenset[str] | None) -> RegisterRow | None:
    """Return one row, None when there is none among these communes (None: all)."""
    query = _asked(Question(communes=communes)).where(register_entries.c.seq == seq)
    row = (await conn.execute(query)).one_or_none()
    return RegisterRow(*row) if row else None


async def pages(conn: AsyncConnection, question: Question, *, size: int) -> AsyncIterator[Sequence[RegisterRow]]:
    """Yield the rows that answer, oldest first, of the first ``size`` of the register, a few thousand at a time."""
    after, columns = 0, register_entries.c
    asked = await _found(conn, question)
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


async def _found(conn: AsyncConnection, question: Question) -> Select[Any]:
    """Return the query of a question, with what the planner cannot know: where in the register the answer lies.

    Rows are read in order of ``seq``. The planner does not know that time grows with it, nor how rare the beginning of
    a word is, and would walk a million rows back for a day of last year. Two short looks into an index tell.
    """
    columns = register_entries.c
    query = _asked(question)
    if question.until_at is not None:
        between = [columns.at < question.until_at]
        if question.from_at is not None:
            between.append(columns.at >= question.from_at)
        number = columns.seq + 0  # as it stands, the planner would walk the primary key instead of the instants
        span = (await conn.execute(select(func.min(number), func.max(number)).where(*between))).one()
        query = query.where(columns.seq.between(span[0] or 0, span[1] or 0))
    if question.why is not None:
        because = _because(question.why)
        every = select(columns.seq).where(because).cte().prefix_with("MATERIALIZED")  # planned for all, read for some
        some = list((await conn.execute(select(every.c.seq).limit(_RARE + 1))).scalars())
        query = query.where(
            columns.seq == func.any(literal(some, ARRAY(BigInteger))) if len(some) <= _RARE else because
        )
    return query


def _asked(question: Question) -> Select[Any]:
    columns = register_entries.c
    query = select(*(columns[name] for name in _COLUMNS))
    asked = {
        columns.camera_id: question.camera_id,
        columns.actor_id: question.actor_id,
        columns.action: question.action,
        columns.result: question.result,
        columns.insee: question.insee,
        columns.organisation: question.organisation,
        columns.motive_code: question.motive_code,
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
    return query


def _because(why: str) -> ColumnElement[bool] | TextClause:
    words = words_of(why).split()
    if not words:
        return literal(value=False) if why.strip() else literal(value=True)
    begun = " & ".join(f"'{word}':*" for word in words)  # words hold letters, digits, _ and - only
    return text("array_to_tsvector(string_to_array(register_entries.why, ' ')) @@ CAST(:begun AS tsquery)").bindparams(
        begun=begun
    )


_APPEND = f"""
INSERT INTO register_entries ({", ".join(_COLUMNS)})
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], $14::bytea[])
"""  # noqa: S608 - names of ours

_WALK = f"""
SELECT {", ".join(_COLUMNS)} FROM register_entries WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3
"""  # noqa: S608 - names of ours
