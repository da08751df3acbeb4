"""The mirror of a bucket follows changes, keeps its values through an outage, and forgets what vanished meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import BaseModel

from common.bus import Bus
from common.kv_replica import KvReplica
from common.testing.polling import eventually
from embedded.nats import NatsServer

pytestmark = pytest.mark.integration

BUCKET = "lights"


class Light(BaseModel):
    colour: str


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncGenerator[NatsServer]:
    """A bus of the test's own, since it is killed."""
    server = NatsServer(tmp_path / "nats", sync_always=False)
    await asyncio.to_thread(server.start)
    yield server
    server.stop()


@pytest_asyncio.fixture
async def own_bus(server: NatsServer) -> AsyncGenerator[Bus]:
    bus = await Bus.connect(server.url, name="replica")
    await bus.ensure_buckets([BUCKET])
    yield bus
    await bus.close()


async def put(bus: Bus, key: str, colour: str) -> None:
    await (await bus.js.key_value(BUCKET)).put(key, Light(colour=colour).model_dump_json().encode())


async def colours(replica: KvReplica[Light]) -> dict[str, str]:
    found = {key: replica.get(key) for key in ("a", "b", "c", "d")}
    return {key: value.colour for key, value in found.items() if value is not None}


async def test_the_whole_bucket_is_there_when_ready_and_changes_follow(own_bus: Bus) -> None:
    await put(own_bus, "a", "red")
    await put(own_bus, "b", "green")
    await put(own_bus, "a", "amber")
    replica = KvReplica(own_bus, BUCKET, Light)
    heard: list[tuple[str, str | None]] = []
    replica.on_change(lambda key, value: heard.append((key, value.colour if value else None)))
    assert not replica.ready

    await replica.start()
    await replica.wait_ready(30)
    assert await colours(replica) == {"a": "amber", "b": "green"}
    assert {light.colour for light in replica.values()} == {"amber", "green"}

    await put(own_bus, "c", "blue")
    await (await own_bus.js.key_value(BUCKET)).delete("b")
    await eventually(lambda: colours(replica), until=lambda seen: seen == {"a": "amber", "c": "blue"})
    assert heard[-2:] == [("c", "blue"), ("b", None)]
    await replica.stop()


async def test_an_empty_bucket_is_ready_at_once(own_bus: Bus) -> None:
    replica = KvReplica(own_bus, BUCKET, Light)
    await replica.start()
    await replica.wait_ready(30)

    assert replica.values() == []
    await replica.stop()


async def test_values_survive_an_outage_and_what_was_missed_is_caught_up(own_bus: Bus, server: NatsServer) -> None:
    for key in ("a", "b", "c"):
        await put(own_bus, key, "red")
    replica = KvReplica(own_bus, BUCKET, Light)
    await replica.start()
    await replica.wait_ready(30)

    server.kill()
    await eventually(lambda: away(own_bus))
    assert await colours(replica) == {"a": "red", "b": "red", "c": "red"}
    assert replica.ready

    await asyncio.to_thread(server.start)
    other = await Bus.connect(server.url, name="writer")
    await other.wait_usable(30)
    await put(other, "a", "green")
    # A purge leaves no marker behind: only reading the whole bucket again shows that the key is gone.
    await other.js.purge_stream(f"KV_{BUCKET}", subject=f"$KV.{BUCKET}.b")
    await put(other, "d", "blue")
    expected = {"a": "green", "c": "red", "d": "blue"}
    await eventually(lambda: colours(replica), until=lambda seen: seen == expected)
    await replica.stop()
    await other.close()


async def away(bus: Bus) -> bool:
    return bus.reason_away is not None


async def test_keys_purged_during_an_outage_vanish(own_bus: Bus, server: NatsServer) -> None:
    await put(own_bus, "a", "red")
    await put(own_bus, "b", "red")
    replica = KvReplica(own_bus, BUCKET, Light)
    await replica.start()
    await replica.wait_ready(30)
    await own_bus.js.purge_stream(f"KV_{BUCKET}", subject=f"$KV.{BUCKET}.b")

    server.kill()
    await asyncio.to_thread(server.start)

    assert await eventually(lambda: colours(replica), until=lambda seen: "b" not in seen) == {"a": "red"}
    await replica.stop()


async def test_a_value_that_is_not_understood_leaves_the_last_good_one(own_bus: Bus) -> None:
    await put(own_bus, "a", "red")
    replica = KvReplica(own_bus, BUCKET, Light)
    await replica.start()
    await replica.wait_ready(30)

    await (await own_bus.js.key_value(BUCKET)).put("a", b'{"colour": 5}')
    await put(own_bus, "b", "green")
    assert await eventually(lambda: colours(replica), until=lambda seen: "b" in seen) == {"a": "red", "b": "green"}
    await replica.stop()


async def test_a_replica_started_before_the_bus_gets_ready_when_it_comes(tmp_path: Path) -> None:
    late = NatsServer(tmp_path / "late", sync_always=False)
    bus = await Bus.connect(late.url, name="early")
    replica = KvReplica(bus, BUCKET, Light)
    await replica.start()
    assert await replica.check() == f"bucket {BUCKET} not read yet"

    await asyncio.to_thread(late.start)
    try:
        await bus.wait_usable(30)
        await bus.ensure_buckets([BUCKET])
        await replica.wait_ready(30)
        assert await replica.check() is None
    finally:
        await replica.stop()
        await bus.close()
        late.stop()
