"""The composition root: which components make up Vigie on one machine, and how they are wired."""

import asyncio
import base64
import secrets
import sys
from collections.abc import Mapping, Sequence
from functools import partial

from embedded.nats import NatsServer
from embedded.postgres import DatabaseAccess, PostgresServer
from embedded.seaweedfs import SeaweedPorts, SeaweedServer
from vigie_local import installation, web_server
from vigie_local.bus_users import bus_user
from vigie_local.components import Component, Process, Step, supervised
from vigie_local.identity_provider import IdentityProvider
from vigie_local.layout import Layout
from vigie_local.migrations import migrate
from vigie_local.people import DEMO_PASSWORD, FIRST_ADMINISTRATOR, demo_people
from vigie_local.port_plan import PortPlan
from vigie_local.readiness import file_written, http_ok
from vigie_local.secret_files import Credentials, write_secret
from vigie_local.seeding import SeedPlan, Simulators, done_before, remember, run_seeds, seed_commands
from vigie_local.service_environment import (
    IMPORT_NAMES,
    MEDIA_NODES,
    Addresses,
    ServiceEnvironments,
    process_environment,
)
from vigie_local.service_keys import SERVICES, issue_keys
from vigie_local.wanted import Wanted

_TITLES = {
    "camera-registry": "Service caméras",
    "stream-gateway": "Service images",
    "incident": "Service incidents",
    "dispatch": "Service partenaires",
    "retention": "Service conservation",
    "access": "Service accès et registre",
}
_GRPC_OFFSET = 10_000
_PTZ_SHARE = 4  # one simulated camera in four moves


