"""The ``vigie`` command itself: everything starts, what dies comes back, and nothing is left."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from embedded.ports import release_port, reserve_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

VIGIE = str(Path(sysconfig.get_path("scripts")) / "vigie")
READY_WITHIN_SECONDS = 300


class Running:
    """A ``vigie up --json`` in a process of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = reserve_port()
        release_port(self.port)
        self.lines: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [VIGIE, "up", "--json", "--data", str(data), "--port", str(self.port), "--cameras", "2"],
            stdout=subprocess.PIPE,
            text=True,
        )

    def until_ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1].get("event") == "ready":
                return self.lines[-1]
            assert time.monotonic() < deadline
        raise AssertionError(self.lines[-3:])

    def vigie(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run another vigie command on the same data; returns exit status and its JSON answer."""
        done = subprocess.run(
            [VIGIE, *arguments, "--json", "--data", str(self.data)], capture_output=True, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = Running(tmp_path_factory.mktemp("vigie") / "plaine-vallee")
    try:
        started.until_ready()
        yield started
    finally:
        started.process.send_signal(signal.SIGTERM)
        started.process.communicate(timeout=90)


def alive(process: psutil.Process) -> bool:
    """Tell whether it still runs; one that ended and waits for init to take note does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_everything_is_ready_and_told(running: Running) -> None:
    ready = running.lines[-1]
    assert ready["url"] == f"http://127.0.0.1:{running.port}"
    assert "op.durand" in ready["logins"]
    code, state = running.vigie("status")
    assert code == 0
    assert state["ready"]
    assert {"nats", "postgres", "seaweedfs", "identity", "web"} < {part["name"] for part in state["components"]}


def test_an_operator_logs_in_and_sees_the_cameras(running: Running) -> None:
    origin = f"http://127.0.0.1:{running.port}"
    with httpx.Client(trust_env=False, timeout=30, follow_redirects=True) as browser:
        page = browser.get(f"{origin}/api/access/login", params={"next": "/"})
        for fields in ({"login": "op.durand"}, {"password": "vigie-demo"}):
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
            assert token
            page = browser.post(page.url, data={"csrf_token": token[1], **fields})
        assert str(page.url) == f"{origin}/"
        assert browser.get(f"{origin}/api/access/me").json()["agent_id"] == "op.durand"
        live = browser.get(f"{origin}/api/registry/cameras", params={"has_stream": "true"}).json()["items"]
        assert len(live) == 2
    with httpx.Client(trust_env=False) as stranger:
        assert stranger.get(f"{origin}/api/registry/cameras").status_code == httpx.codes.UNAUTHORIZED


def test_only_the_web_server_and_the_console_are_shown_outside(running: Running) -> None:
    origin = f"http://127.0.0.1:{running.port}"
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(f"{origin}/cameras/une-page-de-la-console")
        assert page.status_code == httpx.codes.OK
        assert "worker-src 'self' blob:" in page.headers["content-security-policy"]
        source = "/api/registry/internal/cameras/PV-95598-0001-F1/source"
        for hidden in ("/healthz/ready", "/metrics", "/api/unknown", "/assets/unknown.js", source):
            assert browser.get(f"{origin}{hidden}").status_code == httpx.codes.NOT_FOUND


def test_every_server_listens_on_the_loopback_only(running: Running) -> None:
    family = [psutil.Process(running.process.pid), *psutil.Process(running.process.pid).children(recursive=True)]
    listening = [
        (process.name(), connection.laddr)
        for process in family
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 10
    assert [entry for entry in listening if entry[1].ip not in {"127.0.0.1", "::1"}] == []


def test_the_command_line_speaks_to_the_services(running: Running, tmp_path: Path) -> None:
    code, register = running.vigie("register", "verify")
    assert (code, register["valid"]) == (0, True)
    question = ("--agent", "op.soisy", "--camera", "PV-95210-0001-F1", "--action", "live")
    code, answer = running.vigie("policy", "explain", *question)
    assert (code, answer["allowed"]) == (0, False)
    code, answer = running.vigie("policy", "simulate", "--agent", "cr.petit", "--action", "live")
    assert (code, answer["outlooks"][0]["allowed"]["count"]) == (0, 0)
    assert "association_sans_image" in {group["rule"] for group in answer["outlooks"][0]["refused"]}
    file = tmp_path / "cameras.csv"
    file.write_text("code;commune;lon;lat\nT-1;Enghien-les-Bains;2.3045;48.9712\nT-2;Enghien-les-Bains;ouest;48.9\n")
    code, report = running.vigie("cameras", "import", str(file), "--dry-run")
    assert (code, report["valid"], report["invalid"]) == (2, 1, 1)
    assert (report["errors"][0]["line"], report["errors"][0]["column"]) == (3, "lon")
    code, _ = running.vigie("seed")
    assert code == 0


def test_the_register_is_signed_proved_and_exported_for_a_verifier_of_its_own(running: Running, tmp_path: Path) -> None:
    code, signed = running.vigie("register", "checkpoint", "--out", str(tmp_path / "point.note"))
    assert (code, signed["valid"], (tmp_path / "point.note").read_text()) == (0, True, signed["note"])
    code, keys = running.vigie("register", "key")
    assert (code, keys["origin"]) == (0, signed["note"].partition("\n")[0])
    archive, proof = tmp_path / "registre.zip", tmp_path / "preuve.json"
    asked = ("--motive", "contrôle annuel de la CNIL", "--result", "allowed", "--format", "json")
    code, written = running.vigie("register", "export", str(archive), *asked)
    assert (code, written["bytes"]) == (0, archive.stat().st_size)
    code, proved = running.vigie("register", "proof", "1", "--out", str(proof))
    assert (code, proved["seq"]) == (0, 1)
    zipfile.ZipFile(archive).extract("verifier_registre.py", tmp_path)
    verifier = [sys.executable, "-I", str(tmp_path / "verifier_registre.py"), "--cle", keys["keys"][0]["verifier"]]
    for arguments in ([str(archive)], ["--preuve", str(proof)]):
        told = subprocess.run([*verifier, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert (told.returncode, told.stdout[:6]) == (0, "INTACT"), told.stdout


def test_the_roster_of_agents_goes_out_and_comes_back(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "agents.csv"
    code, written = running.vigie("agents", "export", str(file))
    assert (code, written["agents"]) == (0, 9)
    code, same = running.vigie("agents", "import", str(file))
    assert (code, same["unchanged"]) == (0, 9)
    file.write_bytes(file.read_bytes() + b"op.mal;Mal;empereur;ca-plaine-vallee\r\n")
    code, report = running.vigie("agents", "import", str(file), "--dry-run")
    assert (code, report["errors"][0]["column"]) == (2, "role")
    assert running.vigie("agents", "warnings")[0] == 0


def test_a_killed_service_comes_back(running: Running) -> None:
    def component(name: str) -> dict[str, Any]:
        return next(part for part in running.vigie("status")[1]["components"] if part["name"] == name)

    before = component("incident")
    os.kill(before["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while component("incident")["state"] != "prêt" or component("incident")["pid"] == before["pid"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert component("incident")["restarts"] == before["restarts"] + 1


def test_a_second_supervisor_and_a_taken_port_are_refused_in_words(running: Running, tmp_path: Path) -> None:
    code, refusal = running.vigie("up", "--port", str(running.port))
    assert code == 1
    assert f"pid {running.process.pid}" in refusal["error"]
    other = subprocess.run(
        [VIGIE, "up", "--data", str(tmp_path / "other"), "--port", str(running.port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert other.returncode == 1
    assert re.search(rf"port {running.port} est déjà pris par caddy \(pid \d+\)", other.stderr)


def test_the_command_is_also_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "vigie_local", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "clean-data" in done.stdout


def test_down_stops_everything_and_a_second_start_finds_its_data(running: Running) -> None:
    """Stands last: it stops what the tests above share."""
    family = psutil.Process(running.process.pid).children(recursive=True)
    credentials = (running.data / "credentials.json").read_text()
    assert running.vigie("down") == (0, {"stopped": True})
    assert running.process.wait(30) == 0
    assert [process for process in family if alive(process)] == []
    assert running.vigie("status") == (1, {"running": False, "ready": False, "components": []})
    assert running.vigie("down") == (0, {"stopped": False})

    second = Running(running.data)
    try:
        second.until_ready()
        assert (second.data / "credentials.json").read_text() == credentials
        states = [line["state"] for line in second.lines if line.get("name") == "seed"]
        assert states[-1] == "fait"
    finally:
        second.process.send_signal(signal.SIGINT)
        second.process.communicate(timeout=90)
    assert second.process.returncode == 0
    assert second.vigie("clean-data", "--yes") == (0, {"removed": True})
    assert not second.data.exists()
