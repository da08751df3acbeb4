"""Rondes on a real bus and database: carried out by one process at a time, whatever dies, in a present agent's name."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from common.bus import Bus
from common.database import Database
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, a_camera, an_agent, put_agent
from common.testing.tokens import TokenMint
from contracts.access import AgentState, Role
from stream_gateway.domain.ronde_runs import Picture, PresetOutcome
from stream_gateway.domain.rondes import CIVIL_TIME
from stream_gateway.rondes.runner import RondeRunner
from stream_gateway.tables import ronde_runs
from stream_gateway.testing.wall_room import Room, running_room

pytestmark = pytest.mark.integration

GARE, MAIRIE, PARC = "PV-95598-0001-P1", "PV-95598-0002-P1", "PV-95598-0003-P1"
LAC = "EB-95210-0001-P1"
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def room(make_database: Callable[[str | None], TestDatabase], bus: Bus, tokens: TokenMint) -> AsyncIterator[Room]:
    for agent in (
        an_agent("op.durand"),
        an_agent("op.voisin"),
        an_agent("chef.martin", role=Role.CHEF_DE_SALLE),
        an_agent("op.enghien", communes=(ENGHIEN,)),
        an_agent("tech.moreau", role=Role.TECHNICIEN),
    ):
        await put_agent(bus, agent)
    start = datetime.now(UTC).replace(microsecond=0)
    async with running_room(make_database("stream_gateway"), bus=bus, tokens=tokens, start=start) as started:
        await started.add_cameras(
            a_camera(GARE), a_camera(MAIRIE), a_camera(PARC, has_ptz=False), a_camera(LAC, insee=ENGHIEN)
        )
        yield started


async def defined(room: Room, *steps: dict[str, Any], **more: Any) -> str:
    body = {"name": "Gare", "purpose": "Prévention des vols", "steps": list(steps), **more}
    return (await room.call("POST", "/rondes", "chef.martin", status=201, **body))["ronde_id"]


def a_look(camera_id: str, seconds: int = 10, **more: Any) -> dict[str, Any]:
    return {"camera_id": camera_id, "dwell_seconds": seconds, **more}


async def started(room: Room, ronde_id: str, agent_id: str = "op.durand", **more: Any) -> str:
    return (await room.call("POST", f"/rondes/{ronde_id}/runs", agent_id, status=201, **more))["run_id"]


async def sheet(room: Room, run_id: str) -> dict[str, Any]:
    return await room.call("GET", f"/ronde-runs/{run_id}")


async def pass_time(room: Room, seconds: int, *runners: RondeRunner) -> None:
    for _ in range(seconds):
        room.clock.advance(SECOND)
        for runner in runners:
            await runner.tick()
        for runner in runners:
            await runner.settle()


async def knows(room: Room, agent: AgentState) -> None:
    await put_agent(room.bus, agent)

    async def known() -> bool:
        return room.guard.agents.get(agent.agent_id) == agent

    await eventually(known)


async def test_a_ronde_is_carried_out_step_by_step_and_its_sheet_tells_it(room: Room) -> None:
    room.media.pictures[MAIRIE] = (Picture.IMAGE_KO, "caméra injoignable")
    room.media.outcomes[MAIRIE] = (PresetOutcome.PRISE_EN_MAIN, "Op Voisin commande cette caméra.")
    ronde_id = await defined(room, a_look(GARE, 5, preset="quai"), a_look(MAIRIE, 5, preset="porte"), a_look(PARC, 6))
    run_id, runner = await started(room, ronde_id), room.runner()
    await room.watch(GARE)
    await pass_time(room, 5, runner)
    await room.call("POST", f"/ronde-runs/{run_id}/steps/0/finding", finding="ras")
    await room.call(
        "POST",
        f"/ronde-runs/{run_id}/steps/1/finding",
        "op.voisin",
        finding="evenement",
        note="Attroupement",
        incident_id="INC-1",
    )
    await pass_time(room, 11, runner)
    run = await sheet(room, run_id)
    assert run["state"] == "a_clore"
    first, second, third = run["steps"]
    assert (first["finding"], first["found_by"]) == ("ras", "op.durand")
    assert (first["picture"], first["preset_outcome"]) == ("ok", "atteinte")
    assert first["seen_by"] == ["op.durand"]
    assert (second["finding"], second["incident_id"], second["found_by"]) == ("evenement", "INC-1", "op.voisin")
    assert (second["picture"], second["picture_reason"]) == ("image_ko", "caméra injoignable")
    assert second["preset_outcome"] == "camera_prise_en_main"
    assert second["seen_by"] == []
    assert (third["finding"], third["preset_outcome"]) == ("non_constate", None)
    assert room.media.looks == [GARE, MAIRIE, PARC]
    assert room.media.moves == [("op.durand", GARE, "quai"), ("op.durand", MAIRIE, "porte")]
    assert [camera_id for camera_id, _ in room.media.warmed] == [MAIRIE, PARC]
    closed = await room.call("POST", f"/ronde-runs/{run_id}/close")
    assert closed["state"] == "terminee"
    late = await room.call("POST", f"/ronde-runs/{run_id}/steps/2/finding", status=409, finding="ras")
    assert "ne change plus" in late["detail"]
    steps = [(fact.data["step"], fact.data["phase"]) for fact in await room.facts("ronde_step")]
    assert steps == [
        *[(0, "entree"), (0, "sortie"), (1, "entree"), (0, "constat"), (1, "constat")],
        *[(1, "sortie"), (2, "entree"), (2, "sortie")],
    ]


async def test_a_sheet_that_ended_is_refused_any_change_by_the_database_itself(room: Room) -> None:
    run_id = await started(room, await defined(room, a_look(GARE)))
    await room.call("POST", f"/ronde-runs/{run_id}/stop")
    with pytest.raises(DBAPIError, match="never changes"):
        async with room.database.transaction() as connection:
            await connection.execute(
                update(ronde_runs).where(ronde_runs.c.run_id == UUID(run_id)).values(state="en_cours")
            )


async def test_two_processes_carry_out_each_step_once(room: Room) -> None:
    run_id = await started(room, await defined(room, a_look(GARE, 5, preset="quai"), a_look(MAIRIE, 5)))
    one, two = room.runner(), room.runner()
    await pass_time(room, 12, one, two)
    assert (await sheet(room, run_id))["state"] == "a_clore"
    assert room.media.looks == [GARE, MAIRIE]
    assert len(room.media.moves) == 1
    phases = [(fact.data["step"], fact.data["phase"]) for fact in await room.facts("ronde_step")]
    assert phases == [(0, "entree"), (0, "sortie"), (1, "entree"), (1, "sortie")]


async def test_another_process_goes_on_at_the_right_step_when_one_dies(room: Room) -> None:
    run_id = await started(room, await defined(room, a_look(GARE, 10), a_look(MAIRIE, 10)))
    dying_database = Database(room.database.engine.url.render_as_string(hide_password=False))
    dying, heir = room.runner(dying_database), room.runner()
    await pass_time(room, 14, dying)
    before = await sheet(room, run_id)
    assert before["current"] == 1
    await dying_database.dispose()  # it is gone without having given anything back
    await heir.tick()
    room.clock.advance(timedelta(minutes=3))

    async def taken_over() -> float:
        await heir.tick()
        return (await sheet(room, run_id))["late_seconds"]

    assert await eventually(taken_over, until=lambda late: late >= 180) < 200
    assert (await sheet(room, run_id))["current"] == 1
    await pass_time(room, 4, heir)
    assert (await sheet(room, run_id))["state"] == "en_cours"  # the step had not had its ten seconds yet
    await pass_time(room, 6, heir)
    assert (await sheet(room, run_id))["state"] == "a_clore"
    assert room.media.looks == [GARE, MAIRIE]


class HeldLook:
    """A look at a picture that is answered when the test says, as by a process that was frozen meanwhile."""

    def __init__(self) -> None:
        self.asked, self.answered = asyncio.Event(), asyncio.Event()

    async def look(self, camera_id: str) -> tuple[Picture, str]:
        self.asked.set()
        await self.answered.wait()
        return Picture.IMAGE_KO, f"{camera_id} : trop tard"


async def lease(room: Room, until: datetime) -> None:
    """Let the lease of the one run end at an instant of the database's clock."""
    async with room.database.transaction() as connection:
        await connection.execute(update(ronde_runs).values(executor_until=until))


