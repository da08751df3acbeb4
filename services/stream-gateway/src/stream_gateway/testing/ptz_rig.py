"""The part of the gateway that moves cameras, alone on real servers with simulated heads, under a clock one can move.

Everything is wired as in ``app``; what records and shows is left out, so that a test of motors costs no video.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from camera_simulator.testing import PtzCommand, SimulatorProcess
from common.bus import Bus
from common.clock import Clock, SteppedClock
from common.database import Database
from common.service import Part, ServiceParts
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import Servers, TestDatabase
from common.testing.serving import serving
from common.testing.states import a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import Role
from contracts.envelope import Envelope
from contracts.registry import CameraState
from guard.assembly import House, assemble
from stream_gateway.api import ptz, ptz_mounting, recorders
from stream_gateway.domain.ptz.lock import PtzLock
from stream_gateway.ports import Motor
from stream_gateway.ptz.assembly import close_ptz, ptz_care, wire_ptz
from stream_gateway.ptz.care import PtzCare
from stream_gateway.registry_client import RegistrySources
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.repository.ptz import read_ptz
from stream_gateway.settings import Settings
from stream_gateway.testing.rig import ORIGIN, Neighbours, neighbours_app, put_agents


def build_ptz(settings: Settings, clock: Clock) -> ServiceParts:
    """Wire what moves cameras."""

    def wire(house: House) -> dict[str, Part]:
        state = house.app.state
        state.settings, state.http = settings, httpx.AsyncClient()
        state.sources = RegistrySources(state.http, settings.registry_url, house.key)
        wire_ptz(state, house.key)
        return {"ptz": ptz_care(state).run}

    def on_close(house: House) -> Part:
        async def close() -> None:
            await close_ptz(house.app.state)
            await house.app.state.http.aclose()

        return close

    return assemble(
        service=SOURCE,
        title="ptz",
        settings=settings,
        routers=(ptz.router, ptz_mounting.router, recorders.router),
        subscriptions=lambda _house: [],
        wire=wire,
        on_close=on_close,
        clock=clock,
    )


@dataclass
class PtzGateway:
    """A running gateway of motors and the hands to work it."""

    parts: ServiceParts
    bus: Bus
    tokens: TokenMint
    database: Database
    simulator: SimulatorProcess
    neighbours: Neighbours
    http: httpx.AsyncClient
    clock: SteppedClock

    async def ask(
        self, method: str, camera_id: str, path: str = "", agent_id: str = "op.durand", **body: Any
    ) -> httpx.Response:
        """Ask something about a camera's motors."""
        url = f"/api/stream/cameras/{camera_id}/ptz{path}"
        headers = self.tokens.agent_headers(agent_id)
        return await self.http.request(method, url, json=body if method in {"POST", "PUT"} else None, headers=headers)

    async def post(self, camera_id: str, path: str = "", agent_id: str = "op.durand", **body: Any) -> httpx.Response:
        """Command a camera."""
        return await self.ask("POST", camera_id, path, agent_id, **body)

    async def state(self, camera_id: str, agent_id: str = "op.durand") -> dict[str, Any]:
        """Return who moves a camera, as an agent is told."""
        answer = await self.ask("GET", camera_id, "", agent_id)
        answer.raise_for_status()
        return answer.json()

    async def lock(self, camera_id: str) -> PtzLock | None:
        """Return the stored lock."""
        async with self.database.transaction() as connection:
            return await read_ptz(connection, camera_id)

    @property
    def care(self) -> PtzCare:
        """Return a second one that looks when it is told to, beside the loop."""
        return ptz_care(self.parts.app.state)

    async def motor(self, camera_id: str) -> Motor:
        """Return a camera's motor, as the gateway talks to it."""
        state = self.parts.app.state
        known = state.guard.cameras.get(camera_id)
        return state.ptz.motor(camera_id, await state.sources.get(camera_id, known.revision))

    async def until_stopped(self, camera_id: str) -> None:
        """Wait until the camera was seen standing."""

        async def moving() -> bool:
            lock = await self.lock(camera_id)
            return lock is not None and lock.moving_until is not None

        await eventually(moving, until=lambda still: not still)

    def log(self, number: int = 1) -> list[str]:
        """Return the operations that a simulated camera has received."""
        return [command.operation for command in self.commands(number)]

    def commands(self, number: int = 1) -> list[PtzCommand]:
        """Return the commands that a simulated camera has received."""
        return self.simulator.ptz_log(number)

    async def until_told(self, operation: str, number: int = 1, times: int = 1) -> None:
        """Wait until a camera has received an operation."""

        async def count() -> int:
            return (await asyncio.to_thread(self.log, number)).count(operation)

        await eventually(count, until=lambda found: found >= times)

    async def facts(self, *names: str) -> list[dict[str, Any]]:
        """Return the payloads of the published facts of these names so far, oldest first; rows: ``entry_requested``."""
        found: list[dict[str, Any]] = []
        for stream in ("STREAM", "REGISTER"):
            last = (await self.bus.js.stream_info(stream)).state.last_seq
            for sequence in range(1, last + 1):
                try:
                    message = await self.bus.js.get_msg(stream, sequence)
                except NotFoundError:
                    continue
                envelope = Envelope.model_validate_json(message.data or b"")
                fact = envelope.type.split(".")[2]
                if fact in names:
                    found.append({"fact": fact, **envelope.data})
        return found

    async def add_camera(self, number: int = 1, **more: Any) -> CameraState:
        """Register simulated camera ``number``, at rest at home and without quirks."""
        camera = a_camera(f"PV-95598-{number:04d}-P1", has_ptz=True).model_copy(update=more)
        self.neighbours.know(camera.camera_id, self.simulator, number)
        await self.put(camera)
        return camera

    async def put(self, camera: CameraState) -> None:
        """Publish a camera's state and wait until the gateway knows it."""
        await put_camera(self.bus, camera)
        cameras = self.parts.app.state.guard.cameras

        async def known() -> bool:
            return cameras.get(camera.camera_id) == camera

        await eventually(known)

    def mount(self, camera_id: str, tokens: dict[int, str], tours: dict[str, list[tuple[int, int]]]) -> None:
        """Give the registry presets (number → token) and tours (id → steps) of a camera."""
        self.neighbours.mountings[camera_id] = {
            "presets": [
                {
                    "number": number,
                    "name": f"Préposition {number}",
                    "token": token,
                    "pan": None,
                    "tilt": None,
                    "zoom": None,
                }
                for number, token in tokens.items()
            ],
            "tours": [
                {
                    "tour_id": tour_id,
                    "name": f"Tournée {tour_id}",
                    "steps": [{"preset": number, "dwell_s": dwell} for number, dwell in steps],
                }
                for tour_id, steps in tours.items()
            ],
        }


