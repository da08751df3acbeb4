"""The seed command on a real database: complete, idempotent, and able to attach and detach simulated streams."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera import Camera
from camera_registry.repository.cameras import all_cameras
from common.database import Database
from common.testing.servers import TestDatabase

pytestmark = pytest.mark.integration


class Command:
    """``python -m camera_registry`` with the environment of a service."""

    def __init__(self, url: str, folder: Path) -> None:
        self.key_file = folder / "credentials.key"
        self._environment = {
            "CAMERA_REGISTRY_DATABASE_URL": url,
            "CAMERA_REGISTRY_NATS_URL": "nats://127.0.0.1:1",
            "CAMERA_REGISTRY_API_PORT": "0",
            "CAMERA_REGISTRY_TRUSTED_KEYS_DIR": str(folder),
            "CAMERA_REGISTRY_SERVICE_KEY_FILE": str(folder / "key.json"),
            "CAMERA_REGISTRY_CREDENTIAL_KEY_FILE": str(self.key_file),
        }
        self._url = url

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "camera_registry", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cameras(self) -> dict[str, Camera]:
        async def read() -> dict[str, Camera]:
            database = Database(self._url)
            async with database.transaction() as conn:
                found = await all_cameras(conn, AesGcmVault.from_file(self.key_file))
            await database.dispose()
            return found

        return asyncio.run(read())


@pytest.fixture
def command(make_database: Callable[[str | None], TestDatabase], tmp_path: Path) -> Command:
    ready = Command(make_database("camera_registry").app_url, tmp_path)
    ready.run("new-credential-key", str(ready.key_file))
    return ready


def test_plaine_vallee_is_seeded_once_and_its_streams_follow_the_machine(command: Command, tmp_path: Path) -> None:
    password_file = tmp_path / "stream-password"
    password_file.write_text("pour-les-flux\n")

    def seed(live: int) -> dict[str, int]:
        options = ["--live-cameras", str(live), "--ptz-count", "6"]
        options += ["--rtsp-base", "rtsp://127.0.0.1:8554/cam", "--onvif-base", "http://127.0.0.1:8555/onvif"]
        options += ["--stream-username", "vigie", "--stream-password-file", str(password_file), "--json"]
        return json.loads(command.run("seed", "--town", "plaine-vallee", *options))

    first = seed(24)
    assert (first["communes"], first["sites"], first["live"]) == (16, 396, 24)
    assert first["cameras"] == first["written"] >= 2000
    assert seed(24)["written"] == 0
    assert seed(20)["written"] == 4

    cameras = command.cameras()
    live = {one.endpoints.main_url: one for one in cameras.values() if one.endpoints.main_url is not None}
    assert sorted(live) == [f"rtsp://127.0.0.1:8554/cam/{number:04d}/main" for number in range(1, 21)]
    by_commune = Counter(one.insee for one in live.values())
    assert len(by_commune) == 16
    assert min(by_commune["95598"], by_commune["95210"]) >= 2
    assert [live[f"rtsp://127.0.0.1:8554/cam/{number:04d}/main"].has_ptz for number in range(1, 21)] == [
        number <= 6 for number in range(1, 21)
    ]
    assert {one.credentials.password for one in live.values() if one.credentials} == {"pour-les-flux"}
    assert all(one.authorisation_id == f"AP-PV-{one.insee}-1" for one in cameras.values())


def test_a_town_that_brings_its_own_list_gets_its_communes_only(command: Command) -> None:
    report = json.loads(command.run("seed", "--town", "plaine-vallee", "--communes-only", "--json"))
    assert (report["communes"], report["sites"], report["cameras"]) == (16, 0, 0)
    assert command.cameras() == {}


@pytest.mark.parametrize(("town", "count"), [("valenciennes", 217), ("lievin", 265), ("bethune", 331)])
def test_each_town_has_its_published_number_of_cameras(command: Command, town: str, count: int) -> None:
    command.run("seed", "--town", town)
    cameras = command.cameras()
    assert len(cameras) == count
    assert all(one.authorisation_id is not None for one in cameras.values())
