"""Agents changed, their papers and the warnings, the roster, and machine clients with their tokens."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from register_rows import an_entry, put_on_the_bus
from running_access import RunningAccess

from access.use_cases.papers import warn_of_ends
from common.testing.polling import eventually
from contracts.access import AgentState

pytestmark = pytest.mark.integration
AGENTS = "/api/access/agents"


async def state_when(access: RunningAccess, agent_id: str, wanted: Any) -> AgentState:
    guard = access.app.state.guard

    async def read() -> AgentState:
        return guard.agents.get(agent_id)

    return await eventually(read, until=wanted)


async def test_a_changed_role_is_judged_everywhere_and_nobody_changes_their_own(access: RunningAccess) -> None:
    async with access.client(access.as_agent("admin.vigie")) as admin:
        changed = await admin.patch(f"{AGENTS}/op.durand", json={"role": "agent_relecture", "communes": ["95598"]})
        assert changed.status_code == 200
        own = await admin.patch(f"{AGENTS}/admin.vigie", json={"role": "operateur"})
        assert (own.status_code, own.json()["type"]) == (409, "urn:vigie:problem:conflit")
        wrong = await admin.patch(f"{AGENTS}/cr.petit", json={"role": "operateur"})
        assert wrong.status_code == 422
        assert "association" in wrong.json()["detail"]
        assert (await admin.patch(f"{AGENTS}/personne", json={})).status_code == 404
    state = await state_when(access, "op.durand", lambda one: one.role == "agent_relecture")
    assert state.communes == ("95598",)
    rows = await access.register(1, action="manage_agents")
    assert "role=agent_relecture" in rows[0]["motive_text"]


async def test_another_employer_brings_its_own_territory(access: RunningAccess) -> None:
    async with access.client(access.as_service("agents.write")) as machine:
        association = {"organisation_id": "a2", "name": "Autre", "kind": "association", "communes": ["95210"]}
        assert (await machine.post("/api/access/organisations", json=association)).status_code == 201
        moved = await machine.patch(f"{AGENTS}/cr.petit", json={"organisation_id": "a2"})
        assert moved.json()["communes"] == ["95210"]
        pn = association | {"kind": "police_nationale"}
        refused = await machine.post("/api/access/organisations", json=pn)
        assert refused.status_code == 422, "its agents could not be what they are"


async def test_papers_are_recorded_once_and_told_before_they_end(access: RunningAccess) -> None:
    now = access.clock.now()
    agrement = {
        "agrement_number": "AG-95-1",
        "agrement_from": (now - timedelta(days=1)).isoformat(),
        "agrement_until": (now + timedelta(days=100)).isoformat(),
    }
    async with access.client(access.as_agent("admin.vigie")) as admin:
        for _ in range(2):
            assert (await admin.post(f"{AGENTS}/op.durand/agrements", json=agrement)).status_code == 201
        taken = await admin.post(f"{AGENTS}/op.soisy/agrements", json=agrement)
        assert taken.status_code == 409
        trained = await admin.post(f"{AGENTS}/op.durand/trainings", json={"trained_on": "2020-02-29"})
        assert trained.json()["training_until"].startswith("2022-02-27T23:00")
        future = await admin.post(f"{AGENTS}/op.durand/trainings", json={"trained_on": "2090-01-01"})
        assert future.status_code == 422
        listed = (await admin.get(f"{AGENTS}/warnings")).json()["items"]
    assert [(one["agent_id"], one["paper"], one["days_left"]) for one in listed] == [
        ("op.durand", "formation", 0),
        ("op.durand", "agrement", 180),
    ]
    state = await state_when(access, "op.durand", lambda one: one.agrement_until is not None)
    assert (state.agrement_number, state.agrement_from) == ("AG-95-1", now - timedelta(days=1))

    async def told(at: Any) -> int:
        async with access.database.transaction() as conn:
            return await warn_of_ends(conn, at=at)

    later = now + timedelta(days=11)
    await told(later)
    assert await told(later) == 0, "a warning is told once"
    assert await told(now + timedelta(days=71)) == 1, "30 days before the agrément ends"
    assert await told(now + timedelta(days=100)) == 1, "it ended"


async def test_nobody_gives_papers_to_themselves_and_the_same_again_is_no_gift(access: RunningAccess) -> None:
    now = access.clock.now()
    since, until = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=900)).isoformat()
    agrement = {"agrement_number": "AG-95-2", "agrement_from": since, "agrement_until": until}
    habilitation = {"habilitation_id": "HAB-95-2", "habilitation_from": since, "habilitation_until": until}
    papers = {"agrements": agrement, "habilitations": habilitation}
    async with access.client(access.as_agent("admin.vigie")) as admin:
        for kind, paper in papers.items():
            own = await admin.post(f"{AGENTS}/admin.vigie/{kind}", json=paper)
            assert (own.status_code, own.json()["type"]) == (409, "urn:vigie:problem:conflit"), kind
        taken_out = (await admin.get(f"{AGENTS}/roster")).text.splitlines()
        line = next(line for line in taken_out if line.startswith("admin.vigie;")).split(";")
        line[8:11] = ["AG-95-2", "01/01/2026", "31/12/2030"]
        upload = {"file": ("agents.csv", f"{taken_out[0]}\n{';'.join(line)}\n")}
        brought = (await admin.post(f"{AGENTS}/roster", files=upload)).json()
        assert (brought["changed"], [error["line"] for error in brought["errors"]]) == ([], [2])
    async with access.client(access.as_service("agents.write")) as machine:
        for kind, paper in papers.items():
            assert (await machine.post(f"{AGENTS}/admin.vigie/{kind}", json=paper)).status_code == 201
    async with access.client(access.as_agent("admin.vigie")) as admin:
        for kind, paper in papers.items():
            assert (await admin.post(f"{AGENTS}/admin.vigie/{kind}", json=paper)).status_code == 201, kind


async def test_a_roster_goes_round_and_a_wrong_line_refuses_only_itself(access: RunningAccess) -> None:
    async with access.client(access.as_agent("admin.vigie")) as admin:
        taken_out = await admin.get(f"{AGENTS}/roster")
        assert taken_out.headers["content-disposition"] == 'attachment; filename="agents.csv"'
        same = await admin.post(f"{AGENTS}/roster", files={"file": ("agents.csv", taken_out.content)})
        assert same.json()["unchanged"] == 9
        lines = taken_out.text.splitlines()
        more = "\n".join(
            [
                lines[0],
                "op.neuve;Neuve;operateur;ca-plaine-vallee;95598;HAB-N;01/01/2026;31/12/2027;;;;01/10/2026;oui",
                "op.mal;Mal;empereur;ca-plaine-vallee;;;;;;;;;",
            ]
        )
        upload = {"file": ("agents.csv", more)}
        tried = (await admin.post(f"{AGENTS}/roster", params={"dry_run": True}, files=upload)).json()
        assert (tried["created"], len(tried["errors"])) == (["op.neuve"], 1)
        assert "op.durand" in tried["missing"]
        assert (await admin.get(AGENTS, params={"limit": 500})).text.count("op.neuve") == 0
        done = (await admin.post(f"{AGENTS}/roster", files=upload)).json()
        assert done == tried | {"dry_run": False}
        rubbish = await admin.post(f"{AGENTS}/roster", files={"file": ("x", b"\x00\x01")})
        assert rubbish.status_code == 422
    state = await state_when(access, "op.neuve", lambda one: one is not None and one.habilitation_id == "HAB-N")
    assert state.active
    async with access.client(access.as_agent("chef.martin")) as chef:
        assert (await chef.post(f"{AGENTS}/roster", files=upload)).status_code == 403


async def token_of(client: httpx.AsyncClient, auth: tuple[str, str], **form: str) -> httpx.Response:
    data = {"grant_type": "client_credentials"} | form
    return await client.post("/api/access/oauth/token", data=data, auth=auth)


async def test_a_machine_client_does_only_what_it_was_given_until_it_is_revoked(access: RunningAccess) -> None:
    body = {
        "client_id": "cad-sdis",
        "name": "CAD du SDIS",
        "organisation_id": "sdis-95",
        "scopes": ["register.read", "agents.read"],
    }
    async with access.client(access.as_agent("admin.vigie")) as admin:
        made = await admin.post("/api/access/machine-clients", json=body)
        assert made.status_code == 201
        secret = made.json()["client_secret"]
        assert (await admin.post("/api/access/machine-clients", json=body)).status_code == 409
        never = await admin.post(
            "/api/access/machine-clients", json=body | {"client_id": "x-y", "scopes": ["cameras.source"]}
        )
        assert never.status_code == 422
        assert secret not in (await admin.get("/api/access/machine-clients")).text
    async with access.client() as outside:
        narrow = await token_of(outside, ("cad-sdis", secret), scope="agents.read")
        assert narrow.json()["expires_in"] == 60
        assert narrow.headers["cache-control"] == "no-store"
        bearer = {"Authorization": f"Bearer {narrow.json()['access_token']}"}
        assert (await outside.get(AGENTS, headers=bearer)).status_code == 200
        assert (await outside.get("/api/access/register", headers=bearer)).status_code == 403
        beyond = await token_of(outside, ("cad-sdis", secret), scope="agents.write")
        assert (beyond.status_code, beyond.json()) == (401, {"error": "invalid_client"})
        assert (await token_of(outside, ("cad-sdis", "faux"))).status_code == 401
        other = await outside.post("/api/access/oauth/token", data={"grant_type": "password"})
        assert other.json() == {"error": "unsupported_grant_type"}
    async with access.client(access.as_agent("admin.vigie")) as admin:
        assert (await admin.post("/api/access/machine-clients/cad-sdis/revocation")).status_code == 200
        assert (await admin.post("/api/access/machine-clients/inconnu/revocation")).status_code == 404
    async with access.client() as outside:
        assert (await token_of(outside, ("cad-sdis", secret))).status_code == 401
    rows = await access.register(1, action="view_agents")
    assert rows[-1]["actor_id"] == "client:cad-sdis", "no outside machine passes for a service of the house"
    assert all(secret not in str(row) for row in await access.register(1))


async def test_only_an_administrator_or_a_service_of_the_house_makes_clients(access: RunningAccess) -> None:
    body = {"client_id": "cad-95", "name": "CAD", "organisation_id": "sdis-95", "scopes": ["cameras.read"]}
    path = "/api/access/machine-clients"
    for headers in (access.as_service("agents.write"), access.as_agent("chef.martin")):
        async with access.client(headers) as client:
            assert (await client.post(path, json=body)).status_code == 403
            assert (await client.get(path)).status_code == 403
            assert (await client.post(f"{path}/cad-95/revocation")).status_code == 403
    async with access.client(access.as_service("clients.manage")) as house:
        for scope in ("agents.write", "cameras.write", "clients.manage", "authorisations.write", "partners.write"):
            refused = await house.post(path, json=body | {"scopes": ["cameras.read", scope]})
            assert refused.status_code == 422, scope
        assert (await house.post(path, json=body)).status_code == 201
        assert (await house.get(path)).json()["items"][0]["scopes"] == ["cameras.read"]


async def test_a_machine_client_is_bounded_by_the_communes_of_its_organisation(access: RunningAccess) -> None:
    soisy = {"organisation_id": "cad", "name": "CAD", "kind": "sdis", "communes": ["95598"]}
    scopes = ["agents.read", "policy.read", "register.read"]
    body = {"client_id": "cad-95", "name": "CAD", "organisation_id": "cad", "scopes": scopes}
    async with access.client(access.as_service("clients.manage", "agents.write")) as house:
        assert (await house.post("/api/access/organisations", json=soisy)).status_code == 201
        secret = (await house.post("/api/access/machine-clients", json=body)).json()["client_secret"]
        away = {"agent_id": "op.ailleurs", "name": "Ailleurs", "role": "operateur"}
        away |= {"organisation_id": "ca-plaine-vallee", "communes": ["95210"]}
        assert (await house.post(AGENTS, json=away)).status_code == 201
    await state_when(access, "op.ailleurs", lambda one: one is not None)
    await put_on_the_bus(access, [an_entry(access), an_entry(access, insee="95210")])
    whole = await access.register(2, action="live")
    hidden = next(row["seq"] for row in whole if row["insee"] == "95210")
    async with access.client() as outside:
        token = (await token_of(outside, ("cad-95", secret))).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        listed = (await outside.get(AGENTS, headers=bearer)).json()["items"]
        assert "op.durand" in {one["agent_id"] for one in listed}
        assert "op.ailleurs" not in {one["agent_id"] for one in listed}
        assert b"op.ailleurs" not in (await outside.get(f"{AGENTS}/roster", headers=bearer)).content
        read = (await outside.get("/api/access/register", params={"action": "live"}, headers=bearer)).json()
        assert [row["insee"] for row in read["items"]] == ["95598"]
        assert (await outside.get(f"/api/access/register/entries/{hidden}", headers=bearer)).status_code == 404
        asked = {"agent_id": "op.ailleurs"}
        assert (await outside.post("/api/access/policy/simulations", json=asked, headers=bearer)).status_code == 404, (
            "whom it may not know of"
        )
        elsewhere = {"agent_id": "op.durand", "insee": "95210"}
        assert (await outside.post("/api/access/policy/simulations", json=elsewhere, headers=bearer)).status_code == 404
    async with access.client(access.as_service("agents.write")) as house:
        dissolved = soisy | {"communes": []}
        assert (await house.post("/api/access/organisations", json=dissolved)).status_code == 201
    async with access.client() as outside:
        assert (await token_of(outside, ("cad-95", secret))).status_code == 401, "nothing is left to be shown"
