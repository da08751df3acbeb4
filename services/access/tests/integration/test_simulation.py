"""What an agent could see tonight, and why not the rest: asked of the running service."""

from datetime import timedelta
from typing import Any

import pytest
from running_access import RunningAccess

from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, a_camera, an_authorisation, put_camera
from contracts.registry import OperatingMode

pytestmark = pytest.mark.integration
PATH = "/api/access/policy/simulations"


async def with_cameras(access: RunningAccess) -> None:
    """Put five cameras on the bus, each with its own reason, and wait until they are mirrored."""
    soon = an_authorisation(valid_until=access.clock.now() + timedelta(hours=1))
    later = an_authorisation(mode=OperatingMode.DIFFERE_SUR_REQUISITION)
    for camera in (
        a_camera("C-1"),
        a_camera("C-2", has_ptz=False, authorisation=soon),
        a_camera("C-3", authorisation=later),
        a_camera("C-4", insee=ENGHIEN),
        a_camera("VAL-1", insee="59606"),
    ):
        await put_camera(access.bus, camera)
    guard = access.app.state.guard

    async def mirrored() -> int:
        return len(guard.cameras.values())

    await eventually(mirrored, until=lambda count: count == 5)


async def simulated(access: RunningAccess, asker: str | None, **question: Any) -> dict[str, Any]:
    headers = access.as_agent(asker) if asker else access.as_service("policy.read")
    async with access.client(headers) as client:
        answer = await client.post(PATH, json={"agent_id": "op.durand", **question})
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_action(found: dict[str, Any], action: str) -> dict[str, Any]:
    return next(outlook for outlook in found["outlooks"] if outlook["action"] == action)


def by_rule(outlook: dict[str, Any]) -> dict[str, Any]:
    return {group["rule"]: group for group in outlook["refused"]}


async def test_what_an_operator_sees_tonight_and_why_not_the_rest(access: RunningAccess) -> None:
    await with_cameras(access)
    now = await simulated(access, None)
    assert now["cameras"] == 5
    assert (now["agent"]["agent_id"], now["agent"]["role"]) == ("op.durand", "operateur")
    live = of_action(now, "live")
    assert [camera["camera_id"] for camera in live["allowed"]["cameras"]] == ["C-1", "C-2", "C-4"]
    refused = by_rule(live)
    assert refused["commune_de_l_employeur"]["cameras"][0]["camera_id"] == "VAL-1"
    assert refused["mode_d_exploitation"]["opened_by"] == ["requisition"]
    assert "L.252-2" in refused["mode_d_exploitation"]["citation"]
    assert by_rule(of_action(now, "ptz"))["camera_orientable"]["count"] == 1
    assert by_rule(of_action(now, "replay"))["relecture_en_contexte"]["opened_by"] == ["incident", "requisition"]
    tonight = await simulated(access, None, at=(access.clock.now() + timedelta(hours=2)).isoformat(), actions=["live"])
    ended = by_rule(of_action(tonight, "live"))["autorisation_en_vigueur"]
    assert (ended["count"], ended["cameras"][0]["camera_id"]) == (1, "C-2")


async def test_the_asker_sees_no_further_than_the_own_communes_and_leaves_a_row(access: RunningAccess) -> None:
    await with_cameras(access)
    found = await simulated(access, "chef.martin", actions=["live"])
    assert found["cameras"] == 4
    assert "commune_de_l_employeur" not in by_rule(of_action(found, "live"))
    soisy = await simulated(access, "chef.martin", actions=["live"], insee=SOISY)
    assert soisy["cameras"] == 3
    async with access.client(access.as_agent("chef.martin")) as client:
        for wrong in ({"insee": "59606"}, {"agent_id": "personne"}):
            answer = await client.post(PATH, json={"agent_id": "op.durand", **wrong})
            assert answer.status_code == 404, wrong
    for who in ("op.durand", "cr.petit", "tech.moreau"):
        async with access.client(access.as_agent(who)) as client:
            assert (await client.post(PATH, json={"agent_id": "op.durand"})).status_code == 403, who
    rows = await access.register(1, action="explain_policy", agent_id="chef.martin")
    assert "simulation des droits de op.durand" in rows[0]["motive_text"]


async def test_long_lists_are_paged(access: RunningAccess) -> None:
    await with_cameras(access)
    first = of_action(await simulated(access, None, actions=["live"], limit=2), "live")["allowed"]
    assert (first["count"], len(first["cameras"]), first["next_after"]) == (3, 2, "C-2")
    rest = await simulated(access, None, actions=["live"], limit=2, after="C-2", rule="mode_d_exploitation")
    assert [camera["camera_id"] for camera in of_action(rest, "live")["allowed"]["cameras"]] == ["C-4"]
    assert list(by_rule(of_action(rest, "live"))) == ["mode_d_exploitation"]
    counted = of_action(await simulated(access, None, actions=["live"], limit=0), "live")["allowed"]
    assert (counted["count"], counted["cameras"], counted["next_after"]) == (3, [], None)


@pytest.mark.parametrize("wrong", [{"actions": []}, {"actions": ["fly"]}, {"limit": 2001}, {"at": "2026-01-01"}])
async def test_a_wrong_question_is_refused(access: RunningAccess, wrong: dict[str, Any]) -> None:
    async with access.client(access.as_service("policy.read")) as client:
        answer = await client.post(PATH, json={"agent_id": "op.durand", **wrong})
    assert answer.status_code == 422
