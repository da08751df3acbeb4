"""Masks of a simulated dome: it turns, and what is private stays hidden where it is in the world.

The simulator shows a moving window of a flat clip, so this camera's "lens" is a flat one; the pinhole that real cameras
have is proved in tests/unit/test_moving_masks.py. Where the head was at each picture is found out from the unmasked
picture itself, which only this test has.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from camera_simulator.ptz import Position, window_at
from camera_simulator.testing import SimulatorProcess
from common.clock import SystemClock
from common.testing.polling import eventually
from stream_gateway.domain.moving_masks import Area, Corner, Direction, HeadPosition, MovingMasks, SignedView
from stream_gateway.domain.ptz.orders import AbsoluteMove
from stream_gateway.masking.engine import MaskingBudget, MaskingEngine
from stream_gateway.masking.wire import Coding
from stream_gateway.media import Pull
from stream_gateway.native.engine import NativeEngine
from stream_gateway.onvif.motor import OnvifMotor
from stream_gateway.ports import CameraSource
from stream_gateway.ptz.positions import PtzPositions
from stream_gateway.testing.masked import Samples

from .test_masking_engine import Kept, Tee, shows

pytestmark = pytest.mark.integration
PRIVATE: Area = ((0.42, 0.3), (0.56, 0.3), (0.56, 0.5), (0.42, 0.5))
"""In the picture of the head at home, which is the whole clip."""
HOME, THERE = Position(), Position(pan=-0.2, tilt=0.25, zoom=0.12)
STEPS = 120


@dataclass(frozen=True, slots=True)
class FlatWindow:
    """The simulator's world: the clip itself."""

    def direction(self, position: HeadPosition, corner: Corner) -> Direction:
        window = window_at(Position(position.pan, position.tilt, position.zoom))
        return window.left + corner[0] * window.size, window.top + corner[1] * window.size, 1.0

    def corners(self, position: HeadPosition, outline: Sequence[Direction]) -> Area:
        window = window_at(Position(position.pan, position.tilt, position.zoom))
        return tuple(((x - window.left) / window.size, (y - window.top) / window.size) for x, y, _ in outline)


@pytest_asyncio.fixture
async def motor(simulator: SimulatorProcess) -> AsyncIterator[OnvifMotor]:
    simulator.set_faults(1)
    pull = Pull(simulator.rtsp_url(1, with_credentials=True))
    source = CameraSource(pull, pull, simulator.onvif_url(1), simulator.username, simulator.password)
    motor = OnvifMotor(source, within=5.0)
    yield motor
    await motor.obey(AbsoluteMove(0.0, 0.0, 0.0))
    await motor.close()


async def test_what_is_private_stays_hidden_while_the_head_turns(
    simulator: SimulatorProcess, motor: OnvifMotor
) -> None:
    async def motor_of(_camera_id: str) -> OnvifMotor:
        return motor

    clock = SystemClock()
    positions = PtzPositions(motor_of, clock, idle_seconds=0.2)
    tee = Tee(NativeEngine())
    engine = MaskingEngine(
        tee, MaskingBudget(1), Coding(rate_factor=20.0, preset="ultrafast"), clock=clock, heads=positions
    )
    home = HeadPosition(HOME.pan, HOME.tilt, HOME.zoom, clock.now())
    masks = MovingMasks("dome", (SignedView(home, (PRIVATE,)),), FlatWindow())
    kept = Kept()
    opened = engine.open(Pull(simulator.rtsp_url(1, with_credentials=True), (), masks), kept)
    await kept.several(30)
    for target in (THERE, HOME, THERE):
        await motor.obey(AbsoluteMove(target.pan, target.tilt, target.zoom))
        positions.moved("dome")

        async def there(wanted: Position = target) -> bool:
            told = positions.current("dome")
            return told is not None and (told.pan, told.tilt, told.zoom) == (wanted.pan, wanted.tilt, wanted.zoom)

        await eventually(there)
        await kept.several(len(kept.units) + 10)
    await opened.close()
    await positions.close()

    hidden, clear = kept.pictures(), tee.clear.pictures()
    world = np.median(np.stack(clear[:5]), axis=0).astype(np.uint8)
    optics, seen, moved = FlatWindow(), 0, 0
    outline = [optics.direction(home, corner) for corner in PRIVATE]
    for masked, original in zip(hidden, clear, strict=False):
        share = best_share(world, original)
        place = between(share)
        shape = optics.corners(HeadPosition(place.pan, place.tilt, place.zoom, clock.now()), outline)
        assert not shows(masked, inner(shape)), f"something private shows {share:.0%} of the way"
        seen += bool(masked.max() > 60)
        moved += bool(masked.max() > 60 and 0.1 < share < 0.9)
    assert seen > len(hidden) / 2, "the rest of the picture is seen"
    assert moved, "also while it turns"


def between(share: float) -> Position:
    """Where the head is after a share of its way: all axes arrive together."""
    return Position(
        *(
            a + share * (b - a)
            for a, b in zip((HOME.pan, HOME.tilt, HOME.zoom), (THERE.pan, THERE.tilt, THERE.zoom), strict=True)
        )
    )


def best_share(world: Samples, picture: Samples) -> float:
    """Find out how far the head was by comparing the picture with the scene, seen from everywhere on the way."""
    small = picture[::8, ::8].astype(np.int16)
    rows, columns = small.shape

    def error(step: int) -> float:
        window = window_at(between(step / STEPS))
        y = ((window.top + (np.arange(rows) + 0.5) / rows * window.size) * world.shape[0]).astype(int)
        x = ((window.left + (np.arange(columns) + 0.5) / columns * window.size) * world.shape[1]).astype(int)
        seen: NDArray[np.int16] = world[np.ix_(y, x)].astype(np.int16)
        return float(np.median(np.abs(seen - small)))

    return min(range(STEPS + 1), key=error) / STEPS


def inner(shape: Area) -> Area:
    """The middle of an area: nine tenths of it, for the comparison with the scene is not exact to the pixel."""
    x, y = (sum(corner[axis] for corner in shape) / len(shape) for axis in (0, 1))
    return tuple((x + 0.9 * (corner[0] - x), y + 0.9 * (corner[1] - y)) for corner in shape)
