"""What must not be seen is not seen, by any path, and each refusal is in the register."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from e2e_console import Console
from e2e_platform import RunningPlatform, eventually
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
HERE = "PV-95598-0001-F1"
NEXT_DOOR = "PV-95210-0001-F1"
ENDING = "PV-95014-0001-F1"


def refusals(platform: RunningPlatform, agent_id: str) -> list[dict[str, Any]]:
    """Return the refused rows of an agent."""
    with platform.machine("register.read") as machine:
        answer = machine.get("/api/access/register", params={"agent_id": agent_id, "result": "refused"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@contextmanager
def window_of(browser: Browser, platform: RunningPlatform, login: str) -> Generator[Console, None, None]:
    opened = Console.open(browser, platform.url)
    opened.log_in(login)
    yield opened
    opened.close()


def test_the_neighbour_commune_does_not_exist_for_an_operator_of_one(
    console: Console, platform: RunningPlatform
) -> None:
    console.log_in("op.soisy")
    status, listed = console.fetch("/api/registry/cameras?limit=5000")
    assert status == 200
    assert {camera["insee"] for camera in listed["items"]} == {"95598"}
    console.search_cameras(NEXT_DOOR)
    expect(console.camera_row(NEXT_DOOR)).to_have_count(0)
    for path, method, body in (
        (f"/api/registry/cameras/{NEXT_DOOR}", "GET", None),
        ("/api/stream/sessions", "POST", {"camera_id": NEXT_DOOR, "quality": "sub"}),
        (f"/api/stream/cameras/{NEXT_DOOR}/snapshot", "GET", None),
    ):
        status, problem = console.fetch(path, method=method, body=body)
        assert status == 404, (path, problem)
        assert "rule" not in problem
    rows = eventually(lambda: refusals(platform, "op.soisy"))
    assert {row["camera_id"] for row in rows} == {NEXT_DOOR}


def test_the_red_cross_gets_no_image_by_any_path(console: Console, platform: RunningPlatform) -> None:
    console.log_in("cr.petit")
    now = datetime.now(UTC).isoformat()
    window = {"from": now, "to": now, "motive_code": "signalement", "motive_text": "personne en détresse"}
    asked = (
        ("/api/stream/sessions", "POST", {"camera_id": HERE, "quality": "main"}),
        ("/api/stream/sessions", "POST", {"camera_id": HERE, "quality": "sub"}),
        (f"/api/stream/cameras/{HERE}/snapshot", "GET", None),
        ("/api/stream/replays", "POST", {"camera_id": HERE, **window}),
    )
    for path, method, body in asked:
        status, problem = console.fetch(path, method=method, body=body)
        assert status in {403, 404, 422}, (path, status, problem)
    rows = eventually(lambda: refusals(platform, "cr.petit"), until=lambda found: len(found) >= 3)
    assert {"live", "snapshot"} <= {row["action"] for row in rows}


def test_no_token_another_s_token_and_no_cookie_give_no_frame(
    console: Console, platform: RunningPlatform, browser: Browser
) -> None:
    console.log_in("op.durand")
    status, session = console.fetch("/api/stream/sessions", method="POST", body={"camera_id": HERE, "quality": "sub"})
    assert status == 201, session
    url = platform.url.replace("http://", "ws://") + session["websocket_path"]
    assert session["token"] not in session["websocket_path"]
    mine = cookies_of(console)
    assert first_bytes(url, mine, session["token"], platform.url) is not None
    with window_of(browser, platform, "chef.martin") as other:
        assert first_bytes(url, cookies_of(other), session["token"], platform.url) is None
    assert first_bytes(url, {}, session["token"], platform.url) is None
    assert first_bytes(url, mine, "eyJhbGciOiJub25lIn0.e30.", platform.url) is None
    assert first_bytes(url, mine, session["token"], "http://evil.test") is None


def cookies_of(console: Console) -> dict[str, str]:
    """Return a window's cookies as a request header."""
    pairs = [f"{cookie['name']}={cookie['value']}" for cookie in console.page.context.cookies()]  # pyright: ignore[reportTypedDictNotRequiredAccess]
    return {"Cookie": "; ".join(pairs)}


def first_bytes(url: str, headers: dict[str, str], token: str, origin: str) -> bytes | None:
    """Return the first binary message of a live WebSocket, or None when the server closes before one."""
    try:
        with connect(url, additional_headers=headers, origin=origin, open_timeout=30) as socket:  # pyright: ignore[reportArgumentType]
            socket.send(json.dumps({"token": token}))
            return next_binary(socket)
    except (ConnectionClosed, OSError, ValueError, RuntimeError):
        return None
    except Exception as error:
        if "HTTP" in str(error):  # refused at the handshake
            return None
        raise


def next_binary(socket: ClientConnection) -> bytes:
    while True:
        message = socket.recv(timeout=60)
        if isinstance(message, bytes):
            return message


def test_an_authorisation_that_ends_stops_live_and_recording_from_that_second(
    console: Console, platform: RunningPlatform
) -> None:
    console.log_in("op.durand")
    console.watch(ENDING)
    assert console.moving_picture()["changed"] > 0
    with platform.machine("authorisations.write") as machine:
        camera = console.fetch(f"/api/registry/cameras/{ENDING}")[1]
        listed = machine.get("/api/registry/authorisations").json()["items"]
        number = camera["authorisation"]["arrete_number"]
        authorisation = next(item for item in listed if item["arrete_number"] == number)
        ended = datetime.now(UTC)
        answer = machine.patch(
            f"/api/registry/authorisations/{authorisation['authorisation_id']}", json={"valid_until": ended.isoformat()}
        )
        assert answer.status_code == 200, answer.text
    expect(console.tile_phase()).not_to_have_attribute("data-phase", "live", timeout=60_000)
    status, problem = console.fetch("/api/stream/sessions", method="POST", body={"camera_id": ENDING, "quality": "sub"})
    assert status == 403, problem
    assert problem["rule"]
    assert problem["citation"]

    def recording() -> list[str]:
        with platform.machine("recorders.read") as machine:
            answer = machine.get("/api/stream/recorders")
        assert answer.status_code == 200, answer.text
        return [item["camera_id"] for item in answer.json()["items"] if item["state"] in {"recording", "starting"}]

    eventually(recording, until=lambda running: ENDING not in running)
    rows = eventually(lambda: refusals(platform, "op.durand"), until=bool)
    assert rows[0]["camera_id"] == ENDING
