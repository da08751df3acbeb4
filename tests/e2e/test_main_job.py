"""The main job of the room, in a real browser on real video: see, declare, warn, and find the footage again."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from e2e_console import Console
from e2e_platform import RunningPlatform, eventually
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
CAMERA = "PV-95598-0001-F1"
PARTNER = "pn-enghien"


def test_an_operator_sees_declares_warns_and_the_minute_is_recorded(
    console: Console, platform: RunningPlatform
) -> None:
    watched_from = datetime.now(UTC)
    console.log_in("op.durand")
    expect(console.page.get_by_test_id("map")).to_be_visible()
    console.watch(CAMERA)
    seen = console.moving_picture()
    assert seen["frames"] >= 12
    assert seen["changed"] > 20, "the decoded picture does not move"
    assert seen["lit"] > 100, "the picture is black"
    assert (seen["width"], seen["height"]) > (640, 360)

    number = console.declare_incident(nature="Accident corporel", facts="Cycliste renversé, circulation arrêtée.")
    assert number.split("-")[1] == "95598"
    console.open_incident(number)
    console.transmit_to(PARTNER)
    expect(console.dispatch_status(PARTNER)).to_have_attribute("data-status", "ACCUSE", timeout=60_000)
    expect(console.incident_status()).to_have_attribute("data-status", "PRIS_EN_CHARGE", timeout=60_000)

    segment = eventually(lambda: recorded(platform, since=watched_from), within=240)
    in_the_object_store(platform, segment)
    in_the_register(console, platform, segment)


def recorded(platform: RunningPlatform, *, since: datetime) -> dict[str, object]:
    """Return the first indexed segment recorded after the picture was opened, empty while there is none."""
    window = {"from": since.isoformat(), "to": (since + timedelta(minutes=30)).isoformat()}
    with platform.machine("segments.read") as machine:
        answer = machine.get("/api/retention/segments", params={"camera_id": CAMERA, **window})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return dict(items[0]) if items else {}


def in_the_object_store(platform: RunningPlatform, segment: dict[str, object]) -> None:
    """What the store holds is what the index says, to the byte."""
    content = platform.stored_object(str(segment["bucket"]), str(segment["object_key"]))
    assert hashlib.sha256(content).hexdigest() == segment["sha256"]
    assert content[4:8] == b"ftyp"


def in_the_register(console: Console, platform: RunningPlatform, segment: dict[str, object]) -> None:
    """The live opening is a row; replaying that minute is one more, with its window; the chain holds."""
    console.page.context.clear_cookies()
    console.log_in("chef.martin")
    status, replay = console.fetch(
        "/api/stream/replays",
        method="POST",
        body={
            "camera_id": CAMERA,
            "from": segment["started_at"],
            "to": segment["ended_at"],
            "motive_code": "incident",
            "motive_text": "relecture après accident corporel",
        },
    )
    assert status == 201, replay
    status, _ = console.fetch(replay["segments"][0]["path"])
    assert status == 200

    def rows() -> dict[str, dict[str, object]]:
        _, listed = console.fetch(f"/api/access/register?camera_id={CAMERA}&limit=100")
        return {str(row["action"]): row for row in listed["items"]}

    found = eventually(rows, until=lambda by_action: {"live", "replay"} <= set(by_action))
    assert found["live"]["actor_name"] == "Camille Durand"
    assert found["live"]["result"] == "allowed"
    assert found["replay"]["window_from"] is not None
    assert found["replay"]["motive_text"] == "relecture après accident corporel"
    verification = platform.vigie("register", "verify")
    assert verification["valid"] is True
    assert verification["entries"] >= 2

    console.go("register")
    expect(console.page.get_by_test_id("register-row").first).to_be_visible()
    console.page.get_by_test_id("register-verify").click()
    expect(console.page.get_by_test_id("register-verification")).to_be_visible()
