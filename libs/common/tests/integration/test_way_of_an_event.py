"""From a committed outbox row to a committed effect, over real servers."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from common import dead_letters, telemetry
from common.bus import Bus
from common.consumer import ConsumerRunner, Refused, Subscription
from common.database import Database
from common.ids import new_id
from common.outbox import OutboxMessage, append, append_messages
from common.relay import Relay
from common.testing import event_lab
from common.testing.event_lab import Ticked
from common.testing.polling import eventually
from contracts.envelope import Envelope

pytestmark = pytest.mark.integration

OnTick = Callable[[AsyncConnection, Envelope, Ticked], Awaitable[None]]


def subscription(on_event: OnTick, *, max_deliver: int = 8, ack_wait: float = 30.0) -> Subscription:
    return Subscription(
        event_lab.DURABLE,
        event_lab.STREAM,
        event_lab.FILTER,
        Ticked,
        on_event,
        max_deliver=max_deliver,
        ack_wait=ack_wait,
    )


@contextlib.asynccontextmanager
async def running(
    database: Database, bus: Bus, on_event: OnTick = event_lab.record, *, max_deliver: int = 8, ack_wait: float = 30.0
) -> AsyncGenerator[ConsumerRunner]:
    """Run a relay and a consumer of ticks for the length of a test."""
    runner = ConsumerRunner(database, bus, [subscription(on_event, max_deliver=max_deliver, ack_wait=ack_wait)])
    tasks = [asyncio.create_task(Relay(database, bus).run()), asyncio.create_task(runner.run())]
    try:
        yield runner
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def say(database: Database, *envelopes: Envelope) -> None:
    async with database.transaction() as conn:
        await append(conn, envelopes)


async def all_acknowledged(bus: Bus) -> bool:
    info = await bus.js.consumer_info(event_lab.STREAM, event_lab.DURABLE)
    return info.num_pending == 0 and info.num_ack_pending == 0


async def test_events_have_their_effect_once_and_in_order(lab_database: Database, bus: Bus) -> None:
    async with running(lab_database, bus):
        for number in range(1, 51):
            await say(lab_database, *(event_lab.tick(f"lab/{which}", number) for which in range(10)))

        seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 500)
        await eventually(lambda: all_acknowledged(bus))

    assert len(seen) == 500
    for which in range(10):
        assert [number for name, number in seen if name == f"lab/{which}"] == list(range(1, 51))


async def test_the_outbox_is_empty_when_everything_is_said(lab_database: Database, bus: Bus) -> None:
    async with running(lab_database, bus):
        await say(lab_database, *(event_lab.tick("lab/1", number) for number in range(1, 1201)))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) == 1200)

        assert await eventually(lambda: rows_of(lab_database, "outbox"), until=lambda rows: rows == 0) == 0


async def rows_of(database: Database, table: str) -> int:
    async with database.transaction() as conn:
        return int((await conn.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608


async def test_a_transaction_that_rolls_back_says_nothing(lab_database: Database, bus: Bus) -> None:
    async def say_and_fail() -> None:
        async with lab_database.transaction() as conn:
            await append(conn, [event_lab.tick("lab/1", 1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await say_and_fail()
    async with running(lab_database, bus):
        await say(lab_database, event_lab.tick("lab/1", 2))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: rows == [("lab/1", 2)])


async def test_the_same_event_said_twice_has_one_effect(lab_database: Database, bus: Bus) -> None:
    """Far apart in time, so that only the inbox can know: the second message has another message id."""
    event = event_lab.tick("lab/1", 1)
    async with running(lab_database, bus):
        await say(lab_database, event)
        await eventually(lambda: event_lab.effects(lab_database))
        copy = OutboxMessage(new_id(), "INCIDENT", event.nats_subject, event.subject, event.model_dump_json().encode())
        async with lab_database.transaction() as conn:
            await append_messages(conn, [copy])
        await say(lab_database, event_lab.tick("lab/1", 2))
        seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: ("lab/1", 2) in rows)

    assert seen == [("lab/1", 1), ("lab/1", 2)]


async def test_a_refused_event_leaves_nothing_and_is_not_asked_again(lab_database: Database, bus: Bus) -> None:
    asked: list[int] = []

    async def refuse_odd(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        asked.append(payload.number)
        await event_lab.record(conn, envelope, payload)
        if payload.number % 2:
            raise Refused("odd")

    async with running(lab_database, bus, refuse_odd):
        await say(lab_database, *(event_lab.tick("lab/1", number) for number in range(1, 7)))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) == 3)
        await eventually(lambda: all_acknowledged(bus))
        assert await rows_of(lab_database, "inbox") == 6

    assert [number for _, number in await event_lab.effects(lab_database)] == [2, 4, 6]
    assert asked[-1] == 6


async def test_a_refusal_that_keeps_its_transaction_keeps_it(lab_database: Database, bus: Bus) -> None:
    class RecordedRefusal(Exception):
        keeps_transaction = True

    async def refuse(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        await event_lab.record(conn, envelope, payload)
        raise RecordedRefusal

    async with running(lab_database, bus, refuse):
        await say(lab_database, event_lab.tick("lab/1", 1), event_lab.tick("lab/1", 2))
        seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 2)
        await eventually(lambda: all_acknowledged(bus))

    assert seen == [("lab/1", 1), ("lab/1", 2)]


async def test_a_failing_event_is_not_overtaken_by_its_successors_and_does_not_stop_others(
    lab_database: Database, bus: Bus
) -> None:
    failures = {("lab/bad", 3): 2}

    async def fail_sometimes(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        if failures.get((payload.aggregate, payload.number), 0) > 0:
            failures[payload.aggregate, payload.number] -= 1
            raise ConnectionResetError("the outside is away")
        await event_lab.record(conn, envelope, payload)

    async with running(lab_database, bus, fail_sometimes):
        for number in range(1, 9):
            await say(lab_database, event_lab.tick("lab/bad", number), event_lab.tick("lab/good", number))
        seen = await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 16)
        await eventually(lambda: all_acknowledged(bus))

    assert [number for name, number in seen if name == "lab/bad"] == list(range(1, 9))
    assert [number for name, number in seen if name == "lab/good"] == list(range(1, 9))
    assert seen.index(("lab/good", 8)) < seen.index(("lab/bad", 3))


async def test_after_max_deliver_an_event_is_a_dead_letter_and_can_be_replayed(
    lab_database: Database, bus: Bus
) -> None:
    broken = True

    async def fail_on_two(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        if payload.number == 2 and broken:
            raise ValueError("the handler has a defect\nof two lines")
        await event_lab.record(conn, envelope, payload)

    second = event_lab.tick("lab/1", 2)
    async with running(lab_database, bus, fail_on_two, max_deliver=2):
        await say(lab_database, event_lab.tick("lab/1", 1), second, event_lab.tick("lab/1", 3))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) >= 2)
        [letter] = await eventually(lambda: all_letters(bus))
        assert letter.event_id == second.id
        assert letter.durable == event_lab.DURABLE
        assert letter.reason == "ValueError: the handler has a defect of two lines"
        assert letter.attempts == 2
        assert Envelope.model_validate_json(letter.body) == second

    mended = subscription(fail_on_two)
    answer = await dead_letters.replay_all(lab_database, bus, [mended])
    assert answer == {second.id: "ValueError: the handler has a defect\nof two lines"}
    assert [left.sequence for left in await all_letters(bus)] == [letter.sequence]

    broken = False
    assert await dead_letters.replay_all(lab_database, bus, [mended]) == {second.id: None}
    assert await all_letters(bus) == []
    assert await dead_letters.replay(lab_database, bus, mended, letter) is None, "a second replay is harmless"
    assert [number for _, number in await event_lab.effects(lab_database)] == [1, 3, 2]


async def test_a_letter_that_still_cannot_be_read_stays(lab_database: Database, bus: Bus) -> None:
    async with running(lab_database, bus):
        await bus.js.publish("vigie.95598.incident.lab_ticked.v1", b"not JSON")
        [letter] = await eventually(lambda: all_letters(bus))

    answer = await dead_letters.replay(lab_database, bus, subscription(event_lab.record), letter)

    assert "json_invalid" in str(answer)
    assert len(await all_letters(bus)) == 1


async def test_a_replay_that_is_refused_is_settled(lab_database: Database, bus: Bus) -> None:
    async def fail(_conn: AsyncConnection, _envelope: Envelope, _payload: Ticked) -> None:
        raise ValueError("not now")

    async def refuse(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        await event_lab.record(conn, envelope, payload)
        raise Refused("too late")

    async with running(lab_database, bus, fail, max_deliver=1):
        await say(lab_database, event_lab.tick("lab/1", 1))
        [letter] = await eventually(lambda: all_letters(bus))

    assert await dead_letters.replay(lab_database, bus, subscription(refuse), letter) is None
    assert await all_letters(bus) == []
    assert await event_lab.effects(lab_database) == []


async def all_letters(bus: Bus) -> list[dead_letters.DeadLetter]:
    return [letter async for letter in dead_letters.letters(bus)]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not JSON", "json_invalid"),
        (b'{"specversion": "1.0"}', "missing"),
        (
            event_lab.tick("lab/1", 1).model_copy(update={"data": {"aggregate": "lab/1"}}).model_dump_json().encode(),
            "missing",
        ),
    ],
    ids=["no JSON", "no envelope", "no payload"],
)
async def test_what_cannot_be_read_is_a_dead_letter_at_once(
    lab_database: Database, bus: Bus, body: bytes, why: str
) -> None:
    async with running(lab_database, bus):
        await bus.js.publish("vigie.95598.incident.lab_ticked.v1", body)
        await say(lab_database, event_lab.tick("lab/1", 2))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: rows == [("lab/1", 2)])
        [letter] = await eventually(lambda: all_letters(bus))
        await eventually(lambda: all_acknowledged(bus))

    assert letter.body == body
    assert why in letter.reason


async def test_the_trace_of_a_command_goes_on_in_the_handler(lab_database: Database, bus: Bus) -> None:
    traces: list[int] = []

    async def note_trace(_conn: AsyncConnection, _envelope: Envelope, _payload: Ticked) -> None:
        traces.append(trace.get_current_span().get_span_context().trace_id)

    tracer = TracerProvider().get_tracer("test")
    async with running(lab_database, bus, note_trace):
        with tracer.start_as_current_span("command") as span:
            expected = span.get_span_context().trace_id
            assert telemetry.inject({})["traceparent"]
            await say(lab_database, event_lab.tick("lab/1", 1))

        async def noted() -> list[int]:
            return traces

        assert await eventually(noted) == [expected]


async def test_a_handler_slower_than_ack_wait_is_not_called_twice(lab_database: Database, bus: Bus) -> None:
    calls: list[int] = []

    async def slowly(conn: AsyncConnection, envelope: Envelope, payload: Ticked) -> None:
        calls.append(payload.number)
        await asyncio.sleep(2.5)
        await event_lab.record(conn, envelope, payload)

    async with running(lab_database, bus, slowly, ack_wait=1.0):
        await say(lab_database, event_lab.tick("lab/1", 1), event_lab.tick("lab/2", 2))
        await eventually(lambda: event_lab.effects(lab_database), until=lambda rows: len(rows) == 2)
        await eventually(lambda: all_acknowledged(bus))
        info = await bus.js.consumer_info(event_lab.STREAM, event_lab.DURABLE)

    assert calls == [1, 2]
    assert info.num_redelivered in {0, None}
