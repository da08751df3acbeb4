"""One PostgreSQL database per service, one transaction per command.

Transactions belong to the edge: nothing outside this package commits or rolls back.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_TRUSTED_SECONDS = 0.5
"""A connection used less than so long ago is not asked whether it lives, as HikariCP does it (aliveBypassWindow)."""

_LAST_USED = "vigie_last_used"


def new_metadata() -> MetaData:
    """Return a MetaData with fixed constraint names, so that migrations can name what they change."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DatabaseAway(ConnectionError):
    """The database accepts no connection now (starting, stopping, full): try again later."""


class Database:
    """A pool of connections to the service's own database.

    ``url`` is ``postgresql+asyncpg://…``. Connections are checked before use, so that a restarted server costs
    a reconnect, not an error for a user; those in constant use are only looked at, for asking is three round trips.

    ``idle_transaction_seconds``: the server ends a transaction that asks nothing for so long, and frees what it has
    locked. For processes that share rows with others and may be frozen, or lose their machine, in the middle of one:
    the others would wait until the frozen one wakes up. None: never, for what holds a lock over work elsewhere.
    """

    def __init__(self, url: str, *, pool_size: int = 8, idle_transaction_seconds: float | None = None) -> None:
        told: dict[str, str] = {}
        if idle_transaction_seconds is not None:
            told["idle_in_transaction_session_timeout"] = str(round(idle_transaction_seconds * 1000))
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=8,
            pool_recycle=1800,
            connect_args={"timeout": 10, "command_timeout": 60, "server_settings": told},
            hide_parameters=True,  # a failed statement is logged; the names and addresses bound to it are not
        )
        _check_before_use(self.engine)
        self._questions = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def plan_for_the_values_asked(self) -> None:
        """Let PostgreSQL plan every statement for its own values; call before the first connection.

        A question may answer with ten rows or with all of them. The one plan that the server would keep after five
        questions suits neither: for a box on a map of 200 000 cameras it takes 800 ms for what takes 1 ms.
        """

        @event.listens_for(self.engine.sync_engine, "connect")
        def choose(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
            connection.run_async(lambda driver: driver.execute("SET plan_cache_mode = force_custom_plan"))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection, None]:
        """Yield a connection in a transaction: committed at the end, rolled back on an exception.

        An exception with ``keeps_transaction = True`` (a refusal, whose register row must stay) commits what
        was written and then goes on.

        Raises:
            DatabaseAway: no connection can be had now. While the server starts or stops, the driver raises errors
                that SQLAlchemy does not translate; callers need one to wait on.
        """
        async with self._connected(self.engine) as connection:
            transaction = await connection.begin()
            try:
                yield connection
            except BaseException as error:
                if getattr(error, "keeps_transaction", False):
                    await transaction.commit()
                else:
                    await transaction.rollback()
                raise
            await transaction.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection, None]:
        """Yield a connection for questions only: each statement stands alone, and BEGIN and COMMIT are not sent.

        Nothing may be written through it: there would be nothing to roll back. Raises DatabaseAway.
        """
        async with self._connected(self._questions) as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the server one trivial question; raises what the driver raises when it is away."""
        async with self._connected(self.engine) as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
            except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseAway(type(error).__name__) from error
            yield connection

    async def dispose(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


def _check_before_use(engine: AsyncEngine) -> None:
    """Have a pooled connection that died found out before it is used; the whole pool is then made anew."""
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def remember(_connection: Any, record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        record.info[_LAST_USED] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, record: Any, _fairy: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        if record.driver_connection.is_closed():
            raise InvalidatePoolError
        used_at = record.info.get(_LAST_USED)
        if used_at is None or time.monotonic() - used_at < _TRUSTED_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, connection, None):
                raise InvalidatePoolError from error
            raise