def ptz_settings(servers: Servers, database: TestDatabase, tokens: TokenMint, folder: Path) -> Settings:
    """Return settings for a real bus and database; the object store is never asked."""
    return Settings(
        database_url=SecretStr(database.app_url),
        nats_url=servers.nats.url,
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("stream-gateway"),
        public_origin=ORIGIN,
        s3_endpoint="127.0.0.1:1",
        s3_access_key=SecretStr("none"),
        s3_secret_key=SecretStr("none"),
        registry_url="http://127.0.0.1:1",
        retention_url="http://127.0.0.1:1",
        spool_dir=folder / "spool",
    )


@asynccontextmanager
async def running_ptz(
    settings: Settings,
    *,
    bus: Bus,
    tokens: TokenMint,
    simulator: SimulatorProcess,
    neighbours: Neighbours | None = None,
    clock: SteppedClock | None = None,
) -> AsyncGenerator[PtzGateway, None]:
    """Run it with the agents of the journeys, a technicien and a partner of the police."""
    known = neighbours or Neighbours()
    await put_agents(bus)
    await put_agent(bus, an_agent("admin.petit", role=Role.ADMIN))
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(neighbours_app(known, tokens)))
        moved = clock or SteppedClock(datetime.now(UTC))
        parts = build_ptz(settings.model_copy(update={"registry_url": url}), moved)
        base_url = await stack.enter_async_context(running(parts))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=30))
        database = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.dispose)
        yield PtzGateway(parts, bus, tokens, database, simulator, known, http, moved)
