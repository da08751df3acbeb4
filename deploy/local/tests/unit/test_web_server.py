"""The web server's configuration, judged by Caddy itself."""

from pathlib import Path

import pytest

from vigie_local.service_environment import process_environment
from vigie_local.service_keys import SERVICES
from vigie_local.web_server import API_PREFIXES, InvalidCaddyfile, caddyfile, write_caddyfile

PORTS = {service: 12_001 + number for number, service in enumerate(SERVICES)}


def environment(folder: Path) -> dict[str, str]:
    return process_environment() | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


def content(console: Path) -> str:
    return caddyfile(port=12_000, api_ports=PORTS, console=console, identity_origin="http://127.0.0.1:12_009")


def test_every_service_is_forwarded_and_caddy_accepts_it(tmp_path: Path) -> None:
    assert set(API_PREFIXES.values()) == set(SERVICES)
    text = content(tmp_path)
    for prefix, service in API_PREFIXES.items():
        assert f"handle /api/{prefix}/* {{\n\t\treverse_proxy 127.0.0.1:{PORTS[service]} {{" in text
    write_caddyfile(tmp_path / "web" / "Caddyfile", text, environment=environment(tmp_path))


def test_a_wrong_configuration_is_told_in_caddys_words(tmp_path: Path) -> None:
    text = content(tmp_path).replace("reverse_proxy", "reverse_prxy")
    with pytest.raises(InvalidCaddyfile, match="reverse_prxy"):
        write_caddyfile(tmp_path / "Caddyfile", text, environment=environment(tmp_path))
