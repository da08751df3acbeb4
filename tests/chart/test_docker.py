"""The container files: checked as far as a machine without a Docker engine can."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import yaml

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
