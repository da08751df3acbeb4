"""The composition root that every service shares: connect, mirror, guard, serve, stop.

A service's ``app.py`` says only what is its own: its routers, its subscriptions and its loops.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import APIRouter, FastAPI

from common.auth import ServiceKey, TokenVerifier
from common.bus import Bus, BusAway
from common.clock import Clock, SystemClock
from common.consumer import ConsumerRunner, Subscription
from common.database import Database
from common.kv_replica import KvReplica
from common.relay import Relay
from common.service import Part, ServiceParts
from common.settings import ServiceSettings
from common.web import Lifespan, create_app
from contracts.access import AgentState
from contracts.registry import CameraState
from contracts.streams import BUCKETS, STREAMS
from guard.check import Guard
from guard.replicas import Replicas
from guard.seal import seal_rows_of
from guard.spool import RegisterSpool
from policy import TownRules


@dataclass(slots=True)
class House:
    """What a running service holds. Made by ``open``; ``app`` is there before, so that routes can be listed."""

    app: FastAPI
    clock: Clock
    database: Database
    bus: Bus
    replicas: Replicas
    guard: Guard
    key: ServiceKey
    spool: RegisterSpool
    declaring: asyncio.Task[None]

    @property
    def agents(self) -> KvReplica[AgentState]:
        """The mirror of agents."""
        return self.replicas.agents

    @property
    def cameras(self) -> KvReplica[CameraState]:
        """The mirror of cameras."""
        return self.replicas.cameras


_PATIENCE_SECONDS = 10.0
"""A start waits so long for the bus and for each replica; then it serves, and readiness says what is missing."""

Wire = Callable[[House], dict[str, Part]]
"""Adds what is the service's own to ``house.app.state`` and returns its loops by name."""


def build_app(
    service: str, title: str, routers: Sequence[APIRouter], *, public_origin: str, lifespan: Lifespan | None = None
) -> FastAPI:
    """Make the application of a service without connecting to anything: for serving and for OpenAPI snapshots."""
    return create_app(title=title, service=service, lifespan=lifespan, routers=routers, public_origin=public_origin)


def assemble(
    *,
    service: str,
    title: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    subscriptions: Callable[[House], Sequence[Subscription]],
    wire: Wire,
    clock: Clock | None = None,
    lifespan: Lifespan | None = None,
    on_close: Callable[[House], Part] | None = None,
    node: frozenset[str] = frozenset(),
    idle_transaction_seconds: float | None = None,
) -> ServiceParts:
    """Put a service together.

    Args:
        service: its name, e.g. ``retention``: connection name, event source, token issuer.
        title: of its OpenAPI document.
        settings: where everything is.
        routers: its routes; the first one's prefix is the service's.
        subscriptions: what it consumes; called once connected. An empty list runs no consumer.
        wire: adds the service's own things; called once connected.
        clock: the system's unless a test moves time.
        lifespan: what lives as long as the process serves requests; starts after ``wire``.
        on_close: returns the last thing to do before connections close.
        node: names of the loops that the part ``node`` runs.
        idle_transaction_seconds: after how long without a question the database ends a transaction of this service.
    """
    app = build_app(service, title, routers, public_origin=settings.public_origin, lifespan=lifespan)
    parts = ServiceParts(app=app, open=_nothing, close=_nothing, relay=_nothing, node=node)
    houses: list[House] = []

    async def open_house() -> None:
        house = await _open(service, settings, app, clock or SystemClock(), idle_transaction_seconds)
        houses.append(house)
        relay = Relay(house.database, house.bus)
        parts.relay = relay.run
        parts.checks["relay"] = relay.check
        consumed = list(subscriptions(house))
        if consumed:
            consumers = ConsumerRunner(house.database, house.bus, consumed)
            parts.workers["consumers"] = consumers.run
            parts.checks["consumers"] = consumers.check
        parts.workers |= wire(house)

    async def close_house() -> None:
        for house in houses:
            if on_close is not None:
                await on_close(house)()
            house.declaring.cancel()
            await house.spool.stop()
            await house.replicas.stop()
            await house.bus.close()
            await house.database.dispose()

    parts.open, parts.close = open_house, close_house
    return parts


async def _open(
    service: str, settings: ServiceSettings, app: FastAPI, clock: Clock, idle_transaction_seconds: float | None
) -> House:
    url = settings.database_url.get_secret_value()
    database = Database(url, idle_transaction_seconds=idle_transaction_seconds)
    bus = await Bus.connect(settings, name=service)
    declaring = asyncio.create_task(_declare(bus))
    await asyncio.wait([declaring], timeout=_PATIENCE_SECONDS)
    replicas = Replicas.of(bus)
    await replicas.start(wait_seconds=_PATIENCE_SECONDS)
    town = TownRules(settings.replay_roles, timedelta(seconds=settings.replica_max_silence))
    spool = RegisterSpool(database, bus, clock, longest=timedelta(seconds=settings.register_max_wait))
    spool.start()
    guard = Guard(replicas, source=service, town=town, spool=spool)
    key = ServiceKey.load(settings.service_key_file)
    seal_rows_of(database, key)
    house = House(app, clock, database, bus, replicas, guard, key, spool, declaring)
    app.state.database = database
    app.state.bus = bus
    app.state.clock = clock
    app.state.guard = guard
    app.state.service_key = house.key
    app.state.verifier = TokenVerifier(settings.trusted_keys_dir)
    _watch_health(house)
    return house


async def _declare(bus: Bus) -> None:
    """Declare streams and buckets, however long the bus is away."""
    while True:
        try:
            await bus.wait_usable()
            await bus.ensure_streams(STREAMS)
            await bus.ensure_buckets(BUCKETS)
        except BusAway as away:
            structlog.get_logger("assembly").warning("streams not declared yet", reason=str(away))
            await asyncio.sleep(1)
        else:
            return


def _watch_health(house: House) -> None:
    async def streams() -> str | None:
        if not house.declaring.done():
            return "streams not declared yet"
        refusal = house.declaring.exception()
        return f"streams not declared: {refusal}" if refusal else None

    async def database() -> str | None:
        await house.database.ping()
        return None

    health = house.app.state.health
    health.add("database", database)
    health.add("bus", house.bus.check)
    health.add("streams", streams)
    health.add("replicas", house.replicas.check)
    health.add("register-spool", house.spool.check)


async def _nothing() -> None:
    """Stand in until the service is open."""
