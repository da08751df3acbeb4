"""Agents through the API, what the bucket then says, the seed, and the policy explained."""

from datetime import timedelta
from typing import Any

import pytest
from running_access import RunningAccess

from access.seed import load_town, seed
from common.testing.polling import eventually
from common.testing.states import a_camera, an_authorisation, put_camera
from contracts.access import AgentState

pytestmark = pytest.mark.integration


async def state_of(access: RunningAccess, agent_id: str) -> AgentState:
    guard = access.app.state.guard

    async def read() -> AgentState | None:
        return guard.agents.get(agent_id)

    found = await eventually(read)
    assert found is not None
    return found


def a_body(access: RunningAccess, **changes: Any) -> dict[str, Any]:
    now = access.clock.now()
    return {
        "agent_id": "op.nouvelle",
        "name": "Nouvelle Opératrice",
        "role": "operateur",
        "organisation_id": "ca-plaine-vallee",
        "communes": ["95598"],
        "habilitation_id": "HAB-NEW",
        "habilitation_from": now.isoformat(),
        "habilitation_until": (now + timedelta(days=30)).isoformat(),
        **changes,
    }


async def test_an_administrator_enrols_an_agent_whom_every_service_then_knows(access: RunningAccess) -> None:
    async with access.client(access.as_agent("admin.vigie")) as admin:
        made = await admin.post("/api/access/agents", json=a_body(access))
        assert (made.status_code, made.json()["communes"]) == (201, ["95598"])
        again = await admin.post("/api/access/agents", json=a_body(access))
        assert (again.status_code, again.json()) == (201, made.json())
        other = await admin.post("/api/access/agents", json=a_body(access, name="Autre personne"))
        assert other.status_code == 409
    state = await state_of(access, "op.nouvelle")
    assert (state.role, state.communes, state.habilitation_id) == ("operateur", ("95598",), "HAB-NEW")
    row = (await access.register(1, action="manage_agents"))[0]
    assert (row["actor_id"], row["motive_text"]) == ("admin.vigie", "enrôlement de op.nouvelle")


WRONG_AGENTS: list[dict[str, Any]] = [
    {"communes": ["59606"]},
    {"organisation_id": "inconnue"},
    {"agent_id": "Pas Un Nom"},
    {"role": "empereur"},
    {"habilitation_until": None},
    {"habilitation_until": "2020-01-01T00:00:00Z"},
    {"habilitation_from": "2026-01-01T00:00:00"},
    {"surprise": 1},
    {"name": "a\x00b"},
    {"agent_id": "a\x00b"},
]


async def test_a_wrong_agent_is_refused_and_nothing_is_stored(access: RunningAccess) -> None:
    async with access.client(access.as_service("agents.write", "agents.read")) as machine:
        for changes in WRONG_AGENTS:
            answer = await machine.post("/api/access/agents", json=a_body(access, **changes))
            assert answer.status_code == 422, changes
            assert answer.headers["content-type"].startswith("application/problem+json")
        listed = (await machine.get("/api/access/agents")).json()["items"]
    assert len(listed) == 9


async def test_who_may_see_and_change_agents(access: RunningAccess) -> None:
    seen = {"admin.vigie": 200, "chef.martin": 200, "dpo.leroy": 200, "op.durand": 403, "cr.petit": 403}
    for agent_id, status in seen.items():
        async with access.client(access.as_agent(agent_id)) as client:
            assert (await client.get("/api/access/agents")).status_code == status, agent_id
            changed = await client.post("/api/access/agents", json=a_body(access, agent_id="op.intrus"))
            assert changed.status_code == (201 if agent_id == "admin.vigie" else 403), agent_id
    async with access.client(access.as_service("agents.read")) as machine:
        assert (await machine.post("/api/access/agents/op.durand/revocation")).status_code == 403
        assert (await machine.get("/api/access/agents", params={"limit": 3})).json()["next_cursor"] == "chef.martin"


async def test_nobody_revokes_their_own_account_and_the_reason_is_registered(access: RunningAccess) -> None:
    reason = {"reason": "  Départ de la collectivité le 30 juin  "}
    async with access.client(access.as_agent("admin.vigie")) as admin:
        own = await admin.post("/api/access/agents/admin.vigie/revocation", json=reason)
        assert own.status_code == 409
        assert own.json()["detail"] == "Un autre administrateur doit révoquer ce compte."
        for wrong in ("ab", "a" * 501, "a\x00bc"):
            refused = await admin.post("/api/access/agents/op.durand/revocation", json={"reason": wrong})
            assert refused.status_code == 422, wrong
        assert (await admin.get("/api/access/me")).json()["role"] == "admin"
        assert (await admin.post("/api/access/agents/op.durand/revocation", json=reason)).status_code == 200
    row = (await access.register(1, action="manage_agents"))[-1]
    assert row["motive_text"] == "révocation de op.durand : Départ de la collectivité le 30 juin"
    async with access.client(access.as_service("agents.write")) as machine:
        assert (await machine.post("/api/access/agents/admin.vigie/revocation")).status_code == 200


