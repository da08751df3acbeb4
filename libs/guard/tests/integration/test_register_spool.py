"""A row that cannot reach the register for a day stops the images, and only them, until it does."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from common.auth import Principal, ServiceKey
from common.bus import Bus
from common.clock import SteppedClock
from common.database import Database
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.states import SOISY, a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import RegisterEntry
from contracts.envelope import Envelope
from contracts.streams import REGISTER_DURABLE
from guard import Guard, Refusal
from guard.replicas import Replicas
from guard.seal import broken_seal, seal_rows_of
from guard.spool import RULE, RegisterSpool
from policy import Action

pytestmark = pytest.mark.integration
CAMERA = "PV-95598-0001-P1"
DAY = timedelta(hours=24)
SUBJECT = f"vigie.{SOISY}.register.entry_requested.v1"


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase], tokens: TokenMint) -> AsyncIterator[Database]:
    opened = Database(make_database("retention").app_url)
    seal_rows_of(opened, tokens.key("stream-gateway"))
    yield opened
    await opened.dispose()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(datetime.now(UTC))


@pytest_asyncio.fixture
async def guard(bus: Bus, database: Database, clock: SteppedClock) -> AsyncIterator[Guard]:
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,)))
    await put_camera(bus, a_camera(CAMERA))
    replicas = Replicas.of(bus)
    await replicas.start(wait_seconds=30)
    yield Guard(replicas, source="stream-gateway", spool=RegisterSpool(database, bus, clock))
    await replicas.stop()


async def ask(guard: Guard, database: Database, at: datetime, action: Action = Action.LIVE) -> str:
    """Ask for an action; returns the rule that let it pass or refused it."""
    try:
        async with database.transaction() as conn:
            grant = await guard.check(
                conn,
                principal=Principal("agent", "op.soisy", session_id="s"),
                action=action,
                camera_id=CAMERA,
                at=at,
                station="10.0.0.7",
            )
    except Refusal as refusal:
        return refusal.decision.rule if refusal.decision.citation else "sans citation"
    return grant.decision.rule


async def asked_rows(database: Database) -> list[RegisterEntry]:
    async with database.transaction() as conn:
        bodies = (await conn.execute(text("SELECT body FROM outbox ORDER BY seq"))).scalars().all()
    return [RegisterEntry.model_validate(Envelope.model_validate_json(body).data) for body in bodies]


async def test_images_stop_when_a_row_has_waited_a_day_in_the_outbox_and_come_back_when_it_left(
    guard: Guard, database: Database, clock: SteppedClock
) -> None:
    spool = guard.spool
    assert spool is not None
    assert await ask(guard, database, clock.now()) == "toutes_regles"
    await spool.look()
    clock.advance(DAY - timedelta(minutes=1))
    assert await ask(guard, database, clock.now()) == "toutes_regles"
    assert await spool.check() is None
    clock.advance(timedelta(minutes=2))
    assert await ask(guard, database, clock.now()) == RULE
    assert await ask(guard, database, clock.now(), Action.VIEW_CAMERA) != RULE
    assert "images are refused" in (await spool.check() or "")
    assert [row.rule for row in await asked_rows(database)][:3] == ["toutes_regles", "toutes_regles", RULE]
    async with database.transaction() as conn:
        await conn.execute(text("DELETE FROM outbox"))
    await spool.look()
    assert await ask(guard, database, clock.now()) == "toutes_regles"


async def test_images_stop_when_nobody_has_chained_what_the_bus_holds(
    guard: Guard, database: Database, clock: SteppedClock, bus: Bus
) -> None:
    spool = guard.spool
    assert spool is not None
    for _ in range(3):
        await bus.js.publish(SUBJECT, b"{}")
    await spool.look()
    clock.advance(DAY + timedelta(minutes=1))
    assert await ask(guard, database, clock.now()) == RULE
    async with database.transaction() as conn:
        await conn.execute(text("DELETE FROM outbox"))
    consumer = await bus.js.pull_subscribe("vigie.*.register.>", durable=REGISTER_DURABLE, stream="REGISTER")
    first, second, third = await consumer.fetch(3, timeout=5)
    for message in (first, third):
        await message.ack()
    await spool.look()
    assert spool.waiting(clock.now()) > DAY
    await second.ack()

    async def waiting() -> timedelta:
        await spool.look()
        return spool.waiting(clock.now())

    assert await eventually(waiting, until=lambda waited: not waited) == timedelta(0)
    assert await ask(guard, database, clock.now()) == "toutes_regles"


async def test_every_row_bears_the_seal_of_the_service_that_acts(
    guard: Guard, database: Database, clock: SteppedClock, tokens: TokenMint
) -> None:
    await ask(guard, database, clock.now())
    (row,) = await asked_rows(database)
    keys = tokens.verifier
    tokens.key("incident")
    assert broken_seal(row, "stream-gateway", keys) is None
    assert broken_seal(row, "incident", keys) == "ligne de « incident » scellée par « stream-gateway »"
    for name, value in {"actor_id": "op.autre", "at": clock.now() + timedelta(seconds=1), "result": "done"}.items():
        changed = row.model_copy(update={name: value})
        assert broken_seal(RegisterEntry.model_validate(changed.model_dump()), "stream-gateway", keys) is not None
    assert row.seal is not None
    assert broken_seal(row.model_copy(update={"seal": None}), "stream-gateway", keys) == "ligne non scellée"
    for seal in ("", ":", "stream-gateway/x:AAAA", row.seal[:-4] + "AAA=", row.seal.replace(":", "/")):
        assert broken_seal(row.model_copy(update={"seal": seal}), "stream-gateway", keys) is not None, seal
    stranger = ServiceKey.generate("stream-gateway")
    forged = row.model_copy(update={"seal": f"stream-gateway/stream-gateway-1:{stranger.key_id}"})
    assert broken_seal(forged, "stream-gateway", keys) is not None
