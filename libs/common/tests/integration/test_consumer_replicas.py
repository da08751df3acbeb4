"""Several processes run the same durable: one reads at a time, and a takeover neither doubles nor reorders."""

import asyncio
import contextlib
from uuid import UUID

import pytest
from nats.js.api import AckPolicy, ConsumerConfig
from sqlalchemy.ext.asyncio import AsyncConnection

from common import inbox
from common.bus import Bus
from common.consumer import ConsumerRunner, Subscription
from common.database import Database
from common.ids import new_id
from common.leases import Leases
from common.testing import event_lab
from common.testing.event_lab import Ticked
from common.testing.polling import eventually

pytestmark = pytest.mark.integration


async def publish(bus: Bus, aggregate: str, numbers: range) -> None:
    for number in numbers:
        event = event_lab.tick(aggregate, number)
        await bus.js.publish(event.nats_subject, event.model_dump_json().encode())


def subscription() -> Subscription:
    return Subscription(event_lab.DURABLE, event_lab.STREAM, event_lab.FILTER, Ticked, event_lab.record)


async def test_what_a_dead_process_had_in_hand_comes_before_anything_newer(lab_database: Database, bus: Bus) -> None:
    """Without the rewind the first five would only come back after ``ack_wait``, behind the sixth."""
    await publish(bus, "lab/1", range(1, 6))
    config = ConsumerConfig(
        durable_name=event_lab.DURABLE,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        filter_subject=event_lab.FILTER,
        max_ack_pending=4096,
    )
    await bus.js.add_consumer(event_lab.STREAM, config)
    dead = await bus.js.pull_subscribe_bind(event_lab.DURABLE, event_lab.STREAM)
    assert len(await dead.fetch(5, timeout=5)) == 5  # in the hands of a process that says nothing more
    await publish(bus, "lab/1", range(6, 11))

    runner = asyncio.create_task(ConsumerRunner(lab_database, bus, [subscription()]).run())
    seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 10)
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)

    assert seen == [("lab/1", number) for number in range(1, 11)]


async def test_a_process_that_lost_its_lease_cannot_write(lab_database: Database) -> None:
    paused = Leases(lab_database, "inbox_leases", [event_lab.DURABLE], seconds=0.2)
    await paused.renew()
    event = new_id()
    await take(lab_database, paused, event)

    successor = Leases(lab_database, "inbox_leases", [event_lab.DURABLE], seconds=60)

    async def taken_over() -> frozenset[str]:
        await successor.renew()
        return successor.held

    await eventually(taken_over)
    with pytest.raises(inbox.LeaseLost):
        await take(lab_database, paused, new_id())
    assert await take(lab_database, successor, event) == set()


async def take(database: Database, leases: Leases, event_id: UUID) -> set[UUID]:
    async with database.transaction() as conn:
        return await inbox.take_in(conn, event_lab.DURABLE, leases.owner, [event_id])


async def test_a_takeover_waits_for_the_transaction_that_is_under_way(lab_database: Database) -> None:
    """The lease has run out, but its holder is in the middle of a batch: the row stays locked until it commits."""
    slow = Leases(lab_database, "inbox_leases", [event_lab.DURABLE], seconds=0.1)
    await slow.renew()
    successor = Leases(lab_database, "inbox_leases", [event_lab.DURABLE], seconds=60)
    async with lab_database.transaction() as conn:
        await inbox.take_in(conn, event_lab.DURABLE, slow.owner, [new_id()])
        await asyncio.sleep(0.3)
        assert await successor.renew() == set()
        await asyncio.wait_for(slow.renew(), 30)  # nor does it hold up the renewal of other durables
        assert slow.held == {event_lab.DURABLE}
        await asyncio.sleep(0.3)

    assert await successor.renew() == {event_lab.DURABLE}


async def test_two_runners_share_the_durables_and_keep_the_order(lab_database: Database, bus: Bus) -> None:
    second_bus = await Bus.connect(str(bus.nc.connected_url.geturl() if bus.nc.connected_url else ""), name="second")
    runners = [ConsumerRunner(lab_database, each, [subscription()]) for each in (bus, second_bus)]
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    await publish(bus, "lab/1", range(1, 201))
    await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 50)
    tasks[0].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tasks[0]
    await publish(bus, "lab/1", range(201, 301))
    seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 300)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await second_bus.close()

    assert seen == [("lab/1", number) for number in range(1, 301)]


async def test_a_runner_says_why_it_is_not_consuming(lab_database: Database, bus: Bus) -> None:
    nowhere = Subscription("lab-on-nothing", "NOWHERE", event_lab.FILTER, Ticked, event_lab.record)
    runner = ConsumerRunner(lab_database, bus, [nowhere])
    task = asyncio.create_task(runner.run())

    reason = await eventually(runner.check, until=lambda said: said is not None and "stream not found" in said)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert "lab-on-nothing" in str(reason)


async def test_old_inbox_rows_are_swept_in_portions(lab_database: Database) -> None:
    leases = Leases(lab_database, "inbox_leases", [event_lab.DURABLE], seconds=60)
    await leases.renew()
    ids = [new_id() for _ in range(5)]
    async with lab_database.transaction() as conn:
        await inbox.take_in(conn, event_lab.DURABLE, leases.owner, ids)
        await age(conn)
        assert await inbox.sweep(conn, at_most=3) == 3
        assert await inbox.sweep(conn, at_most=3) == 2
        fresh = await inbox.take_in(conn, event_lab.DURABLE, leases.owner, ids)
        assert await inbox.sweep(conn) == 0

    assert fresh == set(ids)


async def age(conn: AsyncConnection) -> None:
    await conn.exec_driver_sql("UPDATE inbox SET received_at = received_at - interval '60 days'")
