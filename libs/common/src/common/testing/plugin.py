"""pytest fixtures on real servers; loaded by the root ``conftest.py``."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from common.bus import Bus, BusRefused
from common.object_store import ObjectStore
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS

_STORE_BUSY = 10049
_ATTEMPTS = 10


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The session's servers; each starts when it is first asked for."""
    held = Servers(tmp_path_factory.mktemp("servers"))
    yield held
    held.stop()


@pytest.fixture
def make_database(servers: Servers) -> Callable[[str | None], TestDatabase]:
    """Return a function that creates a fresh migrated database for a service's package (None: an empty one)."""
    return servers.make_database


@pytest.fixture
def nats_url(servers: Servers) -> str:
    """The bus of this session, shared by its tests."""
    return servers.nats.url


@pytest_asyncio.fixture
async def bus(servers: Servers) -> AsyncIterator[Bus]:
    """A connection to the bus with empty streams and buckets, as at a first start."""
    connected = await Bus.connect(servers.nats.url, name="test")
    await _empty(connected)
    await _declare(connected)
    yield connected
    await connected.close()


async def _declare(bus: Bus) -> None:
    """Make streams and buckets; the server may still be busy with the files of those just deleted."""
    for attempt in range(_ATTEMPTS):
        try:
            await bus.ensure_streams(STREAMS)
            await bus.ensure_buckets(BUCKETS)
        except BusRefused as refusal:
            if refusal.code != _STORE_BUSY or attempt == _ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def _empty(bus: Bus) -> None:
    for info in await bus.js.streams_info():
        if info.config.name:
            await bus.js.delete_stream(info.config.name)


@pytest_asyncio.fixture
async def object_store(servers: Servers) -> ObjectStore:
    """The object store with the platform's identity, without the footage that earlier tests left."""
    seaweed = servers.seaweed
    store = ObjectStore(seaweed.endpoint, seaweed.access_key, seaweed.secret_key)
    for bucket in await store.list_buckets():
        if not bucket.startswith("vigie-evidence-"):
            await store.remove_many(bucket, await store.list_keys(bucket))
            await store.remove_bucket(bucket)
    return store


@pytest.fixture
def tokens(tmp_path: Path) -> TokenMint:
    """A mint of real tokens; its ``folder`` is the ``trusted_keys_dir`` for the application under test."""
    return TokenMint(tmp_path / "trusted-keys")
