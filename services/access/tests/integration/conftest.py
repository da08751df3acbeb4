"""The access service on real PostgreSQL and NATS, with an independent OpenID provider."""

import asyncio
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from oidc_provider_mock import app as provider_app
from pydantic import SecretStr
from werkzeug.serving import make_server

from access.app import build
from access.seed import load_town, seed
from access.settings import Settings
from common.bus import Bus
from common.clock import SteppedClock
from common.database import Database
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.serving import serving
from common.testing.tokens import TokenMint

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages: this one's modules are found here
from running_access import RunningAccess


@pytest.fixture
def provider() -> Iterator[str]:
    """An OpenID provider that is not ours; yields its issuer."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = make_server("127.0.0.1", port, provider_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest_asyncio.fixture
async def access(
    bus: Bus,
    nats_url: str,
    make_database: Callable[[str | None], TestDatabase],
    tokens: TokenMint,
    provider: str,
) -> AsyncIterator[RunningAccess]:
    """The whole service (api, consumers, relay), seeded with Plaine Vallée."""
    urls = make_database("access")
    clock = SteppedClock(datetime.now(UTC))
    settings = Settings(
        database_url=SecretStr(urls.app_url),
        nats_url=nats_url,
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("access"),
        oidc_issuer=provider,
        oidc_client_id="vigie",
        oidc_client_secret=SecretStr(secrets.token_urlsafe()),
    )
    parts = build(settings, clock)
    await parts.open()
    running = [asyncio.create_task(loop()) for loop in [parts.relay, *parts.workers.values()]]
    database = Database(urls.app_url)
    async with database.transaction() as conn:
        await seed(conn, load_town("plaine-vallee"), at=clock.now())
    guard = parts.app.state.guard

    async def mirrored() -> int:
        return len(guard.agents.values())

    await eventually(mirrored, until=lambda count: count == 9)
    async with serving(parts.app) as url:
        yield RunningAccess(url, parts.app, bus, database, clock, tokens, urls)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await database.dispose()
    await parts.close()
