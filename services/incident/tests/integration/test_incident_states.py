"""The bucket of incidents: what other services decide by."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from common.bus import Bus
from common.kv_replica import KvReplica
from common.testing.polling import eventually
from contracts.incident import IncidentState
from contracts.streams import BUCKET_INCIDENTS
from incident.jobs import keep_states

from .conftest import CAMERA_SOISY, IncidentService, a_request

pytestmark = pytest.mark.integration
STEPS = ("LEVEE_DE_DOUTE", "INFONDE", "CLOS")


async def opened(service: IncidentService) -> str:
    async with service.client("op.durand") as client:
        answer = await client.post("/api/incident/incidents", json=a_request())
    assert answer.status_code == 201, answer.text
    return answer.json()["incident_id"]


async def closed(service: IncidentService, incident_id: str) -> None:
    async with service.client("op.durand") as client:
        for version, step in enumerate(STEPS, start=1):
            body = {"to": step, "version": version, "note": "Rien à signaler."}
            answer = await client.post(f"/api/incident/incidents/{incident_id}/transitions", json=body)
            assert answer.status_code == 200, answer.text


async def test_every_step_of_an_incident_is_mirrored(service: IncidentService, bus: Bus) -> None:
    mirror = KvReplica(bus, BUCKET_INCIDENTS, IncidentState)
    await mirror.start(wait_seconds=30)
    incident_id = await opened(service)

    async def state() -> IncidentState | None:
        return mirror.get(incident_id)

    found = await eventually(state)
    assert found is not None
    assert (found.insee, found.camera_ids, found.closed_at) == ("95598", (CAMERA_SOISY,), None)
    await closed(service, incident_id)
    await eventually(state, until=lambda told: bool(told and told.closed_at and told.status == "CLOS"))
    await mirror.stop()


async def test_the_bucket_is_put_right(service: IncidentService, bus: Bus) -> None:
    mirror = KvReplica(bus, BUCKET_INCIDENTS, IncidentState)
    await mirror.start(wait_seconds=30)
    forgotten, kept, lost = [await opened(service) for _ in range(3)]
    for incident_id in (forgotten, kept):
        await closed(service, incident_id)

    async def known() -> set[str]:
        return {state.incident_id for state in mirror.values() if state.closed_at or state.incident_id == lost}

    await eventually(known, until=lambda ids: ids == {forgotten, kept, lost})
    now = datetime.now(UTC)
    async with service.database.transaction() as conn:
        await conn.execute(
            text("UPDATE incidents SET closed_at = :then WHERE incident_id = :id"),
            {"then": now - timedelta(days=8), "id": UUID(forgotten)},
        )
    store = await bus.js.key_value(BUCKET_INCIDENTS)
    await store.delete(lost)
    await eventually(known, until=lambda ids: lost not in ids)
    assert await keep_states(service.database, mirror, now) == 2
    await eventually(known, until=lambda ids: ids == {kept, lost})
    assert await keep_states(service.database, mirror, now) == 0
    await mirror.stop()