async def test_a_process_that_comes_back_too_late_writes_nothing(room: Room) -> None:
    run_id, held = await started(room, await defined(room, a_look(GARE, 10), a_look(MAIRIE, 10))), HeldLook()
    frozen, heir = room.runner(pictures=held), room.runner()
    await frozen.tick()
    await held.asked.wait()  # it stops in the middle of the first step
    await lease(room, datetime(2000, 1, 1, tzinfo=UTC))
    await pass_time(room, 19, heir)
    await lease(room, datetime(2100, 1, 1, tzinfo=UTC))  # so that the heir's lease outlives a slow machine
    before = await sheet(room, run_id)
    assert (before["current"], [step["picture"] for step in before["steps"]]) == (1, ["ok", "ok"])

    held.answered.set()
    await frozen.settle()
    room.clock.advance(SECOND)  # the second step is over: whoever drives ends it
    await frozen.tick()
    await frozen.settle()
    after = await sheet(room, run_id)
    assert (after["state"], after["current"], after["steps"]) == ("en_cours", 1, before["steps"])
    phases = [(fact.data["step"], fact.data["phase"]) for fact in await room.facts("ronde_step")]
    assert phases == [(0, "entree"), (0, "sortie"), (1, "entree")]
    assert room.media.looks == [GARE, MAIRIE]
    await heir.tick()
    assert (await sheet(room, run_id))["state"] == "a_clore"


