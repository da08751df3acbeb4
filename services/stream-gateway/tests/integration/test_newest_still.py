"""A still over the whole way shows no picture older than the newest one at the time of asking."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from camera_simulator.testing import SimulatorProcess, read_counter
from common.testing.polling import eventually
from stream_gateway.domain.access_units import Group, ParameterSets
from stream_gateway.stills import still
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration

LOOP = 500
"""The counter of the camera begins anew after so many pictures, which take 20 s."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=1, flash_count=1, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


def number_on(jpeg: bytes) -> int:
    return read_counter(frames_of(jpeg)[0].to_ndarray(format="gray").astype(np.uint8, copy=False))


async def test_each_look_shows_the_newest_picture_also_when_the_camera_is_followed(gateway: Gateway) -> None:
    camera_id = (await gateway.add_camera(1)).camera_id
    state = gateway.parts.app.state

    async def group() -> tuple[ParameterSets, Group] | None:
        return state.feeds.group_at_hand(camera_id, "main")

    async def newest() -> int:
        present = await group()
        assert present is not None
        return number_on(await asyncio.to_thread(still, *present))

    await eventually(group, until=lambda found: found is not None)
    for _ in range(8):
        before = await newest()
        answer = await gateway.http.get(f"/api/stream/cameras/{camera_id}/snapshot", headers=gateway.headers())
        assert answer.status_code == 200, answer.text
        after = await newest()
        assert (number_on(answer.content) - before) % LOOP <= (after - before) % LOOP
        await asyncio.sleep(0.3)
    assert state.stills.followed == {camera_id}
