"""Events per second and latency through outbox → relay → NATS → inbox, against bare nats-py on the same server.

Bare means what nats-py can do: publishes pipelined with their acknowledgements, a pull consumer that fetches and
acknowledges, no database, no validation, nothing survives a crash of the process. "Bare batched" publishes the same
atomic batches as our relay, so that the gain of the batch and the price of the database can be told apart. Ours:
every event is committed in PostgreSQL with its outbox row, relayed in order, validated, and taken in together with
its inbox row. All run in one process with the same payloads against the same servers, one after the other.

    python bench/events.py [--json] [--events 20000] [--rounds 3] [--profile FILE]
"""

import argparse
import asyncio
import contextlib
import cProfile
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.bus import Bus
from common.consumer import ConsumerRunner, Subscription
from common.database import Database
from common.outbox import append
from common.relay import BATCH, Relay
from common.testing import event_lab
from contracts.envelope import Envelope
from embedded.nats import NatsServer
from embedded.postgres import PostgresServer

_IN_FLIGHT = 1000
_BARE_SUBJECT = "vigie.95598.dispatch.bare.v1"
_PER_TRANSACTION = 100
_PADDING = "x" * 200
_AGGREGATES = 200
_LATENCY_EVENTS = 600
_LATENCY_PAUSE_SECONDS = 0.005
_LIMIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Result:
    """What the bench measured; rates are medians of the rounds.

    ``cpu_us_per_event`` is the CPU time of this process alone, which a busy machine disturbs less than rates.
    """

    events_per_second: float
    bare_events_per_second: float
    throughput_ratio_to_bare_nats: float
    bare_batched_events_per_second: float
    throughput_ratio_to_bare_batched: float
    cpu_us_per_event: float
    bare_cpu_us_per_event: float
    latency_p50_ms: float
    latency_p99_ms: float
    bare_latency_p50_ms: float
    bare_latency_p99_ms: float
    events: int
    rounds: int
    payload_bytes: int