async def test_a_new_habilitation_brings_a_revoked_agent_back_under_a_new_epoch(access: RunningAccess) -> None:
    paper = {key: value for key, value in a_body(access).items() if key.startswith("habilitation")}
    async with access.client(access.as_service("agents.write")) as machine:
        await machine.post("/api/access/agents/op.durand/revocation")
        back = await machine.post("/api/access/agents/op.durand/habilitations", json=paper)
        assert (back.status_code, back.json()["active"]) == (201, True)
        taken = await machine.post("/api/access/agents/op.soisy/habilitations", json=paper)
        assert taken.status_code == 409
        nobody = await machine.post("/api/access/agents/personne/habilitations", json=paper)
        assert nobody.status_code == 404

    async def epoch() -> int:
        state = access.app.state.guard.agents.get("op.durand")
        return state.session_epoch if state and state.active else 0

    assert await eventually(epoch, until=lambda value: value == 1) == 1
    async with access.client(access.as_agent("op.durand")) as old_session:  # epoch 0
        assert (await old_session.get("/api/access/me")).status_code == 401


async def test_an_employer_that_loses_a_commune_takes_it_from_its_agents(access: RunningAccess) -> None:
    async with access.client(access.as_service("agents.write", "agents.read")) as machine:
        body = {
            "organisation_id": "pm-soisy",
            "name": "PM",
            "kind": "police_municipale",
            "communes": ["95598", "95210"],
        }
        assert (await machine.post("/api/access/organisations", json=body)).status_code == 201
        agent = a_body(access, agent_id="pm.un", role="policier_municipal", organisation_id="pm-soisy", communes=None)
        assert (await machine.post("/api/access/agents", json=agent)).json()["communes"] == ["95210", "95598"]
        await machine.post("/api/access/organisations", json={**body, "communes": ["95598"]})
        names = [item["organisation_id"] for item in (await machine.get("/api/access/organisations")).json()["items"]]
    assert "pm-soisy" in names

    async def communes() -> tuple[str, ...]:
        state = access.app.state.guard.agents.get("pm.un")
        return state.communes if state else ()

    await eventually(communes, until=lambda value: value == ("95598",))


async def test_seeding_again_changes_nothing_until_habilitations_run_out(access: RunningAccess) -> None:
    town = load_town("plaine-vallee")
    async with access.database.transaction() as conn:
        assert await seed(conn, town, at=access.clock.now()) == []
    async with access.database.transaction() as conn:
        renewed = await seed(conn, town, at=access.clock.now() + timedelta(days=365))
    assert len(renewed) == 9


async def explained(access: RunningAccess, **question: Any) -> dict[str, Any]:
    async with access.client(access.as_service("policy.read")) as machine:
        answer = await machine.post("/api/access/policy/explanations", json=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_policy_explains_itself_on_the_replicas(access: RunningAccess) -> None:
    soon = access.clock.now() + timedelta(hours=1)
    camera = a_camera("CAM-1", authorisation=an_authorisation(valid_until=soon))
    await put_camera(access.bus, camera)
    guard = access.app.state.guard

    async def known() -> bool:
        return guard.cameras.get("CAM-1") is not None

    await eventually(known)
    live = {"camera_id": "CAM-1", "action": "live"}
    yes = await explained(access, agent_id="op.durand", **live)
    assert (yes["allowed"], yes["rule"]) == (True, "toutes_regles")
    assert all(step["passed"] for step in yes["steps"])
    red_cross = await explained(access, agent_id="cr.petit", **live)
    assert (red_cross["allowed"], red_cross["rule"]) == (False, "association_sans_image")
    assert "L.252-3" in red_cross["citation"]
    expired = await explained(access, agent_id="op.durand", at=soon.isoformat(), **live)
    assert expired["rule"] == "autorisation_en_vigueur"
    judicial = await explained(
        access, agent_id="chef.martin", camera_id="CAM-1", action="replay", at=soon.isoformat(), requisition_id="R-1"
    )
    assert judicial["allowed"]


async def test_explanations_are_for_those_who_may_ask(access: RunningAccess) -> None:
    await put_camera(access.bus, a_camera("VAL-1", insee="59606"))
    guard = access.app.state.guard

    async def known() -> bool:
        return guard.cameras.get("VAL-1") is not None

    await eventually(known)
    question = {"agent_id": "op.durand", "camera_id": "VAL-1", "action": "live"}
    for agent_id, status in {"op.durand": 404, "chef.martin": 404, "admin.vigie": 404}.items():
        async with access.client(access.as_agent(agent_id)) as client:
            answer = await client.post("/api/access/policy/explanations", json=question)
        assert answer.status_code == status, agent_id
    async with access.client(access.as_agent("op.durand")) as client:
        answer = await client.post("/api/access/policy/explanations", json={"agent_id": "x", "action": "live"})
        assert answer.status_code == 403
    async with access.client(access.as_service("policy.read")) as machine:
        for wrong in ({"agent_id": "personne"}, {"camera_id": "rien"}):
            answer = await machine.post("/api/access/policy/explanations", json={**question, **wrong})
            assert answer.status_code == 404
