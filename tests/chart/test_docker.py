"""The container files: checked as far as a machine without a Docker engine can."""

import os
import re
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import DEVNULL

import httpx
import pytest
import yaml

from stream_gateway.testing.process import free_port

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
SCRIPTS = Path(sysconfig.get_path("scripts"))


def test_compose_names_every_service_and_only_files_that_exist_or_are_secrets() -> None:
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    services = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}
    assert services <= set(compose["services"])
    for name in services:
        build = compose["services"][name]["build"]
        assert build["args"]["SERVICE"] == name
        assert (DOCKER / build["context"] / build["dockerfile"]).resolve().is_file()
        assert compose["services"][name]["read_only"] is True
    for service in compose["services"].values():
        if "build" in service and "SERVICE" in service["build"].get("args", {}):
            assert service["image"] == f"vigie/{service['build']['args']['SERVICE']}"
    volumes = {
        volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
    }
    assert {volume for volume in volumes if not volume.startswith("./")} <= set(compose["volumes"])
    networks = {network for service in compose["services"].values() for network in service.get("networks", [])}
    assert networks <= set(compose["networks"])


def test_who_speaks_to_cameras_or_to_the_world_is_on_a_network_that_reaches_them() -> None:
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    for name in ("camera-registry", "stream-gateway", "media-2"):
        assert "cameras" in services[name]["networks"], name
    for name in ("access", "dispatch"):  # the identity provider, the partners
        assert "outside" in services[name]["networks"], name


def test_everything_a_dockerfile_copies_is_in_the_repository() -> None:
    for dockerfile in DOCKER.glob("*Dockerfile"):
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE):
            *sources, _target = line.split()
            for source in sources:
                assert (ROOT / source.replace("${SERVICE}", "incident")).exists(), f"{dockerfile.name}: {source}"


def test_the_bus_configuration_is_accepted_by_the_real_server() -> None:
    text = (DOCKER / "nats.conf").read_text()
    passwords = dict.fromkeys(re.findall(r"\$(NATS_[A-Z_]+)", text), "x" * 24)
    done = subprocess.run(
        [SCRIPTS / "nats-server", "-c", DOCKER / "nats.conf", "-t"],
        env={**os.environ, **passwords},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(passwords) == len([path for path in (ROOT / "services").iterdir() if path.is_dir()])


def test_the_web_server_s_configuration_is_accepted_by_the_real_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [SCRIPTS / "caddy", "validate", "--adapter", "caddyfile", "--config", DOCKER / "Caddyfile"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[str]:
    """The real server with this configuration, its files and a service behind it on free ports; yields its address."""
    console = tmp_path / "srv"
    console.mkdir()
    (console / "index.html").write_text("the console")
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    port = free_port()
    text = (DOCKER / "Caddyfile").read_text().replace(":8080 {", f"http://127.0.0.1:{port} {{")
    text = re.sub(r"reverse_proxy [a-z-]+:8000", f"reverse_proxy 127.0.0.1:{service.server_port}", text)
    file = tmp_path / "Caddyfile"
    file.write_text(text.replace("root * /srv", f"root * {console}"))
    command = [SCRIPTS / "caddy", "run", "--adapter", "caddyfile", "--config", file]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address)
            yield address
        finally:
            process.terminate()
            service.shutdown()
            service.server_close()


class _Echo(BaseHTTPRequestHandler):
    """A service that says which path it was asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"service {self.path}".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Keep quiet."""


def _wait_for(address: str) -> None:
    for _ in range(400):
        with suppress(httpx.TransportError):
            httpx.get(address)
            return
        time.sleep(0.05)
    raise AssertionError("the web server does not answer")


def test_the_web_server_sends_each_service_its_own_and_hides_what_is_internal(web_server: str) -> None:
    for prefix in ("access", "registry", "incident", "dispatch", "retention", "stream"):
        answer = httpx.get(f"{web_server}/api/{prefix}/some/thing?x=1")
        assert (answer.status_code, answer.text) == (200, f"service /api/{prefix}/some/thing?x=1")
        for hidden in (f"/api/{prefix}/internal", f"/api/{prefix}/internal/cameras"):
            assert httpx.get(web_server + hidden).status_code == 404
    assert httpx.get(f"{web_server}/api/unknown/thing").status_code == 404
    page = httpx.get(f"{web_server}/live/2")
    assert (page.status_code, page.text) == (200, "the console")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
