"""Bookmarks on real servers: by commune, by right, gone with the footage, told on the bus."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from common.testing.polling import eventually
from common.testing.states import an_incident, put_camera, put_incident
from stream_gateway.repository.sweep import sweep
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration

PATH = "/api/stream/bookmarks"


async def add(gateway: Gateway, camera_id: str, agent_id: str = "op.durand", **more: Any) -> httpx.Response:
    body = {"camera_id": camera_id, "at": datetime.now(UTC).isoformat(), **more}
    return await gateway.http.post(PATH, json=body, headers=gateway.headers(agent_id))


async def listed(gateway: Gateway, agent_id: str = "op.durand", **query: str) -> list[dict[str, Any]]:
    answer = await gateway.http.get(PATH, params=query, headers=gateway.headers(agent_id))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_one_key_puts_a_bookmark_that_the_room_sees_and_the_bus_tells(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    answer = await add(gateway, camera.camera_id, label="Fuite vers la gare", color="rouge")
    assert answer.status_code == 201, answer.text
    mark = answer.json()
    assert datetime.fromisoformat(mark["expires_at"]) - datetime.fromisoformat(mark["at"]) == timedelta(days=14)
    assert [one["label"] for one in await listed(gateway, "op.voisin", camera_id=camera.camera_id)] == [
        "Fuite vers la gare"
    ]
    told = await gateway.wait_for("bookmark_added")
    assert (told["bookmark_id"], told["author_id"]) == (mark["bookmark_id"], "op.durand")


async def test_another_commune_sees_no_camera_and_no_bookmark(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    await add(gateway, camera.camera_id)
    assert await listed(gateway, "op.enghien") == []
    assert (await add(gateway, camera.camera_id, "op.enghien")).status_code == 404
    asked = await gateway.http.get(PATH, params={"camera_id": camera.camera_id}, headers=gateway.headers("op.enghien"))
    assert asked.status_code == 404


async def test_who_may_see_no_image_names_none_of_its_instants(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    refused = await add(gateway, camera.camera_id, "cr.petit")
    assert refused.status_code == 403
    row = await gateway.wait_for("entry_requested", lambda data: data["result"] == "refused")
    assert row["rule"] == refused.json()["rule"]


async def test_its_author_renames_and_removes_it_and_nobody_else_does(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    mark = (await add(gateway, camera.camera_id)).json()
    path = f"{PATH}/{mark['bookmark_id']}"
    change = {"label": "Plaque AB-123", "color": "bleu"}
    other = await gateway.http.patch(path, json=change, headers=gateway.headers("op.voisin"))
    assert (other.status_code, other.json()["rule"]) == (403, "auteur_du_signet")
    assert (await gateway.http.delete(path, headers=gateway.headers("op.voisin"))).status_code == 403
    assert (await gateway.http.delete(path, headers=gateway.headers("op.enghien"))).status_code == 404
    renamed = await gateway.http.patch(path, json=change, headers=gateway.headers())
    assert renamed.json()["label"] == "Plaque AB-123"
    assert (await gateway.http.delete(path, headers=gateway.headers())).status_code == 204
    assert await listed(gateway, camera_id=camera.camera_id) == []
    await gateway.wait_for("bookmark_removed", lambda data: data["bookmark_id"] == mark["bookmark_id"])


async def test_it_is_listed_by_window_and_by_incident(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    await put_incident(gateway.bus, an_incident("INC-1", camera.camera_id))
    now = datetime.now(UTC)
    for minutes, more in ((50, {}), (30, {"incident_id": "INC-1"}), (10, {})):
        body = {"label": f"il y a {minutes} min", **more}
        at = (now - timedelta(minutes=minutes)).isoformat()

        async def added(at: str = at, body: dict[str, str] = body) -> int:
            return (await add(gateway, camera.camera_id, at=at, **body)).status_code

        await eventually(added, until=lambda status: status == 201)
    window = {"from": (now - timedelta(minutes=40)).isoformat(), "to": now.isoformat()}
    assert [one["label"] for one in await listed(gateway, **window)] == ["il y a 30 min", "il y a 10 min"]
    assert [one["label"] for one in await listed(gateway, incident_id="INC-1")] == ["il y a 30 min"]


async def test_it_never_outlives_the_footage(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    old = datetime.now(UTC) - timedelta(days=10)
    assert (await add(gateway, camera.camera_id, at=old.isoformat())).status_code == 201
    beyond = datetime.now(UTC) - timedelta(days=14, seconds=1)
    assert (await add(gateway, camera.camera_id, at=beyond.isoformat())).status_code == 422
    assert camera.authorisation is not None
    shorter = camera.authorisation.model_copy(update={"retention_days": 7})
    await put_camera(gateway.bus, camera.model_copy(update={"authorisation": shorter}))
    assert await eventually(lambda: listed(gateway), until=lambda items: items == []) == []
    await put_camera(gateway.bus, camera)
    assert len(await eventually(lambda: listed(gateway), until=lambda items: len(items) == 1)) == 1
    async with gateway.database.transaction() as connection:
        await sweep(connection, old + timedelta(days=14))
    assert await listed(gateway) == []
