"""A camera's own events become alarms: subscribed, joined, ended, found again after a loss, told once."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually
from contracts.registry import FACT_ALARM_RAISED, OWNER

from .conftest import Registry

pytestmark = pytest.mark.integration
CAMERA = "EVEN-1"
SUBJECT = f"vigie.95598.{OWNER}.{FACT_ALARM_RAISED}.v1"


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=1, username="vigie", password="le-bon-mot") as running:
        running.set_quirks(1, "still", "no_renew")
        yield running


async def import_camera(registry: Registry, simulator: SimulatorProcess) -> None:
    content = (
        "code;commune;lon;lat;status;rtsp_main;onvif;username;password\n"
        f"{CAMERA};95598;2.2996;48.9876;en_service;{simulator.rtsp_url(1)};{simulator.onvif_url(1)};vigie;le-bon-mot\n"
    )
    imported = await registry.client.post(
        "/api/registry/cameras/imports",
        files={"file": ("c.csv", content.encode(), "text/csv")},
        headers=registry.machine("cameras.write"),
    )
    assert imported.json()["created"] == 1, imported.text


async def alarms(registry: Registry, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        answer = await registry.client.get("/api/registry/alarms", headers=registry.agent("op.durand"))
        return answer.json()["items"]

    return await eventually(read, until=until)


async def told(registry: Registry) -> list[dict[str, Any]]:
    """Return what the bus was told of alarms, in order."""
    info = await registry.bus.js.stream_info("REGISTRY")
    found: list[dict[str, Any]] = []
    for sequence in range(info.state.first_seq, info.state.last_seq + 1):
        message = await registry.bus.js.get_msg("REGISTRY", sequence)
        if message.subject == SUBJECT and message.data:
            found.append(json.loads(message.data)["data"])
    return found


async def test_what_a_camera_reports_is_one_alarm_that_begins_and_ends(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    await import_camera(registry, simulator)
    path = f"/api/registry/cameras/{CAMERA}/events"
    operator = registry.agent("op.durand")
    await eventually(  # a camera that was imported this second is unknown to the guard until its state has come round
        lambda: registry.client.put(path, json={"enabled": True}, headers=operator),
        until=lambda answer: answer.status_code == 403,
    )
    switched = await registry.client.put(path, json={"enabled": True}, headers=registry.machine("cameras.write"))
    assert switched.status_code == 204

    async def listening() -> list[dict[str, Any]]:
        answer = await registry.client.get("/api/registry/alarms/listening", headers=registry.agent("op.durand"))
        return answer.json()["items"]

    (heard,) = await eventually(listening, until=lambda found: [one["listening"] for one in found] == ["ecoute"])
    assert heard["camera_id"] == CAMERA

    simulator.report(1, "tamper")
    (begun,) = await alarms(registry, until=bool)
    assert (begun["kind"], begun["source"], begun["camera_ids"]) == ("sabotage", "camera", [CAMERA])
    assert begun["ended_at"] is None
    assert "Tamper-1" in begun["detail"]
    simulator.report(1, "tamper", active=False)
    (ended,) = await alarms(registry, until=lambda found: found[0]["ended_at"] is not None)
    assert ended["alarm_id"] == begun["alarm_id"]
    simulator.report(1, "tamper")
    (joined,) = await alarms(registry, until=lambda found: found[0]["repeats"] == 2)
    assert joined["alarm_id"] == begun["alarm_id"]

    simulator.reboot(1)
    await eventually(listening, until=lambda found: found[0]["listening"] == "perdue")
    await eventually(listening, until=lambda found: found[0]["listening"] == "ecoute")
    simulator.report(1, "line")
    crossed, _ = await alarms(registry, until=lambda found: len(found) == 2)
    assert crossed["kind"] == "franchissement"
    assert crossed["ended_at"] == crossed["raised_at"]

    async def announced() -> list[tuple[str, bool]]:
        return [(fact["kind"], fact["ended_at"] is not None) for fact in await told(registry)]

    expected = [("sabotage", False), ("sabotage", True), ("franchissement", True)]
    assert await eventually(announced, until=lambda facts: len(facts) >= 3) == expected

    judgement = f"/api/registry/alarms/{begun['alarm_id']}/judgement"
    body = {"status": "acquittee", "note": "Chat sur l'objectif."}
    outside = await registry.client.post(
        f"/api/registry/alarms/{crossed['alarm_id']}/judgement", json=body, headers=registry.agent("cr.petit")
    )
    assert outside.status_code == 403
    judged = await registry.client.post(judgement, json=body, headers=registry.agent("op.durand"))
    assert judged.json()["judged_by_name"] == "Op Durand"
    again = await registry.client.post(judgement, json=body, headers=registry.agent("op.soisy"))
    assert again.status_code == 409
