"""The door: one call decides and leaves a register row, refused or not."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from common.auth import Principal
from common.bus import Bus
from common.database import Database
from common.problems import NotFound, Unauthenticated
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.states import (
    ENGHIEN,
    SOISY,
    a_camera,
    a_ticket,
    an_agent,
    an_authorisation,
    an_incident,
    put_agent,
    put_camera,
    put_incident,
    put_ticket,
)
from contracts.access import OrganisationKind, RegisterEntry, Role
from contracts.envelope import Envelope
from guard import Guard, Refusal
from guard.replicas import Replicas
from policy import Action, Context

pytestmark = pytest.mark.integration
AT = datetime.now(UTC)
HERE, NEXT_DOOR, EXPIRED = "PV-95598-0001-P1", "PV-95210-0001-P1", "PV-95598-0009-F1"


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    opened = Database(make_database("retention").app_url)  # any service's schema has an outbox
    yield opened
    await opened.dispose()


@pytest_asyncio.fixture
async def guard(bus: Bus) -> AsyncIterator[Guard]:
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,)))
    await put_agent(bus, an_agent("old.session", session_epoch=2))
    await put_agent(bus, an_agent("gone", active=False))
    await put_agent(bus, an_agent("left").model_copy(update={"ended_sessions": ("s", "t")}))
    await put_agent(bus, an_agent("cr.petit", role=Role.PARTENAIRE_CROIX_ROUGE, kind=OrganisationKind.ASSOCIATION))
    await put_camera(bus, a_camera(HERE))
    await put_camera(bus, a_camera(NEXT_DOOR, insee=ENGHIEN))
    await put_camera(bus, a_camera(EXPIRED, authorisation=an_authorisation(valid_until=AT - timedelta(seconds=1))))
    await put_incident(bus, an_incident("INC-HERE", HERE))
    await put_incident(bus, an_incident("INC-OLD", HERE, closed_at=AT - timedelta(days=8)))
    await put_incident(bus, an_incident("INC-NEXT-DOOR", insee=ENGHIEN))
    await put_ticket(bus, a_ticket("TCK-HERE", HERE))
    await put_ticket(bus, a_ticket("TCK-CLOSED", HERE, closed_at=AT - timedelta(minutes=1)))
    await put_ticket(bus, a_ticket("TCK-OTHER", EXPIRED))
    await put_agent(bus, an_agent("tech", role=Role.TECHNICIEN, communes=(SOISY,)))
    replicas = Replicas.of(bus)
    await replicas.start(wait_seconds=30)
    yield Guard(replicas, source="test")
    await replicas.stop()


def session_of(agent_id: str, epoch: int = 0) -> Principal:
    return Principal("agent", agent_id, session_id="s", epoch=epoch)


async def check(
    guard: Guard,
    database: Database,
    agent_id: str,
    camera_id: str,
    *,
    action: Action = Action.LIVE,
    context: Context | None = None,
) -> None:
    async with database.transaction() as connection:
        await guard.check(
            connection,
            principal=session_of(agent_id),
            action=action,
            camera_id=camera_id,
            context=context,
            at=AT,
            station="10.0.0.7",
        )


async def rows(database: Database) -> list[RegisterEntry]:
    async with database.transaction() as connection:
        bodies = (await connection.execute(text("SELECT body FROM outbox ORDER BY seq"))).scalars().all()
    return [RegisterEntry.model_validate(Envelope.model_validate_json(body).data) for body in bodies]


async def test_an_allowed_act_leaves_its_row(guard: Guard, database: Database) -> None:
    await check(guard, database, "op.soisy", HERE)
    (row,) = await rows(database)
    assert (row.result, row.camera_id, row.actor_id, row.insee) == ("allowed", HERE, "op.soisy", SOISY)
    assert row.habilitation_id == "HAB-op.soisy"
    assert row.authorisation_id == "AUT-1"
    assert row.station == "10.0.0.7"


@pytest.mark.parametrize(
    ("agent_id", "camera_id", "status"),
    [("op.soisy", NEXT_DOOR, 404), ("cr.petit", HERE, 403), ("op.soisy", EXPIRED, 403)],
)
async def test_a_refusal_leaves_its_row_although_it_raises(
    guard: Guard, database: Database, agent_id: str, camera_id: str, status: int
) -> None:
    with pytest.raises(Refusal) as refused:
        await check(guard, database, agent_id, camera_id)
    assert refused.value.status == status
    (row,) = await rows(database)
    assert (row.result, row.camera_id, row.actor_id) == ("refused", camera_id, agent_id)
    assert row.rule == refused.value.decision.rule
    if status == 404:
        assert row.rule not in str(refused.value.body())
    else:
        assert refused.value.extra["citation"]


async def test_nobody_and_a_revoked_session_are_turned_away(guard: Guard, database: Database) -> None:
    for principal in (session_of("nobody"), session_of("gone"), session_of("old.session", epoch=1)):
        with pytest.raises(Unauthenticated):
            guard.agent(principal)
    assert guard.agent(session_of("old.session", epoch=2)).agent_id == "old.session"
    with pytest.raises(NotFound):
        await check(guard, database, "op.soisy", "no-such-camera")


async def test_a_session_that_was_logged_out_is_turned_away_and_its_agents_others_are_not(
    guard: Guard, database: Database
) -> None:
    with pytest.raises(Unauthenticated):
        guard.agent(session_of("left"))
    with pytest.raises(Unauthenticated):
        await check(guard, database, "left", HERE)
    assert await rows(database) == []
    assert not guard.may_see(session_of("left"), Action.VIEW_INCIDENT, SOISY, AT)
    assert guard.agent(Principal("agent", "left", session_id="u")).agent_id == "left"


async def test_a_machine_is_present_until_its_token_ends_and_an_agent_until_the_session_does(guard: Guard) -> None:
    ends = AT + timedelta(seconds=60)
    second = timedelta(seconds=1)
    for machine in (
        Principal("service", "client:cad-95", expires=ends.timestamp(), communes=frozenset({SOISY})),
        Principal("service", "dispatch", expires=ends.timestamp()),
    ):
        assert guard.present(machine, ends - second)
        assert not guard.present(machine, ends)
    assert not guard.present(Principal("service", "dispatch"), AT), "no token was read: nothing says that it lives"
    session = Principal("agent", "op.soisy", session_id="s", expires=ends.timestamp())
    assert guard.present(session, ends + second), "the next token of the same session is on its way"
    assert not guard.present(session_of("old.session", epoch=1), AT)


async def test_an_agrement_of_tomorrow_opens_nothing_today(guard: Guard, bus: Bus, database: Database) -> None:
    tomorrow = {"agrement_from": AT + timedelta(days=1), "agrement_until": AT + timedelta(days=2)}
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,)).model_copy(update=tomorrow))

    async def mirrored() -> bool:
        return guard.agent(session_of("op.soisy")).agrement_from is not None

    await eventually(mirrored)
    with pytest.raises(Refusal) as refused:
        await check(guard, database, "op.soisy", HERE)
    assert refused.value.decision.rule == "agrement_en_vigueur"


async def test_a_revocation_on_the_bus_is_obeyed(guard: Guard, bus: Bus) -> None:
    assert guard.agent(session_of("op.soisy")).active
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,), session_epoch=1))

    async def still_believed() -> bool:
        try:
            guard.agent(session_of("op.soisy"))
        except Unauthenticated:
            return False
        return True

    await eventually(still_believed, until=lambda believed: not believed)


async def test_what_an_open_stream_delivers_is_judged_anew(guard: Guard, bus: Bus) -> None:
    soisy = session_of("op.soisy")
    assert guard.may_see(soisy, Action.VIEW_INCIDENT, SOISY, AT)
    assert not guard.may_see(soisy, Action.VIEW_INCIDENT, ENGHIEN, AT)
    assert not guard.may_see(soisy, Action.SUPERVISE, SOISY, AT)
    assert not guard.may_see(soisy, Action.VIEW_INCIDENT, SOISY, AT + timedelta(days=366))
    assert not guard.may_see(session_of("gone"), Action.VIEW_INCIDENT, SOISY, AT)
    assert not guard.may_see(session_of("old.session", epoch=1), Action.VIEW_INCIDENT, SOISY, AT)
    await put_agent(bus, an_agent("op.soisy", role=Role.TECHNICIEN, communes=(SOISY,)))

    async def lost() -> bool:
        return not guard.may_see(soisy, Action.VIEW_INCIDENT, SOISY, AT)

    assert await eventually(lost)


@pytest.mark.parametrize(
    ("agent_id", "action", "context", "rule"),
    [
        ("op.soisy", Action.REPLAY, Context(incident_id="INC-HERE"), "toutes_regles"),
        ("op.soisy", Action.REPLAY, Context(incident_id="INC-NOWHERE"), "incident_confirme"),
        ("op.soisy", Action.REPLAY, Context(incident_id="INC-OLD"), "incident_confirme"),
        ("op.soisy", Action.REPLAY, Context(incident_id="INC-NEXT-DOOR"), "incident_confirme"),
        ("tech", Action.LIVE, Context(ticket_id="TCK-HERE"), "toutes_regles"),
        ("tech", Action.LIVE, Context(ticket_id="TCK-NOWHERE"), "ticket_confirme"),
        ("tech", Action.LIVE, Context(ticket_id="TCK-CLOSED"), "ticket_confirme"),
        ("tech", Action.LIVE, Context(ticket_id="TCK-OTHER"), "ticket_confirme"),
        ("tech", Action.LIVE, Context(), "maintenance_sous_ticket"),
    ],
)
async def test_a_reference_is_not_taken_at_its_word(
    guard: Guard, database: Database, agent_id: str, action: Action, context: Context, rule: str
) -> None:
    if rule == "toutes_regles":
        await check(guard, database, agent_id, HERE, action=action, context=context)
    else:
        with pytest.raises(Refusal):
            await check(guard, database, agent_id, HERE, action=action, context=context)
    (row,) = await rows(database)
    assert row.rule == rule
    assert ("non_confirme" in row.context) == ("NOWHERE" in row.context)


async def test_a_ticket_that_is_closed_opens_nothing_more(guard: Guard, bus: Bus) -> None:
    technician, context = guard.agent(session_of("tech")), Context(ticket_id="TCK-HERE")
    assert guard.decide(technician, Action.LIVE, HERE, context, AT)[1].allowed
    await put_ticket(bus, a_ticket("TCK-HERE", HERE, closed_at=AT))

    async def rule() -> str:
        return guard.decide(technician, Action.LIVE, HERE, context, AT)[1].rule

    await eventually(rule, until=lambda name: name == "ticket_confirme")
