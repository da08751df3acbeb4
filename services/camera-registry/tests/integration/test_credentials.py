"""Credentials go in and never come out: not in answers, events, states, register rows or logs."""

import json
import logging
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nats.js.errors import NotFoundError

from camera_registry.credential_vault import AesGcmVault, CredentialsUnreadable
from camera_registry.domain.camera import Credentials
from camera_registry.key_rotation_command import KeysInUse, retire, rotate
from camera_registry.repository.cameras import all_cameras
from contracts.registry import CameraKind

from .conftest import STREAM_PASSWORD, Registry
from .fleet import a_camera, all_sent, stored

pytestmark = pytest.mark.integration
SECRET = "mot-de-passe-tout-neuf-47"
USER = "compte-de-la-camera-12"


async def put(registry: Registry, camera_id: str, body: Any, who: str = "tech.moreau") -> Any:
    url = f"/api/registry/cameras/{camera_id}/credentials"
    return await registry.client.put(url, json=body, headers=registry.agent(who))


async def test_credentials_are_told_to_the_media_plane_and_to_nobody_else(
    registry: Registry, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    camera_id = a_camera(registry, CameraKind.FIXE).camera_id
    answers: list[str] = []
    with caplog.at_level(logging.INFO), structlog.testing.capture_logs() as logged:
        body = {"username": USER, "password": SECRET}
        done = await put(registry, camera_id, body)
        assert done.status_code == 204
        answers.append(done.text)
        for wrong in ({**body, "password": SECRET + "\x00"}, {**body, "extra": SECRET}, [SECRET], SECRET):
            refused = await put(registry, camera_id, wrong)
            assert refused.status_code == 422
            answers.append(refused.text)
        answers.append((await put(registry, camera_id, body, "op.durand")).text)
        paths = (f"cameras/{camera_id}", "cameras?limit=5000", f"cameras/{camera_id}/presets", "openapi.json")
        for path in paths:
            read = await registry.client.get(f"/api/registry/{path}", headers=registry.agent("tech.moreau"))
            assert read.status_code == 200
            answers.append(read.text)
        await all_sent(registry)
    everything = "\n".join([*answers, *map(str, logged), caplog.text, *capfd.readouterr()])
    assert SECRET not in everything
    assert USER not in everything
    for stream in ("KV_cameras", "REGISTRY", "REGISTER"):
        info = await registry.bus.js.stream_info(stream)
        for seq in range(info.state.first_seq, info.state.last_seq + 1):
            try:
                sent = (await registry.bus.js.get_msg(stream, seq)).data or b""
            except NotFoundError:  # a bucket keeps the last values only
                continue
            assert SECRET.encode() not in sent
            assert USER.encode() not in sent
    source = await registry.client.get(
        f"/api/registry/internal/cameras/{camera_id}/source", headers=registry.machine("cameras.source")
    )
    assert (source.json()["username"], source.json()["password"]) == (USER, SECRET)
    sheet = await registry.client.get(f"/api/registry/cameras/{camera_id}", headers=registry.agent("tech.moreau"))
    assert sheet.json()["credentials_set"] is True


async def test_a_change_is_announced_once_and_erasing_forgets(registry: Registry) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    body = {"username": USER, "password": SECRET}
    await put(registry, camera.camera_id, body)
    first = await stored(registry, camera.camera_id)
    await put(registry, camera.camera_id, body)
    assert await stored(registry, camera.camera_id) == first
    gone = await registry.client.delete(
        f"/api/registry/cameras/{camera.camera_id}/credentials", headers=registry.agent("tech.moreau")
    )
    assert gone.status_code == 204
    after = await stored(registry, camera.camera_id)
    assert (after.credentials, after.revision) == (None, first.revision + 1)
    async with registry.database.transaction() as conn:
        row = await conn.exec_driver_sql(
            "SELECT sealed_credentials FROM cameras WHERE camera_id = $1", (camera.camera_id,)
        )
        assert row.scalar_one() is None


async def test_a_key_is_rotated_while_the_service_runs_and_the_old_one_retired(registry: Registry) -> None:
    camera_id = a_camera(registry, CameraKind.FIXE).camera_id
    await put(registry, camera_id, {"username": USER, "password": SECRET})
    command = registry.vault
    old = command.keys[0]
    async with registry.database.transaction() as conn:
        before = {key: one.credentials for key, one in (await all_cameras(conn, command)).items() if one.credentials}
    assert len(before) > 2
    added, resealed = await rotate(database=registry.database, vault=command, batch=2)
    assert (added, resealed) == (True, len(before))
    assert command.keys[1] == old
    assert await marks(registry) == {command.keys[0].mark}
    again, none = await rotate(database=registry.database, vault=command)
    assert (again, none) == (True, len(before))
    retired = await retire(database=registry.database, vault=command)
    assert old.key_id in retired
    assert len(command.keys) == 1
    async with registry.database.transaction() as conn:
        after = {key: one.credentials for key, one in (await all_cameras(conn, command)).items() if one.credentials}
    assert after == before
    source = await registry.client.get(
        f"/api/registry/internal/cameras/{camera_id}/source", headers=registry.machine("cameras.source")
    )
    assert source.json()["password"] == SECRET
    with pytest.raises(CredentialsUnreadable):
        AesGcmVault([old]).unseal(camera_id, await sealed(registry, camera_id))


async def test_an_interrupted_rotation_is_taken_up_and_the_old_key_kept_meanwhile(registry: Registry) -> None:
    command = registry.vault
    old = command.keys[0]
    command.add_key()
    async with registry.database.transaction() as conn:
        fleet = await all_cameras(conn, command)
    sealed_ones = [one for one in fleet.values() if one.credentials]
    with pytest.raises(KeysInUse) as waiting:
        await retire(database=registry.database, vault=command)
    assert waiting.value.passwords == len(sealed_ones)
    assert old in command.keys
    fresh = command.keys[0]
    added, resealed = await rotate(database=registry.database, vault=command, batch=3)
    assert (added, resealed, command.keys[0]) == (False, len(sealed_ones), fresh)
    assert await retire(database=registry.database, vault=command) == (old.key_id,)


async def test_values_of_the_first_version_are_brought_under_a_named_key(registry: Registry) -> None:
    camera_id = next(camera.camera_id for camera in registry.seed.cameras if camera.credentials)
    old = first_version(registry.vault.keys[0].secret, camera_id)
    async with registry.database.transaction() as conn:
        await conn.exec_driver_sql("UPDATE cameras SET sealed_credentials = $1 WHERE camera_id = $2", (old, camera_id))
    assert (await stored(registry, camera_id)).credentials == Credentials("vigie", STREAM_PASSWORD)
    await rotate(database=registry.database, vault=registry.vault)
    await retire(database=registry.database, vault=registry.vault)
    assert (await stored(registry, camera_id)).credentials == Credentials("vigie", STREAM_PASSWORD)
    assert (await sealed(registry, camera_id)).startswith(registry.vault.keys[0].mark)


def first_version(secret: bytes, camera_id: str) -> bytes:
    clear = json.dumps(["vigie", STREAM_PASSWORD]).encode()
    return b"\x01" + b"n" * 12 + AESGCM(secret).encrypt(b"n" * 12, clear, camera_id.encode())


async def sealed(registry: Registry, camera_id: str) -> bytes:
    async with registry.database.transaction() as conn:
        row = await conn.exec_driver_sql("SELECT sealed_credentials FROM cameras WHERE camera_id = $1", (camera_id,))
        return row.scalar_one()


async def marks(registry: Registry) -> set[bytes]:
    async with registry.database.transaction() as conn:
        found = await conn.exec_driver_sql(
            "SELECT substring(sealed_credentials, 1, 5) FROM cameras WHERE sealed_credentials IS NOT NULL"
        )
        return set(found.scalars())
