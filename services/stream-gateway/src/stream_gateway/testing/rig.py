"""A whole gateway on real servers with simulated cameras, for tests and benches.

The registry and retention are stand-ins that speak their HTTP contract and check the gateway's real service tokens;
the suite of the whole platform runs the same journeys on the real ones.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, Depends, FastAPI
from pydantic import SecretStr

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.database import Database
from common.object_store import ObjectStore
from common.problems import NotFound
from common.service import ServiceParts
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import Servers, TestDatabase
from common.testing.serving import serving
from common.testing.states import a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from common.web import create_app, service_scope
from contracts.access import OrganisationKind, Role
from contracts.envelope import Envelope
from contracts.registry import AuthorisationState, CameraState
from stream_gateway.app import build
from stream_gateway.settings import Settings

ORIGIN = "http://127.0.0.1:8080"
SEGMENT_SECONDS = 2


@dataclass
class Neighbours:
    """What the registry and retention would answer."""

    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    mountings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def know(self, camera_id: str, simulator: SimulatorProcess, number: int, *, sub: bool = True) -> None:
        """Give a camera the endpoints of a simulated one."""
        self.sources[camera_id] = {
            "main_url": simulator.rtsp_url(number, "main"),
            "sub_url": simulator.rtsp_url(number, "sub") if sub else None,
            "onvif_url": simulator.onvif_url(number),
            "username": simulator.username,
            "password": simulator.password,
        }


def neighbours_app(neighbours: Neighbours, tokens: TokenMint) -> FastAPI:
    """Return the stand-in of registry and retention."""
    router = APIRouter()

    @router.get(
        "/api/registry/internal/cameras/{camera_id}/source",
        dependencies=[Depends(service_scope("cameras.source"))],
    )
    async def source(camera_id: str) -> dict[str, Any]:
        if neighbours.away or camera_id not in neighbours.sources:
            raise NotFound("La caméra", camera_id)
        return neighbours.sources[camera_id]

    @router.get(
        "/api/registry/internal/cameras/{camera_id}/mounting",
        dependencies=[Depends(service_scope("cameras.source"))],
    )
    async def mounting(camera_id: str) -> dict[str, Any]:
        return neighbours.mountings.get(camera_id, {"presets": [], "tours": []})

    @router.get("/api/retention/segments", dependencies=[Depends(service_scope("segments.read"))])
    async def segments() -> dict[str, Any]:
        return {"items": neighbours.segments, "gaps": neighbours.gaps, "next_cursor": None}

    app = create_app(title="neighbours", service="neighbours", lifespan=None, routers=[router], public_origin=ORIGIN)
    app.state.verifier = tokens.verifier
    return app


@dataclass
class Gateway:
    """A running gateway and the hands to work it."""

    parts: ServiceParts
    url: str
    bus: Bus
    tokens: TokenMint
    store: ObjectStore
    database: Database
    simulator: SimulatorProcess
    neighbours: Neighbours
    spool: Path
    http: httpx.AsyncClient

    def headers(self, agent_id: str = "op.durand") -> dict[str, str]:
        return self.tokens.agent_headers(agent_id)

    async def open_session(self, camera_id: str, agent_id: str = "op.durand", **more: Any) -> httpx.Response:
        return await self.http.post(
            "/api/stream/sessions", json={"camera_id": camera_id, **more}, headers=self.headers(agent_id)
        )

    def ws_url(self, path: str) -> str:
        return self.url.replace("http://", "ws://") + path

    async def events(self, fact: str, subject: str = "vigie.>") -> list[Envelope]:
        """Return the published facts of a name so far, oldest first."""
        found: list[Envelope] = []
        for stream in ("STREAM", "SEGMENT", "REGISTER"):
            subscription = await self.bus.js.subscribe(subject, stream=stream, ordered_consumer=True)
            info = await self.bus.js.stream_info(stream)
            for _ in range(info.state.messages):
                message = await subscription.next_msg(timeout=5)
                envelope = Envelope.model_validate_json(message.data)
                if envelope.type.split(".")[2] == fact:
                    found.append(envelope)
            await subscription.unsubscribe()
        return found

    async def wait_for(self, fact: str, match: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """Wait for a published fact and return its payload."""

        async def first() -> dict[str, Any] | None:
            return next((item.data for item in await self.events(fact) if match(item.data)), None)

        found = await eventually(first, until=lambda item: item is not None)
        assert found is not None
        return found

    async def add_camera(
        self,
        number: int,
        *,
        authorisation: AuthorisationState | None = None,
        has_ptz: bool = False,
        sub: bool = True,
    ) -> CameraState:
        """Register simulated camera ``number``."""
        camera = a_camera(f"PV-95598-{number:04d}-P1", authorisation=authorisation, has_ptz=has_ptz)
        self.neighbours.know(camera.camera_id, self.simulator, number, sub=sub)
        await put_camera(self.bus, camera)
        guard = self.parts.app.state.guard

        async def known() -> bool:
            return guard.cameras.get(camera.camera_id) == camera

        await eventually(known)
        return camera


def gateway_settings(servers: Servers, database: TestDatabase, tokens: TokenMint, folder: Path) -> Settings:
    """Return settings for real servers, with short segments; the neighbours' addresses come later."""
    seaweed = servers.seaweed
    return Settings(
        database_url=SecretStr(database.app_url),
        nats_url=servers.nats.url,
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("stream-gateway"),
        public_origin=ORIGIN,
        s3_endpoint=seaweed.endpoint,
        s3_access_key=SecretStr(seaweed.access_key),
        s3_secret_key=SecretStr(seaweed.secret_key),
        registry_url="http://127.0.0.1:1",
        retention_url="http://127.0.0.1:1",
        spool_dir=folder / "spool",
        segment_seconds=SEGMENT_SECONDS,
        live_warm_seconds=3,
        lease_seconds=300,  # viewers of tests renew nothing, and a busy machine takes its time
    )


async def put_agents(bus: Bus) -> None:
    """Put the agents of the journeys on the bus."""
    await put_agent(bus, an_agent("op.durand"))
    await put_agent(bus, an_agent("op.voisin"))
    await put_agent(bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE))
    await put_agent(bus, an_agent("op.enghien", communes=("95210",)))
    red_cross = an_agent("cr.petit", role=Role.PARTENAIRE_CROIX_ROUGE, kind=OrganisationKind.ASSOCIATION)
    await put_agent(bus, red_cross)


@asynccontextmanager
async def running_gateway(
    settings: Settings, *, bus: Bus, tokens: TokenMint, store: ObjectStore, simulator: SimulatorProcess
) -> AsyncGenerator[Gateway, None]:
    """Run a gateway that knows the agents and no camera yet."""
    neighbours = Neighbours()
    await put_agents(bus)
    async with AsyncExitStack() as stack:
        neighbours_url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        told = settings.model_copy(update={"registry_url": neighbours_url, "retention_url": neighbours_url})
        parts = build(told)
        url = await stack.enter_async_context(running(parts))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        database = Database(told.database_url.get_secret_value())
        stack.push_async_callback(database.dispose)
        yield Gateway(
            parts=parts,
            url=url,
            bus=bus,
            tokens=tokens,
            store=store,
            database=database,
            simulator=simulator,
            neighbours=neighbours,
            spool=told.spool_dir,
            http=http,
        )