def _ticks(count: int) -> list[Envelope]:
    return [event_lab.tick(f"lab/{index % _AGGREGATES}", index // _AGGREGATES + 1, _PADDING) for index in range(count)]


async def publish_pipelined(js: JetStreamContext, bodies: list[bytes]) -> None:
    """Publish one message per event, many acknowledgements in flight: what nats-py offers."""
    run = time.time_ns()
    acknowledgements = [
        await js.publish_async(_BARE_SUBJECT, body, headers={"Nats-Msg-Id": f"{run}-{number}"})
        for number, body in enumerate(bodies)
    ]
    await asyncio.gather(*acknowledgements)


async def publish_in_atomic_batches(js: JetStreamContext, bodies: list[bytes]) -> None:
    """Publish as our relay does, with headers written by hand: what a stateless client could reach at best."""
    run = time.time_ns()
    for start in range(0, len(bodies), BATCH):
        part = bodies[start : start + BATCH]
        for position, body in enumerate(part, start=1):
            headers = {
                "Nats-Msg-Id": f"{run}-{start + position}",
                "Nats-Batch-Id": f"{run}-{start}",
                "Nats-Batch-Sequence": str(position),
            }
            if position < len(part):
                await js._nc.publish(_BARE_SUBJECT, body, headers=headers)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            else:
                await js.publish(_BARE_SUBJECT, body, headers={**headers, "Nats-Batch-Commit": "1"})


async def bare_throughput(
    js: JetStreamContext, bodies: list[bytes], publish: Callable[[JetStreamContext, list[bytes]], Awaitable[None]]
) -> float:
    """Publish and consume at once with nothing but nats-py; returns events per second."""
    consumer = await _bare_consumer(js, "bare-throughput")

    async def consume() -> None:
        seen = 0
        while seen < len(bodies):
            for message in await consumer.fetch(_IN_FLIGHT, timeout=5):
                await message.ack()
                seen += 1

    started = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(publish(js, bodies), consume()), _LIMIT_SECONDS)
    elapsed = time.perf_counter() - started
    await js.delete_consumer("DISPATCH", "bare-throughput")
    return len(bodies) / elapsed


async def bare_latency(js: JetStreamContext) -> list[float]:
    """Milliseconds from publish to receipt, one event at a time."""
    consumer = await _bare_consumer(js, "bare-latency")
    latencies: list[float] = []
    for _ in range(_LATENCY_EVENTS):
        started = time.perf_counter()
        await js.publish(_BARE_SUBJECT, _PADDING.encode())
        for message in await consumer.fetch(1, timeout=5):
            latencies.append((time.perf_counter() - started) * 1000)
            await message.ack()
    await js.delete_consumer("DISPATCH", "bare-latency")
    return latencies


async def _bare_consumer(js: JetStreamContext, durable: str) -> JetStreamContext.PullSubscription:
    config = ConsumerConfig(
        durable_name=durable, ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.NEW, max_ack_pending=4096
    )
    await js.add_consumer("DISPATCH", config)
    return await js.pull_subscribe_bind(durable, "DISPATCH")


class Effects:
    """The consuming side of ours: writes an effect per event and notes when."""

    def __init__(self) -> None:
        self.seen_at: dict[str, float] = {}
        self.enough = asyncio.Event()
        self.expected = 0

    def expect(self, count: int) -> None:
        """Forget what was seen and wait for ``count`` more."""
        self.seen_at.clear()
        self.enough.clear()
        self.expected = count

    async def on_ticked(self, conn: AsyncConnection, envelope: Envelope, payload: event_lab.Ticked) -> None:  # noqa: ARG002
        self.seen_at[str(envelope.id)] = time.perf_counter()
        if len(self.seen_at) >= self.expected:
            self.enough.set()


async def our_throughput(database: Database, effects: Effects, events: list[Envelope]) -> float:
    """Commit events in transactions of 100 while relay and consumer run; returns events per second."""
    effects.expect(len(events))
    started = time.perf_counter()
    for start in range(0, len(events), _PER_TRANSACTION):
        async with database.transaction() as conn:
            await append(conn, events[start : start + _PER_TRANSACTION])
    await asyncio.wait_for(effects.enough.wait(), _LIMIT_SECONDS)
    return len(events) / (time.perf_counter() - started)


async def our_latency(database: Database, effects: Effects) -> list[float]:
    """Milliseconds from before the command's transaction to its event's handler, at about 200 events a second."""
    effects.expect(_LATENCY_EVENTS)
    begun: dict[str, float] = {}
    for event in _ticks(_LATENCY_EVENTS):
        begun[str(event.id)] = time.perf_counter()
        async with database.transaction() as conn:
            await append(conn, [event])
        await asyncio.sleep(_LATENCY_PAUSE_SECONDS)
    await asyncio.wait_for(effects.enough.wait(), _LIMIT_SECONDS)
    return [(effects.seen_at[key] - at) * 1000 for key, at in begun.items()]


@contextlib.asynccontextmanager
async def _running(database: Database, bus: Bus, effects: Effects) -> AsyncGenerator[None]:
    subscription = Subscription(
        event_lab.DURABLE, event_lab.STREAM, event_lab.FILTER, event_lab.Ticked, effects.on_ticked
    )
    tasks = [
        asyncio.create_task(Relay(database, bus).run()),
        asyncio.create_task(ConsumerRunner(database, bus, [subscription]).run()),
    ]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def measure(
    nats_url: str, database_url: str, owner_url: str, *, events: int, rounds: int, profile: str | None
) -> Result:
    """Run both sides alternately and summarise."""
    await event_lab.create_tables(owner_url)
    database = Database(database_url)
    bus = await Bus.connect(nats_url, name="bench")
    await bus.ensure_streams()
    client: Client = await nats.connect(nats_url)
    js = client.jetstream(publish_async_max_pending=_IN_FLIGHT)
    effects = Effects()
    ours: list[float] = []
    bare: list[float] = []
    batched: list[float] = []
    our_cpu: list[float] = []
    bare_cpu: list[float] = []
    async with _running(database, bus, effects):
        await our_throughput(database, effects, _ticks(200))
        profiler = cProfile.Profile()
        for _ in range(rounds):
            ticks = _ticks(events)
            began = time.process_time()
            bodies = [tick.model_dump_json().encode() for tick in ticks]
            bare.append(await bare_throughput(js, bodies, publish_pipelined))
            bare_cpu.append(time.process_time() - began)
            batched.append(await bare_throughput(js, bodies, publish_in_atomic_batches))
            if profile:
                profiler.enable()
            began = time.process_time()
            ours.append(await our_throughput(database, effects, ticks))
            our_cpu.append(time.process_time() - began)
            if profile:
                profiler.disable()
        if profile:
            profiler.dump_stats(profile)
        our_latencies = await our_latency(database, effects)
    bare_latencies = await bare_latency(js)
    await client.close()
    await bus.close()
    await database.dispose()
    return Result(
        events_per_second=round(statistics.median(ours), 1),
        bare_events_per_second=round(statistics.median(bare), 1),
        throughput_ratio_to_bare_nats=round(statistics.median(o / b for o, b in zip(ours, bare, strict=True)), 3),
        bare_batched_events_per_second=round(statistics.median(batched), 1),
        throughput_ratio_to_bare_batched=round(statistics.median(o / b for o, b in zip(ours, batched, strict=True)), 3),
        cpu_us_per_event=round(statistics.median(our_cpu) / events * 1_000_000, 1),
        bare_cpu_us_per_event=round(statistics.median(bare_cpu) / events * 1_000_000, 1),
        latency_p50_ms=round(statistics.median(our_latencies), 2),
        latency_p99_ms=round(statistics.quantiles(our_latencies, n=100)[98], 2),
        bare_latency_p50_ms=round(statistics.median(bare_latencies), 2),
        bare_latency_p99_ms=round(statistics.quantiles(bare_latencies, n=100)[98], 2),
        events=events,
        rounds=rounds,
        payload_bytes=len(_ticks(1)[0].model_dump_json()),
    )


def main() -> int:
    """Start real servers, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", help="write cProfile statistics of our side here")
    options = parser.parse_args()
    telemetry.configure("bench", level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        nats_server = NatsServer(Path(folder) / "nats")
        postgres = PostgresServer(Path(folder) / "postgres")
        try:
            nats_server.start()
            postgres.start()
            access = postgres.create_database("bench")
            result = asyncio.run(
                measure(
                    nats_server.url,
                    access.app_url,
                    access.owner_url,
                    events=options.events,
                    rounds=options.rounds,
                    profile=options.profile,
                )
            )
        finally:
            nats_server.stop()
            postgres.stop()
    if options.json:
        print(json.dumps(asdict(result)))
    else:
        for key, value in asdict(result).items():
            print(f"{key:32} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
