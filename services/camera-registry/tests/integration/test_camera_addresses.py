"""A camera's password never goes to another host, nor readable over the wire; and no address leads out of bounds."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera import Credentials
from camera_registry.key_rotation_command import rotate
from camera_registry.onvif.probe import OnvifDeviceProbe
from camera_registry.repository.buttons import one_button
from camera_registry.repository.cameras import lock_register
from camera_registry.rtsp.probe import DirectRtspProbe
from camera_registry.seed_command import seed_town
from camera_registry.seeds.generator import Streams, generate
from contracts.registry import CameraKind

from .conftest import STREAM_PASSWORD, Registry, small_town
from .fleet import a_camera, now, stored

pytestmark = pytest.mark.integration
ACCOUNT = Credentials("admin", "s3cret-en-clair")
READABLE = base64.b64encode(f"{ACCOUNT.username}:{ACCOUNT.password}".encode())
BASIC = b'WWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'


@asynccontextmanager
async def asking_for_basic(status_line: bytes) -> AsyncGenerator[tuple[int, bytearray]]:
    """Run a device simulator that refuses everything with a Basic challenge; yields its port and what it was sent."""
    heard = bytearray()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            heard.extend(part)
            writer.write(status_line + BASIC)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1]), heard


async def test_no_password_goes_out_readable_unless_a_setting_allows_it() -> None:
    async with asking_for_basic(b"HTTP/1.1 401 No\r\n") as (port, heard):
        url = f"http://127.0.0.1:{port}/onvif/device_service"
        assert not (await OnvifDeviceProbe(within=2.0).ask(url, ACCOUNT)).ok
        assert heard
        assert READABLE not in heard
        assert not (await OnvifDeviceProbe(within=2.0, basic_in_clear=True).ask(url, ACCOUNT)).ok
        assert READABLE in heard
        unsigned = bytes(heard).split(b"POST ")
        assert not any(b"GetSystemDateAndTime" in one and READABLE in one for one in unsigned)
    async with asking_for_basic(b"RTSP/1.0 401 No\r\nCSeq: 1\r\n") as (port, heard):
        found = await DirectRtspProbe(2.0).look(f"rtsp://127.0.0.1:{port}/x", ACCOUNT)
        assert found.error == "La caméra refuse l'identifiant ou le mot de passe."
        assert heard
        assert READABLE not in heard
        await DirectRtspProbe(2.0, basic_in_clear=True).look(f"rtsp://127.0.0.1:{port}/x", ACCOUNT)
        assert READABLE in heard


async def patched(registry: Registry, camera_id: str, endpoints: dict[str, Any]) -> Any:
    revision = (await stored(registry, camera_id)).revision
    body = {"revision": revision, "endpoints": endpoints}
    url = f"/api/registry/cameras/{camera_id}"
    return await registry.client.patch(url, json=body, headers=registry.agent("tech.moreau"))


async def test_another_address_forgets_the_password_and_voids_the_masks(registry: Registry) -> None:
    camera = next(one for one in registry.seed.cameras if one.credentials and one.insee in {"95598", "95210"})
    for outside in ("http://8.8.8.8/onvif", "http://169.254.169.254/latest", "http://pirate.test/onvif"):
        refused = await patched(registry, camera.camera_id, {"onvif": outside})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "onvif"
    assert (await stored(registry, camera.camera_id)).credentials is not None
    same = await patched(registry, camera.camera_id, {"rtsp_sub": f"{camera.endpoints.sub_url}bis"})
    assert (same.json()["credentials"], same.json()["credentials_set"]) == (None, True)
    assert same.json()["masks_signed"] is False
    moved = await patched(registry, camera.camera_id, {"onvif": "http://127.0.0.1:9/onvif"})
    assert moved.status_code == 200
    assert (moved.json()["credentials"], moved.json()["credentials_set"]) == ("retirés : adresse changée", False)
    assert (await stored(registry, camera.camera_id)).credentials is None


async def test_an_import_leads_no_camera_out_of_its_networks(registry: Registry) -> None:
    content = b"code;commune;lon;lat;onvif\nLOIN-1;95598;2.2996;48.9876;http://169.254.169.254/latest\n"
    answer = await registry.client.post(
        "/api/registry/cameras/imports",
        files={"file": ("c.csv", content, "text/csv")},
        headers=registry.machine("cameras.write"),
    )
    assert answer.json()["created"] == 0
    assert [error["column"] for error in answer.json()["errors"]] == ["onvif"]


async def test_simulated_cameras_on_other_ports_keep_their_masks_at_a_second_start(registry: Registry) -> None:
    streams = Streams(8, 4, "rtsp://127.0.0.1:9554/cam", "http://127.0.0.1:9555/onvif", Credentials("vigie", "autre"))
    seed = generate(small_town(), now(), streams)
    report = await seed_town(database=registry.database, vault=registry.vault, seed=seed, at=now())
    assert report.written == 8
    camera = next(one for one in seed.cameras if one.credentials)
    again = await stored(registry, camera.camera_id)
    assert again.masks.signed
    assert again.endpoints == camera.endpoints
    assert again.credentials is not None
    assert again.credentials.password != STREAM_PASSWORD


async def test_no_more_cameras_are_switched_on_than_are_heard(registry: Registry) -> None:
    at_most = registry.parts.app.state.events_at_most
    camera_id = a_camera(registry, CameraKind.FIXE).camera_id
    url, body, headers = f"/api/registry/cameras/{camera_id}/events", {"enabled": True}, registry.agent("tech.moreau")
    async with registry.database.transaction() as conn:
        await conn.exec_driver_sql("UPDATE cameras SET events_enabled = true WHERE camera_id <> $1", (camera_id,))
    registry.parts.app.state.events_at_most = len(registry.seed.cameras) - 1
    refused = await registry.client.put(url, json=body, headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (409, "quota")
    registry.parts.app.state.events_at_most = at_most
    assert (await registry.client.put(url, json=body, headers=headers)).status_code == 204


async def test_a_press_that_never_ends_holds_no_connection(registry: Registry) -> None:
    host, port = registry.client.base_url.host, registry.client.base_url.port
    slow = [await asyncio.open_connection(host, port) for _ in range(40)]
    for _, writer in slow:
        writer.write(b"POST /api/registry/alarms/buttons/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    pool: Any = registry.parts.app.state.database.engine.pool
    await asyncio.gather(*(writer.drain() for _, writer in slow))
    listed = await registry.client.get("/api/registry/cameras?limit=1", headers=registry.agent("op.durand"))
    assert listed.status_code == 200
    assert pool.checkedout() < pool.size()
    answers = [await reader.readline() for reader, _ in slow]
    assert {answer.split()[1] for answer in answers} == {b"408"}
    for _, writer in slow:
        writer.close()


async def test_a_change_of_keys_never_brings_an_old_secret_of_a_button_back(registry: Registry) -> None:
    assert isinstance(registry.vault, AesGcmVault)
    button = {"button_id": "gare", "label": "Gare", "address": "", "insee": "95598", "lon": 2.2996, "lat": 48.9876}
    headers = registry.agent("tech.moreau")
    made = await registry.client.post("/api/registry/alarms/buttons", json=button, headers=headers)
    assert made.status_code == 201, made.text
    async with registry.database.transaction() as conn:
        await lock_register(conn)  # as a change of keys holds it
        renewal = asyncio.create_task(registry.client.post(f"{made.json()['path']}/secret", headers=headers))
        await asyncio.wait([renewal], timeout=1.0)
        assert not renewal.done(), "a new secret waits for the change of keys"
    renewed = await renewal
    await rotate(database=registry.database, vault=registry.vault)
    async with registry.database.transaction() as conn:
        found = await one_button(conn, "gare")
    assert found is not None
    assert found[1].sealed is not None
    assert registry.vault.unseal("bouton:gare", found[1].sealed).password == renewed.json()["secret"]
