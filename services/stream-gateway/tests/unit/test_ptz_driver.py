"""One camera's driver against motors that hang, forget and fail. Waiting is for events, never for a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from stream_gateway.domain.ptz.orders import (
    AbsoluteMove,
    ContinuousMove,
    GoToPreset,
    Order,
    Pointing,
    Stop,
    StoredPreset,
    Velocity,
)
from stream_gateway.ports import PositionUntold, PtzFailed
from stream_gateway.ptz.driver import Outcome, PtzDriver


@dataclass
class LabMotor:
    """``Motor`` of a camera that misbehaves as told."""

    heard: list[Order] = field(default_factory=list[Order])
    ignores_stops: int = 0
    fails: list[type[Order]] = field(default_factory=list[type[Order]])
    hangs: list[type[Order]] = field(default_factory=list[type[Order]])
    breaks: bool = False
    untold: bool = False
    moving: bool = False
    closed: bool = False
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def obey(self, order: Order) -> None:
        self.heard.append(order)
        self.news.set()
        if type(order) in self.hangs:
            self.hanging.set()
            await asyncio.Event().wait()
        if self.breaks:
            raise OverflowError("date value out of range")
        if type(order) in self.fails:
            raise PtzFailed("La caméra a refusé la commande.")
        if isinstance(order, ContinuousMove):
            self.moving = True
        elif isinstance(order, Stop) and self.ignores_stops:
            self.ignores_stops -= 1
        else:
            self.moving = False

    async def pointing(self) -> Pointing:
        if self.breaks:
            raise KeyError("Position")
        if self.untold:
            raise PositionUntold
        return Pointing(0.0, 0.0, 0.0, self.moving)

    async def presets(self) -> list[StoredPreset]:
        return []

    async def set_preset(self, name: str, token: str | None) -> str:
        return token or name

    async def remove_preset(self, token: str) -> None:
        del token

    async def close(self) -> None:
        self.closed = True

    async def until_heard(self, kind: type[Order], times: int = 1) -> None:
        async with asyncio.timeout(30):
            while sum(isinstance(order, kind) for order in self.heard) < times:
                self.news.clear()
                await self.news.wait()


@dataclass
class Lab:
    motor: LabMotor
    driver: PtzDriver
    stood: asyncio.Queue[int]

    async def until_it_stands(self) -> int:
        async with asyncio.timeout(30):
            return await self.stood.get()


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    stood: asyncio.Queue[int] = asyncio.Queue()

    async def note(_camera_id: str, fence: int) -> None:
        await stood.put(fence)

    motor = LabMotor()
    driver = PtzDriver("C", motor, note)
    yield Lab(motor, driver, stood)
    await driver.close()


def move(seconds: float = 0.05) -> ContinuousMove:
    return ContinuousMove(Velocity(pan=0.5), seconds)


async def test_a_move_that_nobody_renews_is_stopped_and_seen_standing(lab: Lab) -> None:
    assert await lab.driver.order(1, move()) is Outcome.SENT
    assert await lab.until_it_stands() == 1
    assert lab.motor.heard == [move(), Stop()]


async def test_a_camera_that_forgets_stops_is_told_again_until_it_stands(lab: Lab) -> None:
    lab.motor.ignores_stops = 3
    await lab.driver.order(1, move())
    await lab.until_it_stands()
    assert lab.motor.heard == [move(), Stop(), Stop(), Stop(), Stop()]
    assert not lab.motor.moving


async def test_a_camera_that_does_not_tell_where_it_points_is_believed(lab: Lab) -> None:
    lab.motor.untold = True
    await lab.driver.order(1, move(2.0))
    await lab.driver.order(2, Stop())
    assert await lab.until_it_stands() == 2
    assert lab.motor.heard == [move(2.0), Stop()]


async def test_a_stop_does_not_wait_for_a_move_that_hangs(lab: Lab) -> None:
    lab.motor.hangs = [ContinuousMove]
    hanging = asyncio.create_task(lab.driver.order(1, move(2.0)))
    await lab.motor.hanging.wait()
    assert await lab.driver.order(2, Stop()) is Outcome.SENT
    assert await hanging is Outcome.REPLACED
    assert await lab.until_it_stands() == 2


async def test_a_stop_that_fails_is_tried_again(lab: Lab) -> None:
    lab.motor.fails = [Stop]
    await lab.driver.order(1, move(2.0))
    with pytest.raises(PtzFailed):
        await lab.driver.order(2, Stop())
    await lab.motor.until_heard(Stop, times=2)
    lab.motor.fails = []
    await lab.until_it_stands()
    assert not lab.motor.moving


async def test_a_motor_that_breaks_answers_who_asked_and_the_driver_goes_on(lab: Lab) -> None:
    lab.motor.breaks = True
    with pytest.raises(PtzFailed):
        await asyncio.wait_for(lab.driver.order(1, move(2.0)), 30)
    with pytest.raises(PtzFailed):
        await asyncio.wait_for(lab.driver.order(2, Stop()), 30)
    await lab.motor.until_heard(Stop, times=2)  # nobody can tell whether it stands
    lab.motor.breaks = False
    assert await lab.until_it_stands() == 2
    assert await lab.driver.order(3, AbsoluteMove(0.1, 0.1)) is Outcome.SENT


async def test_a_motor_that_breaks_while_it_is_closed_is_closed(lab: Lab) -> None:
    await lab.driver.order(1, move(2.0))
    lab.motor.breaks = True
    await lab.driver.close()
    assert lab.motor.closed


async def test_a_refused_preset_does_not_let_the_move_before_go_on(lab: Lab) -> None:
    lab.motor.fails = [GoToPreset]
    await lab.driver.order(1, move(2.0))
    with pytest.raises(PtzFailed):
        await lab.driver.order(2, GoToPreset("9"))
    await lab.motor.until_heard(Stop)
    await lab.until_it_stands()
    assert not lab.motor.moving


async def test_joystick_updates_are_coalesced_and_the_newest_arrives(lab: Lab) -> None:
    speeds = [step / 100 for step in range(1, 101)]
    orders = [
        asyncio.create_task(lab.driver.order(number, ContinuousMove(Velocity(pan=speed), 2.0)))
        for number, speed in enumerate(speeds, start=1)
    ]
    outcomes = await asyncio.gather(*orders)
    heard = [order.velocity.pan for order in lab.motor.heard if isinstance(order, ContinuousMove)]
    assert heard[-1] == speeds[-1]
    assert outcomes.count(Outcome.SENT) == len(heard)
    assert len(heard) < len(speeds)
    assert heard == sorted(heard)


async def test_an_order_that_was_allowed_earlier_comes_too_late(lab: Lab) -> None:
    await lab.driver.order(2, AbsoluteMove(0.1, 0.1))
    assert await lab.driver.order(1, move()) is Outcome.REPLACED
    assert lab.motor.heard == [AbsoluteMove(0.1, 0.1)]


async def test_closing_stops_what_moves(lab: Lab) -> None:
    await lab.driver.order(1, move(2.0))
    await lab.driver.close()
    assert lab.motor.heard == [move(2.0), Stop()]
    assert lab.motor.closed
