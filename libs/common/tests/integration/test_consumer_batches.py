"""A subscription that takes whole batches: same order, same effect once, and one bad event hurts no other."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from common import dead_letters
from common.bus import Bus
from common.consumer import Burial, ConsumerRunner, Hopeless, Subscription
from common.database import Database
from common.testing import event_lab
from common.testing.event_lab import Ticked
from common.testing.polling import eventually
from contracts.envelope import Envelope
from contracts.streams import STREAMS

pytestmark = pytest.mark.integration
BAD = 13


class Desk:
    """A consumer whose handler never takes number 13, and counts how it was called."""

    def __init__(self, *, stays_bad: bool = True) -> None:
        self.batches: list[int] = []
        self.alone = 0
        self.stays_bad = stays_bad
        self.buried: list[Burial] = []

    async def on_batch(self, conn: AsyncConnection, events: Sequence[tuple[Envelope, Ticked]]) -> None:
        for envelope, payload in events:
            await event_lab.record(conn, envelope, payload)
        if any(payload.number == BAD for _, payload in events):
            raise Hopeless("thirteen")
        self.batches.append(len(events))

    async def on_event(self, conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        self.alone += 1
        await event_lab.record(conn, envelope, payload)
        if payload.number == BAD:
            raise Hopeless("thirteen")

    async def on_buried(self, conn: AsyncConnection, burial: Burial) -> None:
        await conn.execute(text("SELECT 1"))
        self.buried.append(burial)

    def subscription(self) -> Subscription:
        return Subscription(
            event_lab.DURABLE,
            event_lab.STREAM,
            event_lab.FILTER,
            Ticked,
            self.on_event,
            on_batch=self.on_batch,
            on_buried=self.on_buried,
            batch=64,
        )


async def consume(database: Database, bus: Bus, desk: Desk, wanted: int) -> list[tuple[str, int]]:
    await bus.ensure_streams(STREAMS)
    runner = asyncio.create_task(ConsumerRunner(database, bus, [desk.subscription()]).run())
    seen = await eventually(lambda: event_lab.effects(database), until=lambda rows: len(rows) >= wanted)
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)
    return seen


async def publish(bus: Bus, numbers: Sequence[int], *, twice: bool = False) -> None:
    for number in numbers:
        event = event_lab.tick("lab/1", number)
        for _ in range(2 if twice else 1):
            await bus.js.publish(event.nats_subject, event.model_dump_json().encode())


async def test_batches_have_every_effect_once_and_in_order(lab_database: Database, bus: Bus) -> None:
    numbers = [number for number in range(1, 201) if number != BAD]
    await publish(bus, numbers, twice=True)
    desk = Desk()
    seen = await consume(lab_database, bus, desk, len(numbers))
    assert seen == [("lab/1", number) for number in numbers]
    assert (desk.alone, sum(desk.batches), max(desk.batches) > 8) == (0, len(numbers), True)


async def test_a_hopeless_event_is_a_dead_letter_at_once_and_its_neighbours_go_on_in_order(
    lab_database: Database, bus: Bus
) -> None:
    await publish(bus, range(1, 101))
    desk = Desk()
    seen = await consume(lab_database, bus, desk, 99)
    assert seen == [("lab/1", number) for number in range(1, 101) if number != BAD]
    assert len(desk.buried) == 1
    assert desk.buried[0].reason == "Hopeless: thirteen"
    assert isinstance(desk.buried[0].cause, Hopeless)
    async with lab_database.transaction() as conn:
        letters = (await conn.execute(text("SELECT stream FROM outbox"))).scalars().all()
    assert letters == [dead_letters.STREAM]
