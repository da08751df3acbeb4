"""The outbox refuses what could never travel; the relay survives what the bus and its peers do to it."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel
from sqlalchemy import text

from common.bus import Bus
from common.database import Database
from common.leases import Leases
from common.outbox import (
    MAX_BODY_BYTES,
    SLOTS,
    StateRow,
    UnpublishableEvent,
    append,
    append_state,
    append_states,
)
from common.relay import Relay
from common.testing import event_lab
from common.testing.polling import eventually
from contracts.streams import BUCKET_CAMERAS, StreamSpec
from embedded.nats import NatsServer, NatsUser

pytestmark = pytest.mark.integration


class Light(BaseModel):
    colour: str


async def waiting_rows(database: Database) -> int:
    async with database.transaction() as conn:
        return int((await conn.execute(text("SELECT count(*) FROM outbox"))).scalar_one())


async def messages(bus: Bus, stream: str) -> int:
    return (await bus.js.stream_info(stream)).state.messages


async def stop(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_event_too_large_for_the_bus_is_refused_where_it_is_said(lab_database: Database) -> None:
    with pytest.raises(UnpublishableEvent, match=str(MAX_BODY_BYTES)):
        async with lab_database.transaction() as conn:
            await append(conn, [event_lab.tick("lab/1", 1, "x" * MAX_BODY_BYTES)])

    assert await waiting_rows(lab_database) == 0


@pytest.mark.parametrize("key", ["", "a b", "a*", ".a", "a.", "é"])
async def test_a_key_that_no_bucket_takes_is_refused(lab_database: Database, key: str) -> None:
    with pytest.raises(UnpublishableEvent):
        async with lab_database.transaction() as conn:
            await append_states(conn, [StateRow(BUCKET_CAMERAS, key, Light(colour="red"), "camera/1")])


async def test_events_of_one_append_keep_their_order(lab_database: Database) -> None:
    async with lab_database.transaction() as conn:
        await append(conn, [event_lab.tick("lab/1", number) for number in range(300)])
        rows = await conn.execute(text("SELECT body FROM outbox ORDER BY seq"))
        bodies = [bytes(row.body) for row in rows]

    assert [f'"number":{number},'.encode() in body for number, body in enumerate(bodies)] == [True] * 300


async def test_state_reaches_its_bucket_and_leaves_it(lab_database: Database, bus: Bus) -> None:
    relay = asyncio.create_task(Relay(lab_database, bus).run())
    bucket = await bus.js.key_value(BUCKET_CAMERAS)

    async def colour() -> bytes | None:
        entry = (await bus.js.get_last_msg(f"KV_{BUCKET_CAMERAS}", f"$KV.{BUCKET_CAMERAS}.PV-1")).data
        return entry or b""

    async with lab_database.transaction() as conn:
        await append_state(conn, BUCKET_CAMERAS, "PV-1", Light(colour="red"), aggregate="camera/PV-1")
        await append_state(conn, BUCKET_CAMERAS, "PV-1", Light(colour="green"), aggregate="camera/PV-1")
    await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 0)
    entry = await bucket.get("PV-1")
    assert Light.model_validate_json(entry.value or b"") == Light(colour="green")

    async with lab_database.transaction() as conn:
        await append_state(conn, BUCKET_CAMERAS, "PV-1", None, aggregate="camera/PV-1")
    assert await eventually(colour, until=lambda value: value == b"") == b""
    await stop(relay)


async def test_rows_published_by_a_relay_that_died_are_not_stored_twice(lab_database: Database, bus: Bus) -> None:
    """The worst moment: everything was acknowledged, nothing deleted."""
    async with lab_database.transaction() as conn:
        await append(conn, [event_lab.tick(f"lab/{number % 7}", number) for number in range(100)])
        rows = list(await conn.execute(text("SELECT message_id, subject, body FROM outbox ORDER BY seq LIMIT 60")))
    for row in rows:
        await bus.js.publish(row.subject, row.body, headers={"Nats-Msg-Id": str(row.message_id)})

    relay = asyncio.create_task(Relay(lab_database, bus).run())
    await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 0)

    assert await messages(bus, "INCIDENT") == 100
    await stop(relay)


async def test_a_stream_that_refuses_does_not_hold_up_the_others(lab_database: Database, bus: Bus) -> None:
    await bus.js.delete_stream(f"KV_{BUCKET_CAMERAS}")
    relay = asyncio.create_task(Relay(lab_database, bus).run())
    async with lab_database.transaction() as conn:
        for number in range(3):
            await append_state(conn, BUCKET_CAMERAS, "PV-1", Light(colour=str(number)), aggregate="lab/1")
            await append(conn, [event_lab.tick("lab/1", number)])

    await eventually(lambda: messages(bus, "INCIDENT"), until=lambda count: count == 3)
    assert await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 3) == 3

    await bus.ensure_buckets([BUCKET_CAMERAS])
    await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 0)
    entry = await (await bus.js.key_value(BUCKET_CAMERAS)).get("PV-1")
    assert Light.model_validate_json(entry.value or b"").colour == "2"
    await stop(relay)


async def test_a_stream_that_is_forbidden_does_not_hold_up_the_others(lab_database: Database, tmp_path: Path) -> None:
    """A forbidden publish is answered by silence: it must not be taken for a broken connection."""
    users = [NatsUser("owner", "pw-1"), NatsUser("lab", "pw-2", publish=("$JS.API.>", "$KV.>"))]
    server = NatsServer(tmp_path / "nats", users=users, sync_always=False)
    await asyncio.to_thread(server.start)
    owner = await Bus.connect(with_login(server.url, "owner", "pw-1"), name="owner")
    bus = await Bus.connect(with_login(server.url, "lab", "pw-2"), name="lab")
    relay = asyncio.create_task(Relay(lab_database, bus).run())
    try:
        await owner.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
        await owner.ensure_buckets([BUCKET_CAMERAS])
        async with lab_database.transaction() as conn:
            await append(conn, [event_lab.tick("lab/1", 1), event_lab.tick("lab/1", 2)])
            await append_state(conn, BUCKET_CAMERAS, "PV-1", Light(colour="red"), aggregate="lab/1")

        assert await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 2) == 2
        assert await messages(owner, f"KV_{BUCKET_CAMERAS}") == 1
    finally:
        await stop(relay)
        await bus.close()
        await owner.close()
        server.stop()


def with_login(url: str, user: str, password: str) -> str:
    return url.replace("nats://", f"nats://{user}:{password}@")


async def test_what_waits_and_what_was_said_is_measured(lab_database: Database, bus: Bus) -> None:
    def published() -> float:
        return REGISTRY.get_sample_value("vigie_outbox_published_total", {"stream": "INCIDENT"}) or 0.0

    async def pending() -> float | None:
        return REGISTRY.get_sample_value("vigie_outbox_pending_rows")

    before = published()
    await bus.js.delete_stream("INCIDENT")
    async with lab_database.transaction() as conn:
        await append(conn, [event_lab.tick("lab/1", number) for number in range(3)])
    relay = asyncio.create_task(Relay(lab_database, bus).run())

    assert await eventually(pending, until=lambda rows: rows == 3) == 3
    assert (REGISTRY.get_sample_value("vigie_outbox_oldest_seconds") or 0) > 0
    await bus.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
    assert await eventually(pending, until=lambda rows: rows == 0) == 0
    assert published() == before + 3
    await stop(relay)


async def test_a_stream_without_atomic_batches_is_served_too(lab_database: Database, bus: Bus) -> None:
    await bus.js.delete_stream("INCIDENT")
    await bus.js.add_stream(name="INCIDENT", subjects=["vigie.*.incident.>"])
    relay = asyncio.create_task(Relay(lab_database, bus).run())
    async with lab_database.transaction() as conn:
        await append(conn, [event_lab.tick("lab/1", number) for number in range(1, 31)])

    await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 0)
    stored = [(await bus.js.get_msg("INCIDENT", seq)).data or b"" for seq in range(1, 31)]
    assert all(f'"number":{number},'.encode() in body for number, body in enumerate(stored, start=1))
    await stop(relay)


async def test_the_relay_waits_for_a_bus_that_is_not_there_yet(lab_database: Database, tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats", sync_always=False)
    bus = await Bus.connect(server.url, name="early")
    relay = Relay(lab_database, bus)
    running = asyncio.create_task(relay.run())
    async with lab_database.transaction() as conn:
        await append(conn, [event_lab.tick("lab/1", 1)])

    assert "Refused" in str(await eventually(relay.check, until=lambda reason: reason != "not started"))
    assert bus.reason_away is not None
    await asyncio.to_thread(server.start)
    try:
        await bus.wait_usable(30)
        await bus.ensure_streams([StreamSpec("INCIDENT", "incident", 1)])
        await eventually(lambda: waiting_rows(lab_database), until=lambda rows: rows == 0)
        assert await relay.check() is None
    finally:
        await stop(running)
        await bus.close()
        server.stop()


async def test_two_relays_share_the_slots_and_one_takes_over_when_the_other_dies(lab_database: Database) -> None:
    names = [str(slot) for slot in range(SLOTS)]
    first = Leases(lab_database, "outbox_leases", names, seconds=3)
    second = Leases(lab_database, "outbox_leases", names, seconds=3)

    assert await first.renew() == set(names)
    assert await second.renew() == set()
    await first.renew()
    gained = await second.renew()

    assert len(first.held) == len(second.held) == SLOTS // 2
    assert gained == second.held
    assert first.held | second.held == set(names)

    async def held_by_second() -> frozenset[str]:  # the first says nothing more, as if killed
        await second.renew()
        return second.held

    assert await eventually(held_by_second, until=lambda held: held == set(names))
    assert first.held == frozenset()


async def test_a_relay_that_stops_cleanly_hands_over_at_once(lab_database: Database) -> None:
    names = ["0", "1", "2"]
    first = Leases(lab_database, "outbox_leases", names, seconds=3600)
    second = Leases(lab_database, "outbox_leases", names, seconds=3600)
    await first.renew()
    await first.release()

    assert await second.renew() == {"0", "1", "2"}
