"""Signed statements about the register: checkpoints, those of the time before the tree, and what was forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.tables import register_checkpoints, register_forgettings, register_heads


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A checkpoint as stored; ``note`` alone is signed, the other two only help to find it."""

    size: int
    signed_at: datetime
    note: str


async def save(conn: AsyncConnection, head: StoredHead) -> None:
    """Keep a signed checkpoint; a second of the same rows and millisecond says nothing new."""
    values = {"size": head.size, "signed_at": head.signed_at, "note": head.note}
    await conn.execute(insert(register_heads).values(values).on_conflict_do_nothing())


async def last(conn: AsyncConnection) -> StoredHead | None:
    """Return the newest checkpoint."""
    found = await newest(conn, limit=1)
    return found[0] if found else None


async def at_size(conn: AsyncConnection, size: int | None) -> StoredHead | None:
    """Return the newest checkpoint of ``size`` rows, or of any size when it is None."""
    columns = register_heads.c
    query = select(register_heads).order_by(columns.size.desc(), columns.signed_at.desc()).limit(1)
    row = (await conn.execute(query if size is None else query.where(columns.size == size))).one_or_none()
    return StoredHead(*row) if row else None


async def newest(conn: AsyncConnection, *, limit: int) -> Sequence[StoredHead]:
    """Return checkpoints, newest first."""
    columns = register_heads.c
    query = select(register_heads).order_by(columns.size.desc(), columns.signed_at.desc()).limit(limit)
    return [StoredHead(*row) for row in await conn.execute(query)]


async def every(conn: AsyncConnection) -> Sequence[StoredHead]:
    """Return every checkpoint."""
    return [StoredHead(*row) for row in await conn.execute(select(register_heads))]


async def tokens(conn: AsyncConnection) -> Sequence[tuple[int, str]]:
    """Return the checkpoints of the time before the tree: row number and JWT."""
    return [(row.seq, row.token) for row in await conn.execute(select(register_checkpoints))]


async def last_forgetting(conn: AsyncConnection) -> tuple[int, str] | None:
    """Return the number of the last forgotten row and the signed statement about it."""
    columns = register_forgettings.c
    query = select(columns.up_to, columns.note).order_by(columns.up_to.desc()).limit(1)
    row = (await conn.execute(query)).one_or_none()
    return (row.up_to, row.note) if row else None


async def forget(conn: AsyncConnection, *, up_to: int, expired_before: datetime, at: datetime, note: str) -> int:
    """Delete expired rows, as the owner of the tables; returns how many. The database refuses any other."""
    gone = await conn.exec_driver_sql("SELECT forget_register_rows($1, $2, $3, $4)", (up_to, expired_before, at, note))
    return int(gone.scalar_one())


async def expired(conn: AsyncConnection, *, before: datetime) -> int:
    """Return the number of the last row before which every row is older than ``before`` (0: none)."""
    found = await conn.exec_driver_sql(
        "SELECT coalesce((SELECT min(seq) FROM register_entries WHERE at >= $1),"
        " (SELECT max(seq) + 1 FROM register_entries), 1) - 1",
        (before,),
    )
    return int(found.scalar_one())
