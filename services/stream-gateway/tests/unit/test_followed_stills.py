"""Which cameras are followed, and that a look at one finds its newest picture decoded but for the last few."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from common.testing.polling import eventually
from stream_gateway.domain.access_units import AccessUnit, Group, ParameterSets
from stream_gateway.followed_stills import Stills
from stream_gateway.stills import NoStill, still
from stream_gateway.testing.counting import counted

GROUP = 30
TORN = b"\0\0\0\x02\x41\xff"


class Cameras:
    """What is at hand of some cameras: all of them show the same film."""

    def __init__(self) -> None:
        coding = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "main", "-bf", "0")
        self.parameters, units, _ = counted(*coding, pictures=2 * GROUP, group=GROUP)
        self.groups = (tuple(units[:GROUP]), tuple(units[GROUP:]))
        self.shown: dict[str, Group] = {}

    def at_hand(self, camera_id: str) -> tuple[ParameterSets, Group] | None:
        group = self.shown.get(camera_id)
        return (self.parameters, group) if group is not None else None


@pytest.fixture
def cameras() -> Cameras:
    return Cameras()


@pytest_asyncio.fixture
async def stills(cameras: Cameras) -> AsyncIterator[Stills]:
    made = Stills(cameras.at_hand, at_most=2, again_seconds=60.0)
    yield made
    await made.close()
    assert not made.followed


def torn(group: Group) -> tuple[AccessUnit, ...]:
    """Return a group of which only the key frame and the last picture can be decoded."""
    return (group[0], *(unit._replace(sample=TORN) for unit in group[1:-1]), group[-1])


async def test_a_camera_is_followed_from_the_second_look_on(cameras: Cameras, stills: Stills) -> None:
    for group in (cameras.groups[0][:5], cameras.groups[0][:20]):
        assert await stills.take("one", cameras.parameters, group) == still(cameras.parameters, group)
        assert stills.followed == (frozenset() if len(group) == 5 else {"one"})


async def test_what_was_decoded_while_it_was_followed_is_not_decoded_again(cameras: Cameras, stills: Stills) -> None:
    group = cameras.groups[0]
    cameras.shown["one"] = group[:20]
    for _ in range(2):
        await stills.take("one", cameras.parameters, group[:3])

    async def looked() -> bytes:
        try:
            return await stills.take("one", cameras.parameters, torn(group[:21]))
        except NoStill:
            return b""

    expected = still(cameras.parameters, group[:21])
    assert await eventually(looked, until=lambda jpeg: jpeg != b"") == expected


async def test_whatever_is_decoded_at_the_same_time_each_look_gets_its_newest_picture(
    cameras: Cameras, stills: Stills
) -> None:
    for group in cameras.groups:
        for length in range(1, GROUP + 1, 2):
            cameras.shown["one"] = present = group[:length]
            looks = [stills.take("one", cameras.parameters, present) for _ in range(3)]
            assert set(await asyncio.gather(*looks)) == {still(cameras.parameters, present)}
            await asyncio.sleep(0.02)
    assert stills.followed == {"one"}


async def test_no_more_cameras_are_followed_than_may_be(cameras: Cameras, stills: Stills) -> None:
    group = cameras.groups[0]
    for camera_id in ("one", "two", "three"):
        for _ in range(3):
            assert await stills.take(camera_id, cameras.parameters, group) == still(cameras.parameters, group)
    assert stills.followed == {"one", "two"}


async def test_a_camera_that_nobody_looks_at_any_more_is_left_and_makes_room(cameras: Cameras) -> None:
    stills = Stills(cameras.at_hand, at_most=1, again_seconds=2.0)
    try:
        for camera_id in ("one", "two"):
            for _ in range(2):
                await stills.take(camera_id, cameras.parameters, cameras.groups[0])
            assert stills.followed == {camera_id}

            async def left() -> bool:
                return not stills.followed

            await eventually(left)
    finally:
        await stills.close()


async def test_a_camera_that_went_away_while_it_was_followed_is_no_error(cameras: Cameras, stills: Stills) -> None:
    group = cameras.groups[0]
    cameras.shown["one"] = group
    for _ in range(2):
        await stills.take("one", cameras.parameters, group)
    cameras.shown.clear()
    await asyncio.sleep(0.3)
    assert stills.followed == {"one"}
    assert await stills.take("one", cameras.parameters, group) == still(cameras.parameters, group)
