"""Servers die and people press Ctrl-C: the room goes on with what it had."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from e2e_console import Console
from e2e_platform import RunningPlatform, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
INCIDENT = {
    "code": "circulation.feu_en_panne",
    "camera_ids": ["PV-95598-0001-F1"],
    "origin": "ronde",
    "facts": "Feu tricolore éteint au carrefour.",
}


def test_a_killed_service_comes_back_and_a_restart_loses_nothing(console: Console, platform: RunningPlatform) -> None:
    console.log_in("op.durand")
    status, opened = console.fetch("/api/incident/incidents", method="POST", body=INCIDENT)
    assert status == 201, opened
    platform.kill("incident")
    found = eventually(lambda: console.fetch(f"/api/incident/incidents/{opened['incident_id']}"), until=is_ok)
    assert found[1]["number"] == opened["number"]

    before = platform.vigie("register", "verify")["entries"]
    status = platform.stop()
    platform.start()  # before anything is judged: the tests after this one need it
    assert status == 0
    console.page.goto(platform.url)
    found = eventually(lambda: console.fetch(f"/api/incident/incidents/{opened['incident_id']}"), until=is_ok)
    assert found[1]["timeline"] == opened["timeline"]
    verification = platform.vigie("register", "verify")
    assert verification["valid"] is True
    assert verification["entries"] >= before


def is_ok(answer: tuple[int, object]) -> bool:
    """Tell whether the API answered with what was asked."""
    return answer[0] == 200


def test_a_lost_camera_leaves_a_declared_gap_never_a_silent_one(console: Console, platform: RunningPlatform) -> None:
    """The camera side dies; the gateway declares what it could not record, and retention tells it."""
    console.log_in("chef.martin")
    since = datetime.now(UTC) - timedelta(hours=1)
    window = urlencode({"from": since.isoformat(), "to": (since + timedelta(hours=3)).isoformat()})
    path = f"/api/retention/recordings?camera_id=PV-95598-0001-F1&{window}"

    def causes() -> list[str]:
        status, recordings = console.fetch(path)
        assert status == 200, recordings
        return [gap["cause"] for gap in recordings["gaps"]]

    before = causes()
    platform.kill("camera-simulator")
    assert eventually(causes, until=lambda found: len(found) > len(before))[-1]
