"""An operator declares and transmits; the partner's system acknowledges; the incident is taken in charge.

Both services run for real (relay, consumers, delivery job, HTTP) over one NATS and one PostgreSQL, each with its own
database and role; the partner is the simulator in its own process.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import dispatch.app
import dispatch.seed
import dispatch.settings
import incident.app
import incident.settings
from common.bus import Bus
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import TestDatabase
from common.testing.states import a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import OrganisationKind, Role
from partner_simulator.testing import SimulatorProcess, new_secret_file

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"


async def test_from_declaration_to_acknowledgement(
    make_database: Callable[[str | None], TestDatabase], bus: Bus, nats_url: str, tokens: TokenMint, tmp_path: Path
) -> None:
    await put_agent(bus, an_agent("op.durand"))
    bernard = an_agent("pn.bernard", role=Role.PARTENAIRE_PN, kind=OrganisationKind.POLICE_NATIONALE)
    await put_agent(bus, bernard.model_copy(update={"organisation_id": "pn-enghien"}))
    await put_camera(bus, a_camera(CAMERA))
    common: dict[str, Any] = {"nats_url": nats_url, "api_port": 1, "trusted_keys_dir": tokens.folder}
    incident_settings = incident.settings.Settings(
        database_url=SecretStr(make_database("incident").app_url),
        service_key_file=tokens.key_file("incident"),
        **common,
    )
    dispatch_settings = dispatch.settings.Settings(
        database_url=SecretStr(make_database("dispatch").app_url),
        service_key_file=tokens.key_file("dispatch"),
        allow_loopback_partners=True,
        **common,
    )
    secret_file = new_secret_file(tmp_path / "webhook-secret")
    async with (
        running(incident.app.build(incident_settings)) as incident_url,
        running(dispatch.app.build(dispatch_settings)) as dispatch_url,
        httpx.AsyncClient(base_url=incident_url, headers=tokens.agent_headers("op.durand")) as operator,
        httpx.AsyncClient(base_url=dispatch_url, headers=tokens.agent_headers("pn.bernard")) as bernard_at_work,
    ):
        with SimulatorProcess(tmp_path, callback_base=dispatch_url, secret_file=secret_file) as simulator:
            await dispatch.seed.seed(
                dispatch_settings, town="plaine-vallee", partner_base=simulator.base_url, secret_file=secret_file
            )
            for service_url in (incident_url, dispatch_url):
                await _until_ready(service_url)
            await _silence(simulator, "pn-enghien")
            declared = await _declare(operator)
            path = f"/api/incident/incidents/{declared['incident_id']}"
            asked = {"partner_ids": ["pn-enghien", "sdis-95"], "message": "Rixe en cours devant la gare"}
            (await operator.post(f"{path}/transmissions", json=asked)).raise_for_status()

            async def read() -> dict[str, Any]:
                return (await operator.get(path)).json()

            after = await eventually(read, until=lambda found: _statuses(found).get("sdis-95") == "ACCUSE")
            assert after["status"] == "PRIS_EN_CHARGE"
            await eventually(read, until=lambda found: _statuses(found).get("pn-enghien") == "TRANSMIS")

            (item,) = (await bernard_at_work.get("/api/dispatch/inbox")).json()["items"]
            by_hand = f"/api/dispatch/dispatches/{item['dispatch_id']}/acknowledgement"
            (await bernard_at_work.post(by_hand, json={"reference": "MC 118"})).raise_for_status()
            after = await eventually(read, until=lambda found: _statuses(found).get("pn-enghien") == "ACCUSE")

    assert after["status"] == "PRIS_EN_CHARGE"
    steps = [line["after"] for line in after["timeline"] if line["kind"] == "transition"]
    assert steps == ["LEVEE_DE_DOUTE", "QUALIFIE", "TRANSMIS", "PRIS_EN_CHARGE"]
    assert [line["seq"] for line in after["timeline"]] == list(range(1, len(after["timeline"]) + 1))
    assert "Accusé de réception par Pn Bernard (réf. MC 118)." in after["timeline"][-1]["note"]


async def _until_ready(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as client:
        await eventually(lambda: client.get("/healthz/ready"), until=lambda answer: answer.is_success)


async def _silence(simulator: SimulatorProcess, partner_id: str) -> None:
    async with httpx.AsyncClient(base_url=simulator.base_url) as client:
        (await client.post(f"/partners/{partner_id}/behaviour", json={"ack": False})).raise_for_status()


async def _declare(operator: httpx.AsyncClient) -> dict[str, Any]:
    body = {
        "code": "atteintes_personnes.rixe",
        "camera_ids": [CAMERA],
        "address": "Place de la gare",
        "origin": "ronde",
        "facts": "Rixe devant la gare, quatre personnes.",
    }
    answer = await operator.post("/api/incident/incidents", json=body)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return answer.json()


def _statuses(found: dict[str, Any]) -> dict[str, str]:
    return {told["partner_id"]: told["status"] for told in found["dispatches"]}