async def test_an_orderly_end_gives_the_runs_back_at_once(room: Room) -> None:
    run_id = await started(room, await defined(room, a_look(GARE, 10)))
    leaving, heir = room.runner(), room.runner()
    await pass_time(room, 3, leaving)
    await leaving.close()
    await pass_time(room, 7, heir)
    assert (await sheet(room, run_id))["state"] == "a_clore"


@pytest.mark.parametrize("loss", ["logged_out", "revoked", "role"])
async def test_who_loses_log_in_or_right_pauses_the_ronde_and_another_resumes_it(room: Room, loss: str) -> None:
    run_id = await started(room, await defined(room, a_look(GARE, 10)))
    runner, login = room.runner(), room.login_of("op.durand").session_id
    await pass_time(room, 4, runner)
    changes: dict[str, dict[str, Any]] = {
        "logged_out": {"ended_sessions": (str(login),)},
        "revoked": {"session_epoch": 1},
        "role": {"role": Role.MAIRE},
    }
    await knows(room, an_agent("op.durand").model_copy(update=changes[loss]))
    await pass_time(room, 1, runner)
    run = await room.call("GET", f"/ronde-runs/{run_id}", "op.voisin")
    assert run["state"] == "en_pause"
    assert "Op Durand" in run["reason"]
    told = (await room.facts("ronde_run_changed"))[-1]
    assert (told.data["state"], told.data["reason"]) == ("en_pause", run["reason"])
    await pass_time(room, 60, runner)
    resumed = await room.call("POST", f"/ronde-runs/{run_id}/resume", "op.voisin")
    assert (resumed["state"], resumed["agent_id"]) == ("en_cours", "op.voisin")
    await pass_time(room, 6, runner)
    ended = await room.call("GET", f"/ronde-runs/{run_id}", "op.voisin")
    assert ended["state"] == "a_clore"


async def test_a_schedule_begins_at_its_instant_and_waits_for_somebody(room: Room) -> None:
    local = room.clock.now().astimezone(CIVIL_TIME) + timedelta(minutes=10)
    schedule = {"days": list(range(7)), "times": [local.strftime("%H:%M")]}
    await defined(room, a_look(GARE), schedule=schedule)
    due = local.replace(second=0, microsecond=0).astimezone(UTC)
    one, two = room.runner(), room.runner()
    room.clock.set(due - SECOND)
    await one.tick()
    assert (await room.call("GET", "/ronde-runs"))["items"] == []
    await pass_time(room, 1, one, two)
    [run] = (await room.call("GET", "/ronde-runs"))["items"]
    assert (run["state"], run["scheduled"], datetime.fromisoformat(run["due_at"])) == ("attendue", True, due)
    await pass_time(room, 3, one, two)
    taken = await room.call("POST", f"/ronde-runs/{run['run_id']}/take", "op.voisin")
    assert (taken["state"], taken["agent_id"], taken["late_seconds"]) == ("en_cours", "op.voisin", 3)
    assert len((await room.call("GET", "/ronde-runs"))["items"]) == 1
    rows = await room.register_rows("command_wall")
    assert [row["actor_id"] for row in rows] == ["op.voisin"]


async def test_what_came_due_while_nothing_ran_is_told_as_missed(room: Room) -> None:
    local = room.clock.now().astimezone(CIVIL_TIME) + timedelta(minutes=10)
    await defined(room, a_look(GARE), schedule={"days": list(range(7)), "times": [local.strftime("%H:%M")]})
    room.clock.set(room.clock.now() + timedelta(hours=3))
    await room.runner().tick()
    [run] = (await room.call("GET", "/ronde-runs", status=200))["items"]
    assert run["state"] == "manquee"


