"""A miniature service's database for the tests of the way of an event."""

from collections.abc import AsyncGenerator, Callable

import pytest_asyncio

from common.database import Database
from common.testing import event_lab
from common.testing.servers import TestDatabase


@pytest_asyncio.fixture
async def lab_database(make_database: Callable[[str | None], TestDatabase]) -> AsyncGenerator[Database]:
    """An empty database with outbox, inbox and effects, opened by the serving role."""
    made = make_database(None)
    await event_lab.create_tables(made.owner_url)
    database = Database(made.app_url)
    yield database
    await database.dispose()
