"""A viewing session lives as long as somebody says that he still watches."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import websockets

from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from stream_gateway.settings import Settings
from stream_gateway.testing.rig import Gateway, gateway_settings

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(
    servers: Servers,
    make_database: Callable[[str | None], TestDatabase],
    tokens: TokenMint,
    tmp_path: Path,
) -> Settings:
    usual = gateway_settings(servers, make_database("stream_gateway"), tokens, tmp_path)
    return usual.model_copy(update={"lease_seconds": 4.0})


async def test_a_lease_that_nobody_renews_closes_the_session(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = (await gateway.open_session(camera.camera_id)).json()
    lease = f"/api/stream/sessions/{session['session_id']}/lease"
    async with websockets.connect(
        gateway.ws_url(session["websocket_path"]),
        additional_headers=gateway.headers(),
        compression=None,
        max_size=None,
    ) as socket:
        await socket.send(json.dumps({"token": session["token"]}))
        renewed = await gateway.http.post(lease, headers=gateway.headers())
        assert renewed.status_code == 200
        assert renewed.json()["expires_at"] > session["expires_at"]
        foreign = await gateway.http.post(lease, headers=gateway.headers("op.voisin"))
        assert foreign.status_code == 404
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code == 4408
    assert (await gateway.wait_for("session_closed"))["reason"] == "expired"
    late = await gateway.http.post(lease, headers=gateway.headers())
    assert late.status_code == 409
    assert late.json()["reason"] == "expired"


async def test_a_session_that_was_never_watched_expires_too(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = (await gateway.open_session(camera.camera_id)).json()
    closed = await gateway.wait_for("session_closed")
    assert closed["session_id"] == session["session_id"]
    assert closed["reason"] == "expired"
