"""Schema migrations of a service: alembic, run by the owner role, from inside the service's package."""

import asyncio
from importlib.resources import files

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine


def upgrade(package: str, url: str) -> None:
    """Bring the database of ``package`` (import name) to its newest schema. Idempotent.

    Args:
        package: import name of the service; its ``migrations`` folder holds ``env.py`` and ``versions``.
        url: ``postgresql+asyncpg://…`` of the owner role.
    """
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def run_env(metadata: MetaData) -> None:
    """Do what an alembic ``env.py`` does; each service's file only calls this."""
    asyncio.run(_migrate(str(context.config.attributes["url"]), metadata))


async def _migrate(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run, metadata)
        await connection.commit()
    await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
