"""One PostgreSQL database per service, one transaction per command.

Transactions belong to the edge: nothing outside this package commits or rolls back.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


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
    a reconnect, not an error for a user.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=8,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"timeout": 10, "command_timeout": 60},
            hide_parameters=True,  # a failed statement is logged; the names and addresses bound to it are not
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection, None]:
        """Yield a connection in a transaction: committed at the end, rolled back on an exception.

        An exception with ``keeps_transaction = True`` (a refusal, whose register row must stay) commits what
        was written and then goes on.

        Raises:
            DatabaseAway: no connection can be had now. While the server starts or stops, the driver raises errors
                that SQLAlchemy does not translate; callers need one to wait on.
        """
        async with self._connected() as connection:
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

    async def ping(self) -> None:
        """Ask the server one trivial question; raises what the driver raises when it is away."""
        async with self._connected() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[AsyncConnection, None]:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.engine.connect())
            except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseAway(type(error).__name__) from error
            yield connection

    async def dispose(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()
