"""Whatever is sent to whatever route, by whomever: an answer as documented, never a fault of ours."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from running_access import RunningAccess

from access.seed import load_town
from common.testing.every_route import Attack, Someone, every_route_answers, operations_of

pytestmark = pytest.mark.integration

WITHOUT = {
    "login": "sends the browser to the identity provider",
    "callback": "is where the identity provider sends the browser back",
}
SCOPES = ("agents.read", "agents.write", "clients.manage", "register.read", "policy.read")


def accepted_bodies() -> dict[str, Any]:
    """Return a body for each operation that takes one, which the service accepts at least once."""
    now = datetime.now(UTC)
    since, until = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=100)).isoformat()
    habilitation = {"habilitation_id": "HAB-FUZZ", "habilitation_from": since, "habilitation_until": until}
    return {
        "enrol_agent": {
            "agent_id": "op.fuzz",
            "name": "Neuve",
            "role": "operateur",
            "organisation_id": "ca-plaine-vallee",
            "communes": ["95598"],
            **habilitation,
        },
        "change_agent": {"name": "Autre", "communes": ["95598"]},
        "record_agrement": {"agrement_number": "AG-1", "agrement_from": since, "agrement_until": until},
        "record_training": {"trained_on": "2026-02-01", "title": "Vidéoprotection"},
        "grant_habilitation": habilitation,
        "revoke_agent": {"reason": "Départ de la commune"},
        "record_organisation": {
            "organisation_id": "org-fuzz",
            "name": "Autre",
            "kind": "association",
            "communes": ["95210"],
        },
        "register_client": {
            "client_id": "cad-fuzz",
            "name": "CAD",
            "organisation_id": "sdis-95",
            "scopes": ["register.read"],
        },
        "issue_token": {
            "grant_type": "client_credentials",
            "client_id": "cad-fuzz",
            "client_secret": "faux",
            "scope": "register.read",
        },
        "export_register": {"motive": "Contrôle du délégué", "format": "csv", "filters": {"from": since, "to": until}},
        "explain_policy": {
            "agent_id": "op.durand",
            "action": "live",
            "camera_id": "C-1",
            "at": since,
            "incident_id": "I-1",
            "ticket_id": "T-1",
            "requisition_id": "R-1",
        },
        "simulate_policy": {"agent_id": "op.durand", "actions": ["live"], "at": since, "limit": 5},
    }


async def test_every_route_answers(access: RunningAccess) -> None:
    async with access.client() as client:
        document = (await client.get("/api/access/openapi.json")).json()
    callers = [
        Someone("admin.vigie", access.as_agent("admin.vigie")),
        Someone("chef.martin", access.as_agent("chef.martin")),
        Someone("op.soisy", access.as_agent("op.soisy"), never_sees=frozenset({"cr.petit", "op.durand"})),
        Someone("a machine", access.as_service(*SCOPES)),
    ]
    attack = Attack(
        base_url=access.url,
        document=document,
        callers=callers,
        known={
            "agent_id": ["cr.petit", "op.durand"],
            "client_id": ["cad-fuzz"],
            "organisation_id": ["sdis-95", "ca-plaine-vallee"],
            "insee": ["95598"],
            "seq": [1, 2],
        },
        bodies=accepted_bodies(),
        secrets=frozenset(one.headers["Authorization"][7:] for one in callers),
        without=WITHOUT,
    )
    outcome = await asyncio.to_thread(every_route_answers, attack)
    assert outcome.faults == []
    everything = operations_of(document) - WITHOUT.keys()
    assert outcome.statuses.keys() == everything
    assert len(outcome.succeeded) > len(everything) / 2
    async with access.client(access.as_service(*SCOPES)) as machine:
        verified = (await machine.get("/api/access/register/verification")).json()
        agents = (await machine.get("/api/access/agents", params={"limit": 500})).json()["items"]
    assert verified["valid"], "the register still holds together"
    assert {one.agent_id for one in load_town("plaine-vallee").agents} <= {one["agent_id"] for one in agents}