class Platform:
    """Every component of one installation; building it writes nothing but ports and credentials."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.layout = Layout(wanted.data)
        self.layout.prepare()
        self.credentials = Credentials(self.layout.credentials)
        self._ports = PortPlan(self.layout.ports)
        self.origin = f"http://127.0.0.1:{wanted.port}"
        self._nats = NatsServer(
            self.layout.folder("nats"),
            port=self._ports.get("nats"),
            http_port=self._ports.get("nats-monitoring"),
            users=[bus_user(service, self.credentials.get(f"nats/{service}")) for service in SERVICES],
        )
        self._postgres = PostgresServer(self.layout.folder("postgres"), port=self._ports.get("postgres"))
        self._seaweed = SeaweedServer(self.layout.folder("seaweedfs"), self._seaweed_ports())
        self.identity = IdentityProvider(
            program=installation.IDENTITY_PROGRAM,
            folder=self.layout.folder("identity"),
            port=self._ports.get("identity"),
            public_origin=self.origin,
            credentials=self.credentials,
            people=demo_people(wanted.town) if wanted.demo else (FIRST_ADMINISTRATOR,),
            password=DEMO_PASSWORD if wanted.demo else self.credentials.get(f"people/{FIRST_ADMINISTRATOR.login}"),
        )
        self._databases: dict[str, DatabaseAccess] = {}
        self.addresses = Addresses(
            public_origin=self.origin,
            nats_url=self._nats.url,
            identity_origin=self.identity.origin,
            api_ports={name: self._ports.get(name) for name in (*SERVICES, *MEDIA_NODES[1:])},
        )
        self._environments = ServiceEnvironments(
            self.layout, self.credentials, self.addresses, self._seaweed, wanted.town, wanted.demo
        )
        self._simulators = self._plan_simulators() if wanted.demo else None

    def components(self) -> list[Component]:
        """Return everything that ``vigie up`` runs."""
        return [
            *self.servers(),
            Step("keys", "Clés et mots de passe", self._write_keys),
            Step("databases", "Bases de données", self.create_databases, after=("postgres",)),
            *(self._service(service) for service in SERVICES),
            *(self._media_node(node_id) for node_id in MEDIA_NODES[1:]),
            *self._simulator_processes(),
            Step("seed", "Premier contenu", self.seed, after=tuple(SERVICES)),
            self._web_server(),
        ]

    def servers(self) -> list[Process]:
        """Return the servers under the services: bus, database, object store, identity provider."""
        return [
            supervised(self._nats, "Bus d'événements (NATS)"),
            supervised(self._postgres, "Base de données (PostgreSQL)"),
            supervised(self._seaweed, "Stockage objet (SeaweedFS)"),
            self.identity.as_process(),
        ]

    async def seed(self) -> None:
        """Give every service its first content, unless it has this very content already."""
        commands = seed_commands(self.wanted.town, self._simulators)
        environments = {name: self.environment_of(name.replace("_", "-")) for name in commands}
        plan = SeedPlan(commands, environments)
        plan.save(self.layout)
        stamp = self.layout.stamps / "seeded"
        if done_before(stamp, commands):
            return
        await run_seeds(plan, self.layout)
        remember(stamp, commands)

    def environment_of(self, service: str) -> dict[str, str]:
        """Return a service's environment; databases must exist."""
        return self._environments.of(service, self._databases[service])

    def _seaweed_ports(self) -> SeaweedPorts:
        names = ("s3", "master", "volume", "filer", "admin")
        return SeaweedPorts(**{n: self._ports.get(f"seaweedfs-{n}", also_offset=_GRPC_OFFSET) for n in names})

    def _plan_simulators(self) -> Simulators:
        return Simulators(
            cameras=self.wanted.cameras,
            ptz_cameras=self.wanted.cameras // _PTZ_SHARE,
            rtsp_port=self._ports.get("camera-simulator-rtsp"),
            onvif_port=self._ports.get("camera-simulator-onvif"),
            camera_username="vigie",
            camera_password_file=self.layout.keys / "camera-simulator.password",
            partner_port=self._ports.get("partner-simulator"),
            webhook_secret_file=self.layout.keys / "partner-webhook.secret",
        )

    async def _write_keys(self) -> None:
        issue_keys(self.layout)
        sealing_key = self.layout.keys / "camera-credentials.key"
        if not sealing_key.exists():
            write_secret(sealing_key, base64.b64encode(secrets.token_bytes(32)).decode())
        if self._simulators:
            write_secret(self._simulators.camera_password_file, self.credentials.get("simulators/camera-password"))
            write_secret(self._simulators.webhook_secret_file, self.credentials.get("simulators/webhook-secret"))

    async def create_databases(self) -> None:
        """Create each service's database and its two roles; safe to repeat."""
        for service in SERVICES:
            name = IMPORT_NAMES[service]
            self._databases[service] = await asyncio.to_thread(
                partial(
                    self._postgres.create_database,
                    name,
                    owner_password=self.credentials.get(f"postgres/{name}_owner"),
                    app_password=self.credentials.get(f"postgres/{name}_app"),
                )
            )

    def _service(self, service: str) -> Process:
        name = IMPORT_NAMES[service]
        needs = ["nats", "databases", "keys"]
        if service in {"stream-gateway", "retention"}:
            needs.append("seaweedfs")
        return Process(
            name=service,
            title=_TITLES[service],
            command=lambda: [sys.executable, "-m", name, "all"],
            ready=http_ok(f"{self.addresses.service_url(service)}/healthz/ready"),
            environment=lambda: self.environment_of(service),
            folder=lambda: self.layout.root,
            after=tuple(needs),
            prepare=lambda: migrate(name, self.environment_of(service), self.layout),
        )

    def _media_node(self, node_id: str) -> Process:
        """Return a further media node; it shares cameras with the stream gateway, and takes all when that one fails."""
        return Process(
            name=node_id,
            title=f"Nœud média {node_id}",
            command=lambda: [sys.executable, "-m", IMPORT_NAMES["stream-gateway"], "node"],
            ready=http_ok(f"{self.addresses.service_url(node_id)}/healthz/ready"),
            environment=lambda: self._environments.of_media_node(node_id, self._databases["stream-gateway"]),
            folder=lambda: self.layout.root,
            after=("stream-gateway",),
        )

    def _simulator_processes(self) -> list[Process]:
        if self._simulators is None:
            return []
        plan = self._simulators
        return [
            self._simulator(
                "camera-simulator",
                f"Caméras de démonstration ({plan.cameras})",
                [
                    *("--count", str(plan.cameras), "--ptz-count", str(plan.ptz_cameras)),
                    *("--rtsp-port", str(plan.rtsp_port), "--onvif-port", str(plan.onvif_port)),
                    *("--username", plan.camera_username, "--password-file", str(plan.camera_password_file)),
                ],
            ),
            self._simulator(
                "partner-simulator",
                "Partenaires de démonstration",
                [
                    *("--port", str(plan.partner_port), "--callback-base", self.origin),
                    *("--webhook-secret-file", str(plan.webhook_secret_file)),
                ],
            ),
        ]

    def _simulator(self, name: str, title: str, arguments: Sequence[str]) -> Process:
        ready_file = self.layout.root / f"{name}.ready"

        async def forget_last_run() -> None:
            ready_file.unlink(missing_ok=True)

        return Process(
            name=name,
            title=title,
            command=lambda: [
                *(sys.executable, "-m", name.replace("-", "_")),
                *(*arguments, "--ready-file", str(ready_file)),
            ],
            ready=file_written(ready_file),
            environment=process_environment,
            folder=lambda: self.layout.root,
            after=("keys",),
            prepare=forget_last_run,
        )

    def _web_server(self) -> Process:
        file = self.layout.folder("web") / "Caddyfile"

        async def write() -> None:
            content = web_server.caddyfile(
                port=self.wanted.port,
                api_ports=self.addresses.api_ports,
                console=installation.CONSOLE,
                identity_origin=self.identity.origin,
            )
            await asyncio.to_thread(web_server.write_caddyfile, file, content, environment=self._web_environment())

        return Process(
            name="web",
            title="Serveur web (Caddy)",
            command=lambda: [
                *(web_server.caddy(), "run"),
                *("--adapter", "caddyfile", "--config", str(file)),
            ],
            ready=http_ok(f"{self.origin}/"),
            environment=self._web_environment,
            folder=lambda: file.parent,
            after=("seed", "identity"),
            prepare=write,
        )

    def _web_environment(self) -> Mapping[str, str]:
        folder = str(self.layout.folder("web"))
        return process_environment() | {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
