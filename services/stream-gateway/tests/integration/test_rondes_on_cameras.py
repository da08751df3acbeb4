"""Rondes and the shift leader's hand on the whole gateway, with simulated cameras that move and give pictures."""

import contextlib
import json
from typing import Any

import pytest
import websockets

from common.testing.polling import eventually
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration


async def call(gateway: Gateway, method: str, path: str, agent_id: str, status: int = 200, **body: Any) -> Any:
    sent: dict[str, Any] = {} if method == "GET" else {"json": body}
    answer = await gateway.http.request(method, f"/api/stream{path}", headers=gateway.headers(agent_id), **sent)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_a_ronde_turns_cameras_and_sees_which_give_a_picture(gateway: Gateway) -> None:
    dome = await gateway.add_camera(1, has_ptz=True)
    dead = await gateway.add_camera(2)
    gateway.simulator.set_faults(2, offline=True)
    steps = [
        {"camera_id": dome.camera_id, "dwell_seconds": 5, "preset": "1"},
        {"camera_id": dead.camera_id, "dwell_seconds": 12},
    ]
    ronde = await call(gateway, "POST", "/rondes", "chef.martin", 201, name="Gare", purpose="Prévention", steps=steps)
    run = await call(gateway, "POST", f"/rondes/{ronde['ronde_id']}/runs", "op.durand", 201)

    async def sheet() -> dict[str, Any]:
        found: dict[str, Any] = await call(gateway, "GET", f"/ronde-runs/{run['run_id']}", "op.voisin")
        return found

    ended = await eventually(sheet, until=lambda told: told["state"] == "a_clore", within=90)
    first, second = ended["steps"]
    assert (first["picture"], first["preset_outcome"]) == ("ok", "atteinte"), first
    assert second["picture"] == "image_ko"
    assert second["picture_reason"]
    row = await gateway.wait_for("entry_requested", lambda data: data["action"] == "ptz")
    assert (row["actor_id"], row["camera_id"], row["motive_code"]) == ("op.durand", dome.camera_id, "ronde")
    told = await gateway.wait_for("ronde_step", lambda data: data["step"] == 1 and data["phase"] == "sortie")
    assert told["picture"] == "image_ko"


async def test_the_shift_leaders_hand_stops_the_picture(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = (await gateway.open_session(camera.camera_id)).json()
    async with websockets.connect(
        gateway.ws_url(session["websocket_path"]),
        additional_headers=gateway.headers(),
        compression=None,
        max_size=None,
    ) as socket:
        await socket.send(json.dumps({"token": session["token"]}))
        while not isinstance(await socket.recv(), bytes):
            pass
        told = await call(gateway, "GET", "/watching", "chef.martin")
        [viewer] = told["cameras"][0]["viewers"]
        assert (viewer["agent_name"], viewer["transport"]) == ("Op Durand", "websocket")
        await call(
            gateway,
            "DELETE",
            f"/watching/{session['session_id']}",
            "chef.martin",
            204,
            motive_text="Consultation sans rapport avec la mission",
        )
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code == 4410
        assert socket.close_reason == "ended_by_supervisor"
    assert (await call(gateway, "GET", "/watching", "chef.martin"))["sessions"] == 0
    assert (await gateway.wait_for("session_closed"))["reason"] == "ended_by_supervisor"
