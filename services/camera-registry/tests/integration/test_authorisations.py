"""Authorisations over HTTP: recorded, revoked, refused; every camera's state follows at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.testing.polling import eventually
from common.testing.states import SOISY
from contracts.registry import CameraState

from .conftest import Registry

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"
ARRETE = "AP-PV-95598-1"


def body(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "arrete_number": "95-2026-VP-NEUF",
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=365 * 4)).isoformat(),
        "communes": [SOISY],
        "camera_count": 500,
        "finalites": ["securite_personnes_biens"],
        "recipients": ["police_nationale"],
        "retention_days": 14,
        "mode": "DIRECT",
    } | changes


async def state_when(registry: Registry, condition: Callable[[Any], bool]) -> CameraState:
    guard = registry.parts.app.state.guard

    async def state() -> CameraState | None:
        return guard.cameras.get(CAMERA)

    found = await eventually(state, until=condition)
    assert found is not None
    return found


async def test_ending_an_arrete_publishes_its_cameras_at_once(registry: Registry) -> None:
    end = datetime.now(UTC) - timedelta(seconds=1)
    answer = await registry.client.patch(
        f"/api/registry/authorisations/{ARRETE}",
        json={"valid_until": end.isoformat()},
        headers=registry.machine("authorisations.write"),
    )
    assert answer.status_code == 200
    assert answer.json()["in_force"] is False
    assert answer.json()["warning_days"] == 0
    state = await state_when(registry, lambda one: one.authorisation.valid_until == end)
    assert state.revision == 2
    guard = registry.parts.app.state.guard
    soisy = [one for one in guard.cameras.values() if one.insee == SOISY]

    async def ended() -> int:
        return sum(guard.cameras.get(one.camera_id).authorisation.valid_until == end for one in soisy)

    await eventually(ended, until=lambda count: count == len(soisy))
    others = [one for one in guard.cameras.values() if one.insee != SOISY]
    assert all(one.revision == 1 for one in others)


async def test_a_new_arrete_takes_over_and_says_who_may_receive(registry: Registry) -> None:
    later = datetime.now(UTC) + timedelta(days=365 * 4 + 100)
    answer = await registry.client.post(
        "/api/registry/authorisations",
        json=body(valid_until=later.isoformat(), retention_days=7),
        headers=registry.agent("admin.vigie"),
    )
    assert answer.status_code == 201
    state = await state_when(registry, lambda one: one.authorisation.arrete_number == "95-2026-VP-NEUF")
    assert state.authorisation is not None
    assert state.authorisation.retention_days == 7
    assert [kind.value for kind in state.authorisation.recipients] == ["police_nationale"]


async def test_a_renewal_recorded_in_advance_takes_over_when_the_old_one_ends(registry: Registry) -> None:
    begins = datetime.now(UTC) + timedelta(seconds=1.5)
    for answer in (
        await registry.client.post(
            "/api/registry/authorisations",
            json=body(valid_from=begins.isoformat()),
            headers=registry.machine("authorisations.write"),
        ),
        await registry.client.patch(
            f"/api/registry/authorisations/{ARRETE}",
            json={"valid_until": begins.isoformat()},
            headers=registry.machine("authorisations.write"),
        ),
    ):
        assert answer.is_success
    state = await state_when(registry, lambda one: one.authorisation.arrete_number == "95-2026-VP-NEUF")
    assert state.authorisation is not None
    assert state.authorisation.valid_from == begins


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipients": ["association"]}, "recipients"),
        ({"retention_days": 31}, "retention_days"),
        ({"retention_days": 0}, "retention_days"),
        ({"valid_until": "2040-01-01T00:00:00Z"}, "valid_until"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until"),
        ({"mode": "EVENEMENT"}, "event_windows"),
        ({"camera_count": 0}, "camera_count"),
        ({"communes": ["75056"]}, "communes"),
        ({"perimeter": {"type": "Point", "coordinates": [2, 48]}}, "perimeter"),
        ({"scan_sha256": "abc"}, "scan_sha256"),
    ],
)
async def test_an_arrete_the_law_refuses_is_not_recorded(
    registry: Registry, changes: dict[str, Any], field: str
) -> None:
    answer = await registry.client.post(
        "/api/registry/authorisations", json=body(**changes), headers=registry.machine("authorisations.write")
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    listed = await registry.client.get("/api/registry/authorisations", headers=registry.agent("op.durand"))
    assert len(listed.json()["items"]) == 4


async def test_the_soonest_to_end_comes_first_with_its_warning(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/authorisations", headers=registry.agent("op.durand"))
    items = answer.json()["items"]
    assert len(items) == 4
    assert items[0]["communes"] == ["95288"]
    assert items[0]["warning_days"] == 120
    assert items[1]["warning_days"] is None


async def test_the_same_arrete_twice_is_a_conflict(registry: Registry) -> None:
    answer = await registry.client.post(
        "/api/registry/authorisations",
        json=body(authorisation_id=ARRETE),
        headers=registry.machine("authorisations.write"),
    )
    assert answer.status_code == 409


async def test_an_operator_may_not_end_an_arrete(registry: Registry) -> None:
    answer = await registry.client.patch(
        f"/api/registry/authorisations/{ARRETE}",
        json={"valid_until": datetime.now(UTC).isoformat()},
        headers=registry.agent("op.durand"),
    )
    assert answer.status_code == 403


async def test_an_unknown_arrete_is_a_404(registry: Registry) -> None:
    answer = await registry.client.patch(
        "/api/registry/authorisations/AP-0",
        json={"valid_until": datetime.now(UTC).isoformat()},
        headers=registry.machine("authorisations.write"),
    )
    assert answer.status_code == 404


async def test_a_planned_camera_waits_and_a_place_too_few_leaves_one_uncovered(registry: Registry) -> None:
    end = datetime.now(UTC)
    await registry.client.patch(
        f"/api/registry/authorisations/{ARRETE}",
        json={"valid_until": end.isoformat()},
        headers=registry.machine("authorisations.write"),
    )
    soisy = [one for one in registry.seed.cameras if one.insee == SOISY]
    answer = await registry.client.post(
        "/api/registry/authorisations",
        json=body(camera_count=len(soisy) - 1, authorisation_id="AP-COURT"),
        headers=registry.machine("authorisations.write"),
    )
    assert answer.status_code == 201
    guard = registry.parts.app.state.guard

    async def covered() -> list[str]:
        states = [guard.cameras.get(one.camera_id) for one in soisy]
        return sorted(one.camera_id for one in states if one.authorisation.authorisation_id == "AP-COURT")

    expected = sorted(one.camera_id for one in soisy)[:-1]
    assert await eventually(covered, until=lambda found: len(found) == len(expected)) == expected
    left_out = guard.cameras.get(max(one.camera_id for one in soisy))
    assert left_out.authorisation.valid_until == end
