"""What happens when nobody commands: rondes that yield, the way home, moves that a dead process left behind."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.clock import SteppedClock
from common.testing.polling import eventually
from common.testing.states import an_incident, put_incident
from common.testing.tokens import TokenMint
from stream_gateway.domain.ptz.lock import Claimant, Rank, take
from stream_gateway.domain.ptz.orders import ContinuousMove, Velocity
from stream_gateway.repository.ptz import save_ptz
from stream_gateway.settings import Settings
from stream_gateway.testing.ptz_rig import PtzGateway, running_ptz
from stream_gateway.testing.rig import Neighbours

pytestmark = pytest.mark.integration
NUDGE: dict[str, Any] = {"pan": 0.1, "duration_ms": 100}


async def presets_visited(gateway: PtzGateway) -> list[str | None]:
    return [command.preset for command in gateway.commands() if command.operation == "GotoPreset"]


async def until_visited(gateway: PtzGateway, count: int) -> list[str | None]:
    async def visited() -> list[str | None]:
        return await presets_visited(gateway)

    return await eventually(visited, until=lambda found: len(found) >= count)


async def leave(gateway: PtzGateway, camera_id: str) -> datetime:
    """Let an operator move a camera and go; return when the last command was."""
    await gateway.post(camera_id, **NUDGE)
    await gateway.until_stopped(camera_id)
    at = gateway.clock.now()
    gateway.clock.advance(timedelta(seconds=61))

    async def free() -> bool:
        lock = await gateway.lock(camera_id)
        return lock is not None and lock.released_at is not None

    await eventually(free)
    return at


async def look_twice(gateway: PtzGateway) -> None:
    """Have done what is due now, and what that makes due."""
    await gateway.care.look()
    await gateway.care.look()


async def test_a_camera_that_was_left_goes_home_after_five_minutes(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    left_at = await leave(gateway, camera_id)
    gateway.clock.set(left_at + timedelta(minutes=4, seconds=59))
    await look_twice(gateway)
    assert "GotoHomePosition" not in gateway.log()
    gateway.clock.set(left_at + timedelta(minutes=5))
    await gateway.until_told("GotoHomePosition")
    lock = await gateway.lock(camera_id)
    assert lock is not None
    assert lock.homed_at is not None
    gateway.clock.advance(timedelta(minutes=30))
    await look_twice(gateway)
    assert gateway.log().count("GotoHomePosition") == 1


async def test_a_camera_of_an_open_incident_stays_where_it_is(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    await put_incident(gateway.bus, an_incident("I-1", camera_id))
    incidents = gateway.parts.app.state.guard.replicas.incidents

    async def known() -> bool:
        return incidents.get("I-1") is not None and incidents.get("I-1").closed_at is None

    await eventually(known)
    left_at = await leave(gateway, camera_id)
    gateway.clock.set(left_at + timedelta(minutes=6))
    await look_twice(gateway)
    assert "GotoHomePosition" not in gateway.log()
    await put_incident(gateway.bus, an_incident("I-1", camera_id, closed_at=gateway.clock.now()))
    await gateway.until_told("GotoHomePosition")


async def test_a_ronde_walks_yields_to_a_person_and_goes_on_later(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.mount(camera_id, {1: "1"}, {"T": [(1, 5), (1, 10)]})
    started = await gateway.post(camera_id, "/tour", tour_id="T")
    assert started.status_code == 200, started.text
    await until_visited(gateway, 1)
    state = await gateway.state(camera_id)
    assert (state["holder"]["rank"], state["holder"]["holder_name"]) == ("ronde", "Ronde « Tournée T »")
    assert state["tour"]["tour_id"] == "T"
    gateway.clock.advance(timedelta(seconds=5))
    await until_visited(gateway, 2)
    assert (await gateway.post(camera_id, **NUDGE)).status_code == 200
    taken_at = gateway.clock.now()
    gateway.clock.set(taken_at + timedelta(minutes=4, seconds=59))
    await look_twice(gateway)
    assert len(await presets_visited(gateway)) == 2
    gateway.clock.set(taken_at + timedelta(minutes=5, seconds=10))
    await until_visited(gateway, 3)
    assert "GotoHomePosition" not in gateway.log()
    assert (await gateway.ask("DELETE", camera_id, "/tour")).status_code == 204
    ended = await gateway.state(camera_id)
    assert (ended["tour"], ended["holder"]) == (None, None)
    gateway.clock.advance(timedelta(minutes=1))
    await look_twice(gateway)
    assert len(await presets_visited(gateway)) == 3


async def test_a_ronde_does_not_turn_a_camera_that_no_arrete_covers(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    gateway.mount(camera.camera_id, {1: "1"}, {"T": [(1, 5)]})
    assert (await gateway.post(camera.camera_id, "/tour", tour_id="T")).status_code == 200
    await until_visited(gateway, 1)
    await gateway.put(camera.model_copy(update={"authorisation": None, "revision": 1}))
    gateway.clock.advance(timedelta(seconds=30))
    await look_twice(gateway)
    assert len(await presets_visited(gateway)) == 1


async def test_a_tour_nobody_knows_or_without_positions_does_not_start(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.mount(camera_id, {1: "1"}, {"T": [(1, 5), (2, 5)]})
    assert (await gateway.post(camera_id, "/tour", tour_id="X")).status_code == 404
    assert (await gateway.post(camera_id, "/tour", tour_id="T")).status_code == 409
    assert (await gateway.ask("DELETE", camera_id, "/tour")).status_code == 409


async def test_a_move_that_a_dead_process_left_behind_is_stopped_at_the_next_start(
    settings: Settings, bus: Bus, tokens: TokenMint, heads: SimulatorProcess
) -> None:
    heads.set_quirks(1, "forgets_stop")
    heads.clear_ptz_log(1)
    clock, neighbours = SteppedClock(datetime.now(UTC)), Neighbours()
    running = partial(running_ptz, settings, bus=bus, tokens=tokens, simulator=heads, neighbours=neighbours)
    async with running(clock=clock) as first:
        camera_id = (await first.add_camera()).camera_id
        before, _ = take(
            await first.lock(camera_id),
            Claimant("op.durand", "Op Durand", Rank.OPERATEUR),
            camera_id=camera_id,
            insee="95598",
            at=clock.now(),
            moving_until=clock.now() + timedelta(seconds=2),
        )
        async with first.database.transaction() as connection:  # as a process leaves it that is killed just after
            await save_ptz(connection, before)
        await (await first.motor(camera_id)).obey(ContinuousMove(Velocity(pan=0.01), 2.0))
    clock.advance(timedelta(seconds=4))  # nobody looks at it meanwhile
    assert [command.operation for command in heads.ptz_log(1)] == ["ContinuousMove"]
    async with running(clock=clock) as second:
        motor = await second.motor(camera_id)
        await second.until_told("Stop")
        await second.until_stopped(camera_id)
        assert (await motor.pointing()).moving is False
