"""Leases in PostgreSQL: which process may do a thing that only one may do at a time.

A lease is a row ``(name, owner, lease_until)``. Time is the database's clock alone, so that two machines with
different clocks agree. A holder renews three times per lease; one that dies is replaced when its lease runs out.

A lease alone proves nothing: a holder may be paused between looking at its lease and acting. Whoever writes under a
lease therefore names the owner *in the same statement* as the write (``… AND owner = $me``): the database refuses
what comes too late. Within this process ``held`` only tells what is still worth trying.

Names are shared out evenly among the processes alive: each leaves a row that says it is there, takes at most
its share, and gives back what it has too much, so a second relay takes half of the work within one lease.
"""

import math
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from common.database import Database

LEASE_SECONDS = 5.0
"""How long a dead holder keeps its names; also the longest time that nobody does its work."""

_SEEKER = "seeker:"


def leases_table(metadata: MetaData, name: str) -> Table:
    """Declare a table of leases in a service's metadata."""
    return Table(
        name,
        metadata,
        Column("name", Text, nullable=False),
        Column("owner", Uuid, nullable=True),
        Column("lease_until", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("name", name=f"pk_{name}"),
    )


def fair_share(names: int, seekers: int) -> int:
    """Return how many of ``names`` one of ``seekers`` processes may hold, so that all find room."""
    return math.ceil(names / max(seekers, 1))


class Leases:
    """This process's share of a set of names. ``renew`` must be called at least every ``seconds / 3``."""

    def __init__(self, database: Database, table: str, names: Sequence[str], *, seconds: float = LEASE_SECONDS) -> None:
        self.owner: UUID = uuid4()
        self.seconds = seconds
        self._database = database
        self._table = table
        self._names = list(names)
        self._held: frozenset[str] = frozenset()
        self._trusted_until = 0.0

    @property
    def held(self) -> frozenset[str]:
        """Names worth working on now; empty when the last renewal is too old to trust."""
        return self._held if time.monotonic() < self._trusted_until else frozenset()

    @property
    def renewal_is_due(self) -> bool:
        """Tell whether a third of the lease has gone since the last renewal."""
        return time.monotonic() > self._trusted_until - self.seconds * 2 / 3

    async def renew(self) -> frozenset[str]:
        """Renew what is held, give back what is above the fair share, claim what is free below it.

        Returns:
            The names gained by this call: the work of somebody else may lie unfinished there.
        """
        asked_at = time.monotonic()
        async with self._database.transaction() as conn:
            seekers = await self._announce(conn)
            kept = await self._extend(conn)
            share = fair_share(len(self._names), seekers)
            await self._give_back(conn, kept[share:])
            claimed = await self._claim(conn, share - len(kept)) if len(kept) < share else []
        before = self.held
        self._held = frozenset(kept[:share]) | frozenset(claimed)
        self._trusted_until = asked_at + self.seconds
        return self._held - before

    async def release(self) -> None:
        """Give everything back at once, so that the next process need not wait for the lease to run out."""
        self._held = frozenset()
        async with self._database.transaction() as conn:
            await conn.exec_driver_sql(
                f"UPDATE {self._table} SET owner = NULL, lease_until = '-infinity' WHERE owner = $1",  # noqa: S608
                (self.owner,),
            )
            await conn.exec_driver_sql(
                f"DELETE FROM {self._table} WHERE name = $1",  # noqa: S608
                (f"{_SEEKER}{self.owner}",),
            )

    async def _announce(self, conn: AsyncConnection) -> int:
        """Say that this process is alive; returns how many are, this one included."""
        await conn.exec_driver_sql(
            f"DELETE FROM {self._table} WHERE starts_with(name, $1)"  # noqa: S608
            " AND lease_until < clock_timestamp() - interval '1 minute'",
            (_SEEKER,),
        )
        await conn.exec_driver_sql(
            f"INSERT INTO {self._table} (name, owner, lease_until)"  # noqa: S608
            " SELECT name, NULL, '-infinity' FROM unnest($1::text[]) AS name ORDER BY name"
            " ON CONFLICT (name) DO NOTHING",
            (self._names,),
        )
        await conn.exec_driver_sql(
            f"INSERT INTO {self._table} (name, owner, lease_until)"  # noqa: S608
            " VALUES ($1, NULL, clock_timestamp() + make_interval(secs => $2))"
            " ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until",
            (f"{_SEEKER}{self.owner}", self.seconds),
        )
        alive = await conn.exec_driver_sql(
            f"SELECT count(*) FROM {self._table}"  # noqa: S608
            " WHERE starts_with(name, $1) AND lease_until > clock_timestamp()",
            (_SEEKER,),
        )
        return int(alive.scalar_one())

    async def _extend(self, conn: AsyncConnection) -> list[str]:
        """Renew what is held. A row locked by a transaction under way is left out: its lock protects it."""
        await conn.exec_driver_sql(
            f"UPDATE {self._table} SET lease_until = clock_timestamp() + make_interval(secs => $2)"  # noqa: S608
            f" WHERE name IN (SELECT name FROM {self._table} WHERE owner = $1 FOR UPDATE SKIP LOCKED)",
            (self.owner, self.seconds),
        )
        rows = await conn.exec_driver_sql(
            f"SELECT name FROM {self._table} WHERE owner = $1 ORDER BY name",  # noqa: S608
            (self.owner,),
        )
        return [str(row.name) for row in rows]

    async def _give_back(self, conn: AsyncConnection, names: list[str]) -> None:
        if names:
            await conn.exec_driver_sql(
                f"UPDATE {self._table} SET owner = NULL, lease_until = '-infinity' WHERE name IN"  # noqa: S608
                f" (SELECT name FROM {self._table} WHERE owner = $1 AND name = ANY($2::text[])"
                " FOR UPDATE SKIP LOCKED)",
                (self.owner, names),
            )

    async def _claim(self, conn: AsyncConnection, at_most: int) -> list[str]:
        rows = await conn.exec_driver_sql(
            f"UPDATE {self._table} SET owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)"  # noqa: S608
            f" WHERE name IN (SELECT name FROM {self._table} WHERE name = ANY($3::text[])"
            " AND lease_until < clock_timestamp() ORDER BY name LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING name",
            (self.owner, self.seconds, self._names, at_most),
        )
        return [str(row.name) for row in rows]
