"""The environment of each service: what it must know, and nothing that is another's."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from embedded.postgres import DatabaseAccess
from embedded.seaweedfs import SeaweedServer
from vigie_local.layout import Layout
from vigie_local.secret_files import Credentials

IMPORT_NAMES = {
    "camera-registry": "camera_registry",
    "stream-gateway": "stream_gateway",
    "incident": "incident",
    "dispatch": "dispatch",
    "retention": "retention",
    "access": "access",
}


MEDIA_NODES = ("media-1", "media-2")
"""Who pulls and records the cameras: the stream gateway itself and one more, so that one may fail."""

DEMO_CAMERA_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts reach each other."""

    public_origin: str
    nats_url: str
    identity_origin: str
    api_ports: Mapping[str, int]

    def service_url(self, service: str) -> str:
        """Return a service's own origin, for calls between services."""
        return f"http://127.0.0.1:{self.api_ports[service]}"


@dataclass(frozen=True, slots=True)
class ServiceEnvironments:
    """Builds the environment of every service of one installation."""

    layout: Layout
    credentials: Credentials
    addresses: Addresses
    object_store: SeaweedServer
    town: str
    demo: bool

    def of(self, service: str, database: DatabaseAccess) -> dict[str, str]:
        """Return the whole environment of a service: the common settings, its own, and the search path."""
        prefix = IMPORT_NAMES[service].upper() + "_"
        settings = {
            "DATABASE_URL": database.app_url,
            "MIGRATION_DATABASE_URL": database.owner_url,
            "NATS_URL": self.addresses.nats_url,
            "NATS_USER": service,
            "NATS_PASSWORD": self.credentials.get(f"nats/{service}"),
            "API_PORT": str(self.addresses.api_ports[service]),
            "TRUSTED_KEYS_DIR": str(self.layout.trusted_keys),
            "SERVICE_KEY_FILE": str(self.layout.private_key(service)),
            "PUBLIC_ORIGIN": self.addresses.public_origin,
            "TOWN": self.town,
        } | town_rules(self.town)
        settings |= getattr(self, f"_{IMPORT_NAMES[service]}", dict[str, str])()
        return process_environment() | {prefix + name: value for name, value in settings.items()}

    def _camera_registry(self) -> dict[str, str]:
        settings = {"CREDENTIAL_KEY_FILE": str(self.layout.keys / "camera-credentials.key")}
        # The demonstration's cameras run on this machine; in earnest a camera's address never may.
        return settings | ({"CAMERA_NETWORKS": json.dumps(DEMO_CAMERA_NETWORKS)} if self.demo else {})

    def _stream_gateway(self) -> dict[str, str]:
        keys = self.object_store.recorder
        return {
            "SPOOL_DIR": str(self.layout.spool),
            "REGISTRY_URL": self.addresses.service_url("camera-registry"),
            "RETENTION_URL": self.addresses.service_url("retention"),
            "S3_ENDPOINT": self.object_store.endpoint,
            "S3_ACCESS_KEY": keys.access_key,
            "S3_SECRET_KEY": keys.secret_key,
            "NODE_ID": MEDIA_NODES[0],
            "NODE_URL": self.addresses.service_url("stream-gateway"),
        }

    def of_media_node(self, node_id: str, database: DatabaseAccess) -> dict[str, str]:
        """Return the environment of a further media node: the stream gateway's, with a spool and a port of its own."""
        prefix = IMPORT_NAMES["stream-gateway"].upper() + "_"
        own = {
            "NODE_ID": node_id,
            "DRIVE_RONDES": "false",
            "NODE_URL": self.addresses.service_url(node_id),
            "API_PORT": str(self.addresses.api_ports[node_id]),
            "SPOOL_DIR": str(self.layout.spool_of(node_id)),
        }
        return self.of("stream-gateway", database) | {prefix + name: value for name, value in own.items()}

    def _retention(self) -> dict[str, str]:
        footage, evidence = self.object_store.recorder, self.object_store.evidence
        return {
            "S3_ENDPOINT": self.object_store.endpoint,
            "S3_ACCESS_KEY": footage.access_key,
            "S3_SECRET_KEY": footage.secret_key,
            "EVIDENCE_ACCESS_KEY": evidence.access_key,
            "EVIDENCE_SECRET_KEY": evidence.secret_key,
        }

    def _dispatch(self) -> dict[str, str]:
        # The demonstration's partners run on this machine; in earnest a partner's address never may.
        return {"ALLOW_LOOPBACK_PARTNERS": str(self.demo).lower()}

    def _access(self) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.addresses.identity_origin,
            "OIDC_CLIENT_ID": "vigie",
            "OIDC_CLIENT_SECRET": self.credentials.get("oidc/client"),
        }


def town_rules(town: str) -> dict[str, str]:
    """Return the settings in which a town differs from the others: shipped data."""
    text = resources.files("vigie_local").joinpath("town_rules.toml").read_text(encoding="utf-8")
    rules: dict[str, object] = tomllib.loads(text).get(town, {})
    return {name.upper(): json.dumps(value) for name, value in rules.items()}


def process_environment() -> dict[str, str]:
    """Return what any Python process of ours gets from the machine: no proxy, no secret of the caller."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
