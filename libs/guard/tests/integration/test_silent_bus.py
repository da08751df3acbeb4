"""Decisions while the bus is away: they go on with what was last heard, and images go dark before it gets old."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.auth import Principal
from common.bus import Bus
from common.problems import Unauthenticated
from common.testing.polling import eventually
from common.testing.states import SOISY, a_camera, an_agent, put_agent, put_camera
from contracts.streams import BUCKETS
from embedded.nats import NatsServer
from guard import Guard
from guard.replicas import Replicas
from policy import Action, Context, TownRules

pytestmark = [pytest.mark.integration, pytest.mark.chaos]
CAMERA = "PV-95598-0001-P1"
DURAND = Principal("agent", "op.durand", session_id="s")
HERE = Context(insee=SOISY)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats", sync_always=False) as started:
        yield started


async def test_without_the_bus_decisions_go_on_until_they_are_too_old(server: NatsServer) -> None:
    bus = await Bus.connect(server.url, name="test")
    await bus.ensure_buckets(BUCKETS)
    await put_agent(bus, an_agent("op.durand"))
    await put_camera(bus, a_camera(CAMERA))
    replicas = Replicas.of(bus, alarm_after=timedelta(seconds=4))
    await replicas.start(wait_seconds=30)
    guard = Guard(replicas, source="test", town=TownRules(silence_allowed=timedelta(seconds=8)))

    async def rule(action: Action = Action.LIVE) -> str:
        camera_id = CAMERA if action is Action.LIVE else None
        return guard.decide(guard.agent(DURAND), action, camera_id, HERE, datetime.now(UTC))[1].rule

    assert await rule() == "toutes_regles"
    assert await replicas.check() is None

    server.kill()
    assert await rule() == "toutes_regles"
    reason = await eventually(replicas.check)
    assert reason is not None
    assert "no revocation can arrive" in reason
    await eventually(rule, until=lambda name: name == "droits_a_jour")
    assert await rule(Action.MANAGE_INCIDENT) == "toutes_regles"

    await asyncio.to_thread(server.start)
    await eventually(rule, until=lambda name: name == "toutes_regles")
    assert await replicas.check() is None
    await put_agent(bus, an_agent("op.durand", session_epoch=1))

    async def admitted() -> bool:
        try:
            guard.agent(DURAND)
        except Unauthenticated:
            return False
        return True

    await eventually(admitted, until=lambda yes: not yes)
    assert not guard.present(DURAND, datetime.now(UTC))
    await replicas.stop()
    await bus.close()
