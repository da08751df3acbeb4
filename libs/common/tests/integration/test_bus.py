"""The connection to the bus comes back by itself; feeds notice silence; forbidden things are told apart."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from common.bus import Bus, BusAway, BusRefused
from common.pull_feed import FeedBroken, PullFeed
from common.settings import ServiceSettings
from common.testing.polling import eventually
from contracts.streams import BUCKETS, STREAMS, StreamSpec
from embedded.nats import NatsServer, NatsUser

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncGenerator[NatsServer]:
    """A bus of the test's own, since it is killed."""
    server = NatsServer(tmp_path / "nats", sync_always=False)
    await asyncio.to_thread(server.start)
    yield server
    server.stop()


@pytest_asyncio.fixture
async def own_bus(server: NatsServer) -> AsyncGenerator[Bus]:
    bus = await Bus.connect(server.url, name="test")
    yield bus
    await bus.close()


async def test_streams_and_buckets_are_declared_once_and_brought_up_to_date(own_bus: Bus) -> None:
    for _ in range(2):
        await own_bus.ensure_streams(STREAMS)
        await own_bus.ensure_buckets(BUCKETS)
    await own_bus.ensure_streams([StreamSpec("INCIDENT", "incident", 3)])

    config = (await own_bus.js.stream_info("INCIDENT")).config
    assert config.subjects == ["vigie.*.incident.>"]
    assert config.max_age == 3 * 86_400
    assert config.duplicate_window == 120
    assert {bucket async for bucket in names(own_bus)} >= {f"KV_{name}" for name in BUCKETS}


async def names(bus: Bus) -> AsyncGenerator[str]:
    for info in await bus.js.streams_info():
        yield str(info.config.name)


async def test_a_killed_server_costs_a_reconnect_and_says_so_meanwhile(own_bus: Bus, server: NatsServer) -> None:
    assert await own_bus.check() is None

    server.kill()
    await eventually(own_bus.check, until=lambda reason: reason is not None)
    with pytest.raises(BusAway):
        _ = own_bus.js

    await asyncio.to_thread(server.start)
    await eventually(own_bus.check, until=lambda reason: reason is None)
    assert own_bus.js is not None


async def test_a_frozen_server_breaks_the_feed_and_the_connection(own_bus: Bus, server: NatsServer) -> None:
    """No connection is closed here, nothing answers: the case in which plain pull consumers wait for ever."""
    await own_bus.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
    await own_bus.js.add_consumer("INCIDENT", durable_name="frozen")
    feed = PullFeed(own_bus.nc, "INCIDENT", "frozen", batch=10)
    await feed.open()
    assert server.pid is not None

    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(FeedBroken, match="no heartbeat"):
            await asyncio.wait_for(read_for_ever(feed), 60)
        with pytest.raises(BusAway):
            await own_bus.request("$JS.API.INFO", seconds=0.5)
        assert own_bus.reason_away is not None
    finally:
        os.kill(server.pid, signal.SIGCONT)
    await eventually(own_bus.check, until=lambda reason: reason is None)


async def read_for_ever(feed: PullFeed) -> None:
    while True:
        await feed.next_batch(seconds=1.0)


async def test_a_deleted_consumer_breaks_the_feed(own_bus: Bus) -> None:
    await own_bus.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
    await own_bus.js.add_consumer("INCIDENT", durable_name="doomed")
    feed = PullFeed(own_bus.nc, "INCIDENT", "doomed", batch=10)
    await feed.open()
    await own_bus.js.delete_consumer("INCIDENT", "doomed")

    with pytest.raises(FeedBroken):
        await asyncio.wait_for(read_for_ever(feed), 60)


async def test_a_feed_hands_out_everything_in_order_in_bounded_batches(own_bus: Bus) -> None:
    await own_bus.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
    await own_bus.js.add_consumer("INCIDENT", durable_name="all")
    for number in range(250):
        await own_bus.nc.publish("vigie.95598.incident.lab.v1", str(number).encode())
    feed = PullFeed(own_bus.nc, "INCIDENT", "all", batch=40)
    await feed.open()
    read: list[int] = []
    while len(read) < 250:
        batch = await feed.next_batch(seconds=1.0)
        assert len(batch) <= 40
        read += [int(message.data) for message in batch]
        for message in batch:
            await message.ack()
    await feed.close()

    assert read == list(range(250))


async def test_a_refusal_of_jetstream_is_told_apart_from_an_outage(own_bus: Bus) -> None:
    with pytest.raises(BusRefused, match="stream not found"):
        await own_bus.request("$JS.API.STREAM.INFO.NOWHERE")
    assert own_bus.reason_away is None


class LabSettings(ServiceSettings):
    """Settings as a service has them."""


async def test_a_service_speaks_with_its_own_user_and_inbox(tmp_path: Path) -> None:
    user = NatsUser("incident", "secret-1", publish=("$JS.API.>",), subscribe=())
    server = NatsServer(tmp_path / "guarded", users=[user], sync_always=False)
    await asyncio.to_thread(server.start)
    try:
        settings = LabSettings(
            database_url=SecretStr("postgresql+asyncpg://nowhere"),
            nats_url=server.url,
            nats_user="incident",
            nats_password=SecretStr("secret-1"),
            api_port=1,
            trusted_keys_dir=tmp_path,
            service_key_file=tmp_path / "key",
        )
        bus = await Bus.connect(settings, name="incident")
        assert (await bus.request("$JS.API.INFO"))["type"].endswith("account_info_response")
        with pytest.raises(BusAway):
            await bus.request("forbidden.subject", seconds=0.5)
        assert bus.reason_away is None, "a forbidden subject must not cost the connection"
        await bus.close()

        wrong = await Bus.connect(server.url, name="nobody")
        assert "uthorization" in str(wrong.reason_away)
        await wrong.close()
    finally:
        server.stop()
