"""Alarms of the registry, delivered twice by the bus: one incident an alarm, one note of its end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from common.bus import Bus
from common.ids import new_id
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, an_agent, put_agent
from contracts.envelope import Envelope, make_envelope
from contracts.registry import FACT_ALARM_RAISED, OWNER, AlarmKind, AlarmRaised, AlarmSource

from .conftest import CAMERA_SOISY, IncidentService

pytestmark = pytest.mark.integration

SOURCES = {
    AlarmKind.BOUTON_ALERTE: AlarmSource.BOUTON,
    AlarmKind.SABOTAGE: AlarmSource.CAMERA,
    AlarmKind.MOUVEMENT: AlarmSource.CAMERA,
    AlarmKind.FRANCHISSEMENT: AlarmSource.CAMERA,
}


def an_alarm(kind: AlarmKind, *, ended: bool = False, alarm_id: UUID | None = None) -> AlarmRaised:
    now = datetime.now(UTC)
    return AlarmRaised(
        alarm_id=alarm_id or new_id(),
        source=SOURCES.get(kind, AlarmSource.SURVEILLANCE_TECHNIQUE),
        source_id="PHARMACIE-1",
        kind=kind,
        camera_ids=(CAMERA_SOISY,),
        insee="95598",
        label="Pharmacie de la gare",
        lon=2.3,
        lat=48.99,
        raised_at=now - timedelta(seconds=5),
        ended_at=now if ended else None,
        detail="3 place de la gare",
    )


def enveloped(alarm: AlarmRaised) -> Envelope:
    return make_envelope(
        alarm,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_ALARM_RAISED,
        source="camera-registry",
        aggregate=f"alarm/{alarm.alarm_id}",
        insee=alarm.insee,
        at=datetime.now(UTC),
    )


async def tell_twice(bus: Bus, alarm: AlarmRaised) -> None:
    """Two events of the same fact, and each of them stored twice by the stream."""
    for envelope in (enveloped(alarm), enveloped(alarm)):
        for _ in range(2):
            await bus.nc.request(envelope.nats_subject, envelope.model_dump_json().encode(), timeout=5)


async def incident_of(
    client: httpx.AsyncClient, alarm: AlarmRaised, until: Callable[[dict[str, Any]], bool] = bool
) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        answer = await client.get(f"/api/incident/alarms/{alarm.alarm_id}")
        return answer.json() if answer.is_success else {}

    return await eventually(read, until=until)


async def all_incidents(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await client.get("/api/incident/incidents")).json()["items"]


async def test_a_button_opens_one_first_priority_incident_with_its_cameras(service: IncidentService, bus: Bus) -> None:
    alarm = an_alarm(AlarmKind.BOUTON_ALERTE, ended=True)
    async with service.client("op.durand") as client:
        await tell_twice(bus, alarm)
        marker = an_alarm(AlarmKind.SABOTAGE)
        await tell_twice(bus, marker)
        opened = await incident_of(client, alarm)
        await incident_of(client, marker)
        assert len(await all_incidents(client)) == 2
    assert (opened["code"], opened["priority"], opened["origin"]) == ("surete.bouton_alerte", "P1", "bouton")
    assert opened["camera_ids"] == [CAMERA_SOISY]
    assert opened["status"] == "NOUVEAU"
    assert "Pharmacie de la gare" in opened["facts"]
    assert [line["kind"] for line in opened["timeline"]] == ["opened"]
    async with service.client("op.enghien") as stranger:
        await put_agent(bus, an_agent("op.enghien", communes=(ENGHIEN,)))
        path = f"/api/incident/alarms/{alarm.alarm_id}"
        await eventually(lambda: stranger.get(path), until=lambda answer: answer.status_code == 404)


async def test_the_fleets_trouble_closes_itself_while_nobody_has_touched_it(service: IncidentService, bus: Bus) -> None:
    alarm = an_alarm(AlarmKind.CAMERA_HS)
    async with service.client("op.durand") as client:
        await tell_twice(bus, alarm)
        opened = await incident_of(client, alarm)
        assert (opened["code"], opened["priority"]) == ("technique.camera_hors_service", "P3")
        await tell_twice(bus, an_alarm(AlarmKind.CAMERA_HS, ended=True, alarm_id=alarm.alarm_id))
        closed = await incident_of(client, alarm, until=lambda found: found.get("status") == "CLOS")
    assert [line["kind"] for line in closed["timeline"]].count("alarm") == 1
    assert {line["by"] for line in closed["timeline"]} == {"surveillance-technique"}


async def test_an_incident_in_hand_is_only_told_that_the_alarm_is_over(service: IncidentService, bus: Bus) -> None:
    alarm = an_alarm(AlarmKind.MASQUE_DEFAILLANT)
    async with service.client("op.durand") as client:
        await tell_twice(bus, alarm)
        opened = await incident_of(client, alarm)
        assert opened["priority"] == "P1"
        path = f"/api/incident/incidents/{opened['incident_id']}/transitions"
        step = {"to": "LEVEE_DE_DOUTE", "note": "", "version": opened["version"]}
        assert (await client.post(path, json=step)).is_success
        await tell_twice(bus, an_alarm(AlarmKind.MASQUE_DEFAILLANT, ended=True, alarm_id=alarm.alarm_id))
        told = await incident_of(client, alarm, until=lambda found: found["timeline"][-1]["kind"] == "alarm")
    assert told["status"] == "LEVEE_DE_DOUTE"


async def test_motion_and_lines_open_nothing_and_tampering_does(service: IncidentService, bus: Bus) -> None:
    for kind in (AlarmKind.MOUVEMENT, AlarmKind.FRANCHISSEMENT):
        await tell_twice(bus, an_alarm(kind))
    await tell_twice(bus, an_alarm(AlarmKind.CAMERA_HS, ended=True))
    tampered = an_alarm(AlarmKind.SABOTAGE)
    await tell_twice(bus, tampered)
    async with service.client("op.durand") as client:
        await incident_of(client, tampered)
        assert [found["code"] for found in await all_incidents(client)] == ["atteintes_biens.degradation"]
