"""What is done or reached for leaves its register row: acts of machines, of several communes, of other territories."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from camera_registry.domain.renewal import RenewalState, Step
from camera_registry.repository.cameras import lock_register
from camera_registry.use_cases.authorisations import change_authorisation
from camera_registry.use_cases.coverage import renew
from camera_registry.use_cases.renewals import advance_renewal
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from contracts.access import RegisterEntry, Role
from contracts.registry import CameraKind

from .conftest import Registry
from .fleet import a_camera, register_rows

pytestmark = pytest.mark.integration

API = "/api/registry"
ARRETE = "AP-PV-95598-1"
ELSEWHERE = "95288"
BUTTON = {
    "button_id": "pharmacie",
    "label": "Pharmacie",
    "address": "3 place de la gare",
    "insee": SOISY,
    "lon": 2.2996,
    "lat": 48.9876,
}
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"


async def an_admin(registry: Registry, *communes: str) -> dict[str, str]:
    await put_agent(registry.bus, an_agent("admin.local", role=Role.ADMIN, communes=communes))

    async def known() -> Any:
        return registry.parts.app.state.guard.agents.get("admin.local")

    assert await eventually(known)
    return registry.agent("admin.local")


async def last_row(registry: Registry) -> RegisterEntry:
    return (await register_rows(registry))[-1]


async def test_every_configuration_by_a_machine_leaves_its_row(registry: Registry) -> None:
    machine = registry.machine("cameras.write", "cameras.read", "authorisations.write")
    client, camera = registry.client, a_camera(registry, CameraKind.FIXE)
    one, arrete = f"{API}/cameras/{camera.camera_id}", f"{API}/authorisations/{ARRETE}"
    footprints = {"type": "FeatureCollection", "features": []}
    kept = await client.post(f"{arrete}/documents", files={"file": ("a.pdf", PDF)}, headers=machine)
    document = kept.json()["document_id"]
    acts: list[tuple[Any, str, str, str | None]] = [
        (client.put(f"{one}/events", json={"enabled": True}, headers=machine), "evenements", SOISY, camera.camera_id),
        (client.post(f"{one}/probe", headers=machine), "sonde", SOISY, camera.camera_id),
        (client.post(f"{API}/alarms/buttons", json=BUTTON, headers=machine), "bouton_alerte", SOISY, None),
        (client.post(f"{API}/alarms/buttons/pharmacie/secret", headers=machine), "bouton_alerte", SOISY, None),
        (client.delete(f"{API}/alarms/buttons/pharmacie", headers=machine), "bouton_alerte", SOISY, None),
        (
            client.post(f"{API}/buildings", json={"insee": SOISY, "footprints": footprints}, headers=machine),
            "batiments",
            SOISY,
            None,
        ),
        (client.get(f"{arrete}/documents/{document}", headers=machine), "autorisation", SOISY, None),
    ]
    for act, code, insee, camera_id in acts:
        answer: httpx.Response = await act
        assert answer.is_success, answer.text
        row = await last_row(registry)
        assert (row.actor_id, row.motive_code, row.insee, row.camera_id, row.result) == (
            "service:deploy",
            code,
            insee,
            camera_id,
            "done",
        )


async def test_arretes_are_written_by_machines_under_their_own_scope_alone(registry: Registry) -> None:
    path, change = f"{API}/authorisations/{ARRETE}", {"revision": 0, "retention_days": 7}
    refused = await registry.client.patch(path, json=change, headers=registry.machine("cameras.write"))
    assert (refused.status_code, refused.json()["rule"]) == (403, "scope")
    changed = await registry.client.patch(path, json=change, headers=registry.machine("authorisations.write"))
    assert changed.status_code == 200
    row = await last_row(registry)
    assert (row.action, row.rule, row.insee) == ("manage_authorisations", "authorisations.write", SOISY)


async def test_an_act_over_communes_of_which_one_refuses_leaves_that_refusal_alone(registry: Registry) -> None:
    headers = await an_admin(registry, SOISY)
    now = datetime.now(UTC)
    body = {
        "arrete_number": "95-2026-DEUX",
        "valid_from": now.isoformat(),
        "valid_until": (now + timedelta(days=300)).isoformat(),
        "communes": [SOISY, ENGHIEN],
        "camera_count": 5,
        "finalites": ["securite_personnes_biens"],
        "recipients": [],
        "retention_days": 14,
        "mode": "DIRECT",
    }
    refused = await registry.client.post(f"{API}/authorisations", json=body, headers=headers)
    assert refused.status_code == 404
    assert [(row.insee, row.result) for row in await register_rows(registry)] == [(ENGHIEN, "refused")]
    done = await registry.client.post(f"{API}/authorisations", json=body, headers=registry.agent("admin.vigie"))
    assert done.status_code == 201, done.text
    assert [(row.insee, row.result) for row in (await register_rows(registry))[1:]] == [
        (SOISY, "allowed"),
        (ENGHIEN, "allowed"),
    ]


async def test_reaching_for_a_thing_of_another_commune_looks_like_nothing_and_is_written_down(
    registry: Registry,
) -> None:
    client, machine = registry.client, registry.machine("cameras.write")
    site = next(one.site_id for one in registry.seed.sites if one.insee == ELSEWHERE)
    camera = a_camera(registry, CameraKind.FIXE, ELSEWHERE)
    ticket = {"title": "Essai", "insee": ELSEWHERE, "camera_ids": [camera.camera_id]}
    opened = await client.post(f"{API}/tickets", json=ticket, headers=machine)
    where = {"insee": ELSEWHERE, "lon": camera.position.lon, "lat": camera.position.lat, "proof": "jeton"}
    button = (await client.post(f"{API}/alarms/buttons", json=BUTTON | where, headers=machine)).json()
    pressed = await client.post(button["path"], headers={"authorization": f"Bearer {button['secret']}"})
    technician, never = registry.agent("tech.moreau"), "0199aaaa-0000-7000-8000-000000000000"
    reached = [
        (f"{API}/sites", site, "sans"),
        (f"{API}/tickets", opened.json()["ticket_id"], "sans"),
        (f"{API}/alarms", pressed.json()["alarm_id"], never),
        (f"{API}/authorisations", "AP-PV-95288-1", "sans"),
    ]
    for path, hidden, unknown in reached:
        before = len(await register_rows(registry))
        answer = await client.get(f"{path}/{hidden}", headers=technician)
        nothing = await client.get(f"{path}/{unknown}", headers=technician)
        assert (answer.status_code, nothing.status_code) == (404, 404), answer.text
        assert answer.json()["detail"].replace(hidden, "") == nothing.json()["detail"].replace(unknown, "")
        new = (await register_rows(registry))[before:]
        assert [(row.actor_id, row.insee, row.result) for row in new] == [("tech.moreau", ELSEWHERE, "refused")], path


async def test_a_renewal_and_a_change_of_its_arrete_do_not_wait_for_each_other(registry: Registry) -> None:
    at = datetime.now(UTC)
    step = Step(RenewalState.EN_CONSTITUTION, at.date(), at, "a", "")
    ending = "AP-PV-95288-1"

    async def advance() -> None:
        async with registry.database.transaction() as conn:
            await advance_renewal(
                conn=conn,
                vault=registry.vault,
                authorisation_id=ending,
                step=step,
                successor_id=None,
                revision=0,
                at=at,
            )

    async def waiting() -> int:
        async with registry.database.transaction() as conn:
            query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return (await conn.exec_driver_sql(query)).scalar_one()

    async with registry.database.transaction() as conn:
        known = "SELECT valid_until FROM authorisations WHERE authorisation_id = 'AP-PV-95288-1'"
        end = (await conn.exec_driver_sql(known)).scalar_one()
        following = "UPDATE authorisations SET communes = '{95288,95598}' WHERE authorisation_id = 'AP-PV-95598-1'"
        await conn.exec_driver_sql(following)  # one that may take over: the step publishes who does
    async with registry.database.transaction() as conn:
        await lock_register(conn)
        advancing = asyncio.create_task(advance())
        await eventually(waiting, until=lambda count: count > 0)
        await change_authorisation(
            conn=conn,
            vault=registry.vault,
            authorisation_id=ending,
            changes={"valid_until": end - timedelta(days=1)},
            revision=None,
            at=at,
        )
    await advancing


async def test_cameras_that_no_arrete_can_cover_are_not_judged_at_every_tick(registry: Registry) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    at = datetime.now(UTC)
    async with registry.database.transaction() as conn:
        await lock_register(conn)
        await conn.exec_driver_sql("UPDATE authorisations SET camera_count = 1 WHERE '95598' = ANY(communes)")
        settled = (await renew(conn=conn, vault=registry.vault, at=at, settled=None))[1]
    assert settled.uncovered > 0, "cameras of an authorised commune for which there is no place"
    async with registry.database.transaction() as other, registry.database.transaction() as conn:
        await lock_register(other)
        await conn.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")  # to lock the register would be an error
        assert await renew(conn=conn, vault=registry.vault, at=at, settled=settled) == (0, settled)
    async with registry.database.transaction() as conn:
        await conn.exec_driver_sql(
            "UPDATE authorisations SET camera_count = 500, revision = revision + 1 WHERE '95598' = ANY(communes)"
        )
        changed, after = await renew(conn=conn, vault=registry.vault, at=at, settled=settled)
    assert (changed, after.uncovered) == (settled.uncovered, 0)
    assert camera.insee == SOISY