async def test_a_scheduled_ronde_begins_under_who_sits_at_its_screen_and_is_shown_there(room: Room) -> None:
    await room.call("PUT", "/screens/mur-1", "chef.martin", label="Écran 1", wall="Salle", communes=["95598", "95210"])
    local = room.clock.now().astimezone(CIVIL_TIME) + timedelta(minutes=2)
    schedule = {"days": list(range(7)), "times": [local.strftime("%H:%M")]}
    await defined(room, a_look(GARE, 5), a_look(MAIRIE, 5), schedule=schedule, screen_id="mur-1", place=2)
    room.clock.set(local.replace(second=0, microsecond=0).astimezone(UTC))
    await room.call("POST", "/screens/mur-1/presence", "op.durand")
    runner = room.runner()
    await runner.tick()
    await runner.settle()
    [run] = (await room.call("GET", "/ronde-runs"))["items"]
    assert (run["state"], run["agent_id"]) == ("en_cours", "op.durand")
    screen = await room.call("GET", "/screens/mur-1")
    assert screen["tiles"][2]["camera_id"] == GARE
    assert (screen["origin"], screen["pushed_by"]) == ("ronde", "op.durand")
    await pass_time(room, 6, runner)
    assert (await room.call("GET", "/screens/mur-1"))["tiles"][2]["camera_id"] == MAIRIE
    [row] = [row for row in await room.register_rows("command_wall") if row["motive_code"] == "ronde"]
    assert (row["actor_id"], row["result"]) == ("op.durand", "allowed")


async def test_pause_resume_skip_and_stop_by_hand(room: Room) -> None:
    run_id = await started(room, await defined(room, a_look(GARE), a_look(MAIRIE), a_look(PARC)))
    runner = room.runner()
    await pass_time(room, 2, runner)
    paused = await room.call("POST", f"/ronde-runs/{run_id}/pause")
    assert (paused["state"], paused["reason"]) == ("en_pause", "Mise en pause par Op Durand.")
    await room.call("POST", f"/ronde-runs/{run_id}/pause", status=409)
    await room.call("POST", f"/ronde-runs/{run_id}/resume")
    skipped = await room.call("POST", f"/ronde-runs/{run_id}/skip")
    assert (skipped["current"], skipped["steps"][0]["skipped"]) == (1, True)
    await pass_time(room, 1, runner)
    assert MAIRIE in room.media.looks
    stopped = await room.call("POST", f"/ronde-runs/{run_id}/stop")
    assert stopped["state"] == "arretee"
    await room.call("POST", f"/ronde-runs/{run_id}/resume", status=409)


async def test_rondes_are_of_their_communes_and_of_those_who_may(room: Room) -> None:
    ronde_id = await defined(room, a_look(GARE), a_look(LAC))
    run_id = await started(room, ronde_id)
    assert (await room.call("GET", "/rondes", "op.enghien"))["items"] == []
    assert (await room.call("GET", "/ronde-runs", "op.enghien"))["items"] == []
    await room.call("GET", f"/rondes/{ronde_id}", "op.enghien", status=404)
    await room.call("GET", f"/ronde-runs/{run_id}", "op.enghien", status=404)
    await room.call("POST", f"/rondes/{ronde_id}/runs", "op.enghien", status=404)
    await room.call("POST", f"/ronde-runs/{run_id}/stop", "op.enghien", status=404)
    own = {"name": "Lac", "purpose": "Baignade", "steps": [a_look(LAC)]}
    await room.call("POST", "/rondes", "op.enghien", status=403, **own)
    await room.call("POST", "/rondes", "chef.martin", status=404, **{**own, "steps": [a_look("PV-0")]})
    await room.call("GET", "/rondes", "tech.moreau", status=403)
    refused = [row["actor_id"] for row in await room.register_rows("manage_rondes") if row["result"] == "refused"]
    assert refused == ["op.enghien"]


async def test_a_definition_that_cannot_be_carried_out_is_refused(room: Room) -> None:
    body = {"name": "Gare", "purpose": "Vols", "steps": [a_look(GARE, 31)]}
    await room.call("POST", "/rondes", "chef.martin", status=422, **body)
    await room.call("POST", "/rondes", "chef.martin", status=422, **{**body, "steps": []})
    foreign = {**body, "steps": [a_look(GARE)], "screen_id": "mur-9"}
    await room.call("POST", "/rondes", "chef.martin", status=404, **foreign)
