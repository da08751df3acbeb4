"""A room with wall and rondes on a real bus and a real database, and a clock that the test moves.

The media plane is left out: what a camera's motors and pictures would answer is told by the test through the ports of
``rondes.ports``. The suite on the whole gateway runs the same journeys with simulated cameras.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from common.auth import Principal
from common.bus import Bus
from common.clock import SteppedClock
from common.database import Database
from common.ids import new_id
from common.service import Part, ServiceParts
from common.settings import ServiceSettings
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import TestDatabase
from common.testing.states import put_camera
from common.testing.tokens import TokenMint
from contracts.envelope import Envelope
from contracts.registry import CameraState
from guard import Guard, Motive
from guard.assembly import House, assemble
from guard.seal import seal_rows_of
from policy import Context
from stream_gateway.api import rondes, scenes, walls, watching
from stream_gateway.domain.prewarm import PrewarmBudget
from stream_gateway.domain.ronde_runs import Picture, PresetOutcome
from stream_gateway.domain.sessions import ViewingSession
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.rondes.ports import Holder, PictureProbe
from stream_gateway.rondes.runner import RondeRunner
from stream_gateway.session_tokens import SessionTokens
from stream_gateway.tables import outbox
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.sessions import open_session

LEASE_SECONDS = 2.0
_ORIGIN = "http://127.0.0.1:8080"


@dataclass
class ToldMedia:
    """Answers for the media plane as the test told it to, and remembers what it was asked."""

    pictures: dict[str, tuple[Picture, str]] = field(default_factory=dict)
    outcomes: dict[str, tuple[PresetOutcome, str]] = field(default_factory=dict)
    moves: list[tuple[str, str, str]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    warmed: list[tuple[str, datetime]] = field(default_factory=list)

    async def go(self, asked: Asked, camera_id: str, preset: str, holder: Holder) -> tuple[PresetOutcome, str]:
        self.moves.append((asked.principal.subject, camera_id, preset))
        return self.outcomes.get(camera_id, (PresetOutcome.ATTEINTE, holder.role and ""))

    async def look(self, camera_id: str) -> tuple[Picture, str]:
        self.looks.append(camera_id)
        return self.pictures.get(camera_id, (Picture.OK, ""))

    def want(self, camera_ids: Iterable[str], until: datetime) -> frozenset[str]:
        wanted = frozenset(camera_ids)
        self.warmed += [(camera_id, until) for camera_id in sorted(wanted)]
        return wanted


@dataclass
class Room:
    """A running room and the hands to work it."""

    parts: ServiceParts
    http: httpx.AsyncClient
    bus: Bus
    tokens: TokenMint
    database: Database
    clock: SteppedClock
    media: ToldMedia
    logins: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def guard(self) -> Guard:
        guard: Guard = self.parts.app.state.guard
        return guard

    def headers(self, agent_id: str = "op.durand") -> dict[str, str]:
        """Return the headers of an agent's one log-in."""
        return self.logins.setdefault(agent_id, self.tokens.agent_headers(agent_id))

    def login_of(self, agent_id: str) -> Principal:
        """Return who the agent's token says is calling."""
        token = self.headers(agent_id)["Authorization"].removeprefix("Bearer ")
        principal: Principal = self.parts.app.state.verifier.verify(token)
        return principal

    async def call(
        self, method: str, path: str, agent_id: str = "op.durand", /, *, status: int = 200, **body: Any
    ) -> dict[str, Any]:
        """Call the API as an agent, expect a status, and return the answer's body."""
        sent: dict[str, Any] = {} if method == "GET" else {"json": body}
        answer = await self.http.request(method, f"/api/stream{path}", headers=self.headers(agent_id), **sent)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else {}

    async def add_cameras(self, *cameras: CameraState) -> None:
        """Put cameras on the bus and wait until the room knows them."""
        for camera in cameras:
            await put_camera(self.bus, camera)

        async def known() -> bool:
            return all(self.guard.cameras.get(camera.camera_id) == camera for camera in cameras)

        await eventually(known)

    async def watch(self, camera_id: str, agent_id: str = "op.durand") -> ViewingSession:
        """Open a viewing session as an agent."""
        asked = Asked(self.login_of(agent_id), "10.0.0.7", self.clock.now(), Motive(), Context())
        async with self.database.transaction() as connection:
            return await open_session(
                connection,
                guard=self.guard,
                asked=asked,
                session_id=new_id(),
                camera_id=camera_id,
                quality="sub",
                lease_for=timedelta(seconds=30),
            )

    def runner(self, database: Database | None = None, *, pictures: PictureProbe | None = None) -> RondeRunner:
        """Return one more process that drives rondes; give it a database of its own to be killed apart.

        ``pictures``: its own look at pictures, so that it can be held up alone.
        """
        return RondeRunner(
            database=database or self.database,
            guard=self.guard,
            clock=self.clock,
            presets=self.media,
            pictures=pictures or self.media,
            warmth=self.media,
            lease_seconds=LEASE_SECONDS,
        )

    async def facts(self, fact: str) -> list[Envelope]:
        """Return what the outbox holds of a fact, oldest first: nothing relays it here."""
        async with self.database.reading() as connection:
            bodies = (await connection.execute(select(outbox.c.body).order_by(outbox.c.seq))).scalars()
            envelopes = [Envelope.model_validate_json(body) for body in bodies]
        return [envelope for envelope in envelopes if envelope.type.split(".")[2] == fact]

    async def register_rows(self, action: str) -> list[dict[str, Any]]:
        """Return the register rows that were asked for with an action."""
        return [row.data for row in await self.facts("entry_requested") if row.data["action"] == action]


@asynccontextmanager
async def running_room(
    database: TestDatabase, *, bus: Bus, tokens: TokenMint, start: datetime
) -> AsyncGenerator[Room, None]:
    """Serve wall and rondes; nobody drives runs unless the test does."""
    clock, media = SteppedClock(start), ToldMedia()

    def wire(house: House) -> dict[str, Part]:
        state = house.app.state
        state.session_tokens = SessionTokens(house.key, 60)
        state.preset_mover = state.warmth = media
        state.prewarm_budget = PrewarmBudget()
        return {}

    settings = ServiceSettings(
        database_url=SecretStr(database.app_url),
        nats_url=bus.nc.connected_url.geturl() if bus.nc.connected_url else "",
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file(SOURCE),
        public_origin=_ORIGIN,
    )
    parts = assemble(
        service=SOURCE,
        title="room",
        settings=settings,
        routers=(rondes.router, scenes.router, walls.router, watching.router),
        subscriptions=lambda _house: [],
        wire=wire,
        clock=clock,
    )
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(parts, loops=False))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        own = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(own.dispose)
        seal_rows_of(own, parts.app.state.service_key)
        yield Room(parts=parts, http=http, bus=bus, tokens=tokens, database=own, clock=clock, media=media)
