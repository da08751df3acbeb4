"""A room full of views on one gateway: every one of them goes on, and a camera is pulled once for all who watch it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import pairwise

import psutil
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually
from common.testing.states import an_agent, put_agent
from stream_gateway.domain.access_units import CLOCK_HZ
from stream_gateway.domain.fragments import Fragment, FragmentSplitter, InitSegment
from stream_gateway.settings import Settings
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

CAMERAS = 24
AGENTS = ("op.durand", "op.voisin", "chef.martin", "op.lebrun")
PICTURES = 50
"""More than two groups of pictures: who is dropped to the next key frame misses some."""
STEPS = {CLOCK_HZ // 10, CLOCK_HZ * 2 // 25}
"""The sub streams of the simulated cameras have 10 or 12.5 pictures a second."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=CAMERAS, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Record as in production, and do not take a busy machine for a silent camera."""
    return settings.model_copy(update={"segment_seconds": 60, "silence_seconds": 60.0})


@dataclass
class View:
    """One session on one camera: what its WebSocket brought."""

    camera_id: str
    socket: ClientConnection
    init: InitSegment | None = None
    pictures: list[Fragment] = field(default_factory=list[Fragment])

    async def read(self) -> None:
        """Take what comes, for ever."""
        splitter = FragmentSplitter()
        while True:
            message = await self.socket.recv()
            for part in splitter.feed(message) if isinstance(message, bytes) else []:
                if isinstance(part, Fragment):
                    self.pictures.append(part)
                else:
                    assert self.init is None, "the feed began anew"
                    self.init = part


async def viewing(gateway: Gateway, stack: AsyncExitStack, camera_id: str, agent_id: str) -> View:
    answer = await gateway.open_session(camera_id, agent_id, quality="sub")
    assert answer.status_code == 201, answer.text
    session = answer.json()
    socket = await stack.enter_async_context(
        websockets.connect(
            gateway.ws_url(session["websocket_path"]),
            additional_headers=gateway.headers(agent_id),
            compression=None,
            max_size=None,
            ping_interval=None,  # all of this is one process: a busy machine is no dead peer
        )
    )
    await socket.send(json.dumps({"token": session["token"]}))
    return View(camera_id, socket)


def lines_to(simulator: SimulatorProcess) -> frozenset[int]:
    """Return the local ports of the connections that this process, the gateway, has to the simulated cameras."""
    port = simulator.addresses.rtsp_port
    connections = psutil.Process().net_connections("tcp")
    return frozenset(one.laddr.port for one in connections if one.raddr and one.raddr.port == port)


async def test_ninety_six_views_go_on_and_no_camera_is_pulled_twice(
    gateway: Gateway, simulator: SimulatorProcess
) -> None:
    await put_agent(gateway.bus, an_agent("op.lebrun"))
    cameras = [(await gateway.add_camera(number)).camera_id for number in range(1, CAMERAS + 1)]
    hubs = gateway.parts.app.state.hubs

    async def live() -> bool:
        streams = [hubs.hub(camera_id, quality) for camera_id in cameras for quality in ("main", "sub")]
        return all(hub is not None and hub.status.state == "live" for hub in streams)

    await eventually(live, within=150)
    lines = lines_to(simulator)
    assert len(lines) == 2 * CAMERAS
    views: list[View] = []
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        reading: list[asyncio.Task[None]] = []
        for agent_id in AGENTS:
            for camera_id in cameras:
                views.append(await viewing(gateway, stack, camera_id, agent_id))
                reading.append(tasks.create_task(views[-1].read()))
        assert len(views) == 96
        seen = [len(view.pictures) for view in views]

        async def all_go_on() -> bool:
            return all(len(view.pictures) >= before + PICTURES for view, before in zip(views, seen, strict=True))

        await eventually(all_go_on, within=150)
        assert lines_to(simulator) == lines, "the same connections, one for main and one for sub of each camera"
        for task in reading:
            task.cancel()
    for view in views:
        assert view.pictures[0].keyframe
        steps = {after.decode_time - before.decode_time for before, after in pairwise(view.pictures)}
        assert len(steps) == 1, f"{view.camera_id} stopped or jumped: {steps}"
        assert steps <= STEPS
    for camera_id in cameras:
        same = [view for view in views if view.camera_id == camera_id]
        told = [{one.decode_time: one.content for one in view.pictures} for view in same]
        shared = set[int].intersection(*(set(one) for one in told))
        assert all(one[at] == told[0][at] for one in told for at in shared)
        init = same[0].init
        assert init is not None
        film = [init.content, *(one.content for one in same[0].pictures[:PICTURES])]
        frames = await asyncio.to_thread(frames_of, film)
        assert [(frame.width, frame.height) for frame in frames] == [(640, 360)] * PICTURES
