"""Moves that a simulated head really makes, and stops that it really gets."""

import asyncio
import math

import pytest

from common.testing.polling import eventually
from common.testing.states import put_camera
from stream_gateway.testing.ptz_rig import PtzGateway

pytestmark = pytest.mark.integration


async def pointing(gateway: PtzGateway, camera_id: str) -> tuple[float, float, float]:
    """Return where the camera's head is, asked of the camera itself."""
    told = await (await gateway.motor(camera_id)).pointing()
    return told.pan, told.tilt, told.zoom


async def until_pointing(gateway: PtzGateway, camera_id: str, pan: float, tilt: float, zoom: float) -> None:
    async def away() -> float:
        return math.dist(await pointing(gateway, camera_id), (pan, tilt, zoom))

    await eventually(away, until=lambda distance: distance < 0.01)


async def test_absolute_relative_home_and_zoom_move_the_head(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    answer = await gateway.post(camera_id, "/absolute", pan=0.3, tilt=-0.2, zoom=0.4)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sent"] is True
    await until_pointing(gateway, camera_id, 0.3, -0.2, 0.4)
    await gateway.post(camera_id, "/absolute", pan=0.2, tilt=0.0)
    await until_pointing(gateway, camera_id, 0.2, 0.0, 0.4)
    await gateway.post(camera_id, "/relative", pan=-0.1, tilt=0.1, zoom=-0.2)
    await until_pointing(gateway, camera_id, 0.1, 0.1, 0.2)
    await gateway.post(camera_id, "/home")
    await until_pointing(gateway, camera_id, 0.0, 0.0, 0.0)
    assert gateway.log() == ["AbsoluteMove", "AbsoluteMove", "RelativeMove", "GotoHomePosition"]


async def test_a_move_that_nobody_renews_ends_by_our_stop(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.simulator.set_quirks(1, "forgets_stop")  # it would go on for ever
    slowly = 0.05  # it would take half a minute to the end of its range
    assert (await gateway.post(camera_id, pan=slowly, duration_ms=300)).status_code == 200
    await gateway.until_stopped(camera_id)
    here = await pointing(gateway, camera_id)
    assert 0.0 < here[0] < 1.0
    assert await pointing(gateway, camera_id) == here
    move, *stops = gateway.commands()
    assert (move.operation, move.timeout_s) == ("ContinuousMove", 1.0)
    assert {stop.operation for stop in stops} == {"Stop"}


async def test_a_stop_overtakes_a_move_that_a_slow_camera_has_not_answered_yet(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.simulator.set_quirks(1, "slow_ptz")
    for attempt in range(1, 11):
        move = asyncio.create_task(gateway.post(camera_id, pan=0.05, duration_ms=2000))
        await gateway.until_told("ContinuousMove", times=attempt)
        stop = await gateway.post(camera_id, "/stop")
        assert (stop.status_code, stop.json()["sent"]) == (200, True)
        if not (await move).json()["sent"]:  # else the camera answered before the stop had come
            break
    else:
        pytest.fail("every stop waited for the camera's answer to the move")
    assert gateway.log()[-1] == "Stop"
    await gateway.until_stopped(camera_id)


async def test_moves_of_a_gesture_that_come_after_its_stop_are_dropped(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    first = await gateway.post(camera_id, pan=0.05, duration_ms=2000, gesture="g", order=1)
    assert first.json()["sent"] is True
    stop = await gateway.post(camera_id, "/stop", gesture="g", order=3)
    assert stop.status_code == 200
    late = await gateway.post(camera_id, pan=0.05, duration_ms=2000, gesture="g", order=2)
    assert (late.status_code, late.json()["sent"]) == (200, False)
    await gateway.until_stopped(camera_id)
    assert gateway.log()[:2] == ["ContinuousMove", "Stop"]
    assert gateway.log().count("ContinuousMove") == 1


async def test_no_speed_at_all_is_a_stop(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    await gateway.post(camera_id, pan=0.0, tilt=0.0, zoom=0.0, duration_ms=50)
    await gateway.until_told("Stop")
    assert "ContinuousMove" not in gateway.log()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", '{"pan": NaN}'),
        ("", '{"pan": 1.01}'),
        ("", '{"pan": 0.1, "duration_ms": 2001}'),
        ("", '{"pan": 0.1, "preset": "1"}'),
        ("", '{"pan": 0.1, "speed": 3}'),
        ("/absolute", '{"pan": 0, "tilt": 0, "zoom": -0.1}'),
        ("/absolute", '{"pan": Infinity, "tilt": 0}'),
        ("/relative", '{"pan": 1e400}'),
        ("/goto", "{}"),
        ("/goto", '{"number": 1, "token": "1"}'),
        ("/point", '{"lon": 181, "lat": 0}'),
        ("/point", '{"lon": 2, "lat": NaN}'),
    ],
)
async def test_nonsense_is_refused_and_moves_nothing(gateway: PtzGateway, path: str, body: str) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    headers = {"Content-Type": "application/json", **gateway.tokens.agent_headers("op.durand")}
    answer = await gateway.http.post(f"/api/stream/cameras/{camera_id}/ptz{path}", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert gateway.log() == []
    assert await gateway.lock(camera_id) is None


async def test_a_camera_that_does_not_answer_is_said_so_and_the_row_stays(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    gateway.neighbours.sources[camera.camera_id]["onvif_url"] = "http://127.0.0.1:1/onvif/device_service"
    await gateway.put(camera.model_copy(update={"revision": camera.revision + 1}))
    answer = await gateway.post(camera.camera_id, pan=0.2)
    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text

    async def rows() -> list[str]:
        return [row["result"] for row in await gateway.facts("entry_requested") if row["action"] == "ptz"]

    assert await eventually(rows) == ["allowed"]


async def test_a_password_that_changes_is_used_from_the_next_command_on(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    right = gateway.neighbours.sources[camera.camera_id]["password"]
    gateway.neighbours.sources[camera.camera_id]["password"] = "wrong"
    refused = await gateway.post(camera.camera_id, pan=0.2)
    assert refused.status_code == 503
    assert "identifiants" in refused.json()["detail"]
    gateway.neighbours.sources[camera.camera_id]["password"] = right
    await put_camera(gateway.bus, camera.model_copy(update={"revision": 1}))
    await gateway.put(camera.model_copy(update={"revision": 1}))
    assert (await gateway.post(camera.camera_id, pan=0.2, duration_ms=100)).status_code == 200


@pytest.mark.parametrize("quirk", ["http_digest", "no_get_services", "wrong_xaddr", "no_namespaces"])
async def test_odd_cameras_are_moved_all_the_same(gateway: PtzGateway, quirk: str) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.simulator.set_quirks(1, quirk)
    answer = await gateway.post(camera_id, "/absolute", pan=0.1, tilt=0.1)
    assert answer.status_code == 200, answer.text
    await until_pointing(gateway, camera_id, 0.1, 0.1, 0.0)


async def test_a_moving_camera_tells_where_it_points_and_a_followed_one_always(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    positions = gateway.parts.app.state.ptz_positions
    assert positions.current(camera_id) is None
    await gateway.post(camera_id, "/absolute", pan=0.2, tilt=0.1, zoom=0.1)

    async def arrived() -> bool:
        now = positions.current(camera_id)
        return now is not None and not now.moving and math.isclose(now.pan, 0.2, abs_tol=1e-3)

    await eventually(arrived)
    assert (await gateway.state(camera_id))["position"]["pan"] == pytest.approx(0.2, abs=1e-3)
    async with positions.followed(camera_id):
        asked = gateway.simulator.ptz_calls(1)["GetStatus"]

        async def calls() -> int:
            return gateway.simulator.ptz_calls(1)["GetStatus"]

        await eventually(calls, until=lambda count: count > asked + 2)
        gateway.neighbours.sources[camera_id]["onvif_url"] = "http://127.0.0.1:1/x"
        camera = gateway.parts.app.state.guard.cameras.get(camera_id)
        await gateway.put(camera.model_copy(update={"revision": camera.revision + 1}))

        async def unknown() -> bool:
            return positions.current(camera_id) is None

        await eventually(unknown)
