"""An ONVIF client that we did not write moves a head, and the simulator tells what it received."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError
from zeep.exceptions import Fault

from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
TIMEOUT_SECONDS = 20
PROFILE = {"ProfileToken": "main"}


@pytest.fixture(scope="module")
def moving() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=1, ptz_count=1) as process:
        yield process


@pytest.fixture(autouse=True)
def fresh(moving: SimulatorProcess) -> Iterator[None]:
    moving.clear_ptz_log(1)
    yield
    moving.set_quirks(1)


@asynccontextmanager
async def ptz_of(simulator: SimulatorProcess) -> AsyncGenerator[Any]:
    camera = ONVIFCamera(simulator.addresses.host, simulator.addresses.onvif_port, "", "")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await camera.update_xaddrs()
            yield await camera.create_ptz_service()
    finally:
        await camera.close()


async def at_rest(ptz: Any) -> tuple[float, float, float]:
    while True:
        status = await ptz.GetStatus(PROFILE)
        if status.MoveStatus.PanTilt == status.MoveStatus.Zoom == "IDLE":
            return status.Position.PanTilt.x, status.Position.PanTilt.y, status.Position.Zoom.x
        await asyncio.sleep(0.05)


async def test_commands_are_logged_with_the_clock_of_the_machine(moving: SimulatorProcess) -> None:
    before = time.monotonic()
    async with ptz_of(moving) as ptz:
        velocity = {"PanTilt": {"x": 0.5, "y": -0.25}, "Zoom": {"x": 0.1}}
        await ptz.ContinuousMove({**PROFILE, "Velocity": velocity, "Timeout": timedelta(seconds=2)})
        await ptz.Stop({**PROFILE, "PanTilt": True, "Zoom": True})
        token = await ptz.SetPreset({**PROFILE, "PresetName": "Parvis"})
        await ptz.GotoPreset({**PROFILE, "PresetToken": token})
        await ptz.GetStatus(PROFILE)
        await ptz.RemovePreset({**PROFILE, "PresetToken": token})
    move, stop, kept, gone_to, removed = moving.ptz_log(1)
    assert (move.operation, move.pan, move.tilt, move.zoom, move.timeout_s) == ("ContinuousMove", 0.5, -0.25, 0.1, 2.0)
    assert [command.operation for command in (stop, kept)] == ["Stop", "SetPreset"]
    assert (gone_to.preset, removed.preset) == (token, token)
    instants = [before, *(command.received_at for command in moving.ptz_log(1)), time.monotonic()]
    assert instants == sorted(instants)
    assert moving.ptz_calls(1)["GetStatus"] == 1
    moving.clear_ptz_log(1)
    assert (moving.ptz_log(1), moving.ptz_calls(1)) == ([], {})


async def test_speeds_limits_and_a_home_that_is_set(moving: SimulatorProcess) -> None:
    async with ptz_of(moving) as ptz:
        (configuration,) = await ptz.GetConfigurations()
        options = await ptz.GetConfigurationOptions({"ConfigurationToken": configuration.token})
        compatible = await ptz.GetCompatibleConfigurations(PROFILE)
        node = await ptz.GetNode({"NodeToken": configuration.NodeToken})
        assert configuration.PanTiltLimits.Range.XRange.Max == 1
        assert configuration.ZoomLimits.Range.XRange.Min == 0
        assert configuration.DefaultPTZSpeed.PanTilt.x == 1
        assert options.Spaces.PanTiltSpeedSpace[0].XRange.Max == 1
        assert [found.token for found in compatible] == [configuration.token]
        assert node.FixedHomePosition is False
        away = {"PanTilt": {"x": 0.2, "y": 0.1}, "Zoom": {"x": 0.2}}
        slow = {"PanTilt": {"x": 0.5, "y": 0.5}, "Zoom": {"x": 1.0}}
        await ptz.AbsoluteMove({**PROFILE, "Position": away, "Speed": slow})
        assert await at_rest(ptz) == pytest.approx((0.2, 0.1, 0.2), abs=1e-3)
        await ptz.SetHomePosition(PROFILE)
        await ptz.GotoPreset({**PROFILE, "PresetToken": "1"})
        assert await at_rest(ptz) == (0, 0, 0)
        await ptz.GotoHomePosition(PROFILE)
        assert await at_rest(ptz) == pytest.approx((0.2, 0.1, 0.2), abs=1e-3)
        await ptz.GotoPreset({**PROFILE, "PresetToken": "1"})
        await at_rest(ptz)
        await ptz.SetHomePosition(PROFILE)
        with pytest.raises((ONVIFError, Fault), match="speed out of bounds"):
            await ptz.AbsoluteMove({**PROFILE, "Position": away, "Speed": {"PanTilt": {"x": 3.0, "y": 0.0}}})


async def test_a_camera_that_forgets_to_stop_moves_until_it_is_told(moving: SimulatorProcess) -> None:
    moving.set_quirks(1, "forgets_stop", "slow_ptz")
    async with ptz_of(moving) as ptz:
        turn = {**PROFILE, "Velocity": {"PanTilt": {"x": 0.05, "y": 0.0}}, "Timeout": timedelta(seconds=0.1)}
        await ptz.ContinuousMove(turn)
        for _ in range(3):  # each answer comes 0.3 s later, the timeout is over
            assert (await ptz.GetStatus(PROFILE)).MoveStatus.PanTilt == "MOVING"
        await ptz.Stop({**PROFILE, "PanTilt": True, "Zoom": True})
        assert (await ptz.GetStatus(PROFILE)).MoveStatus.PanTilt == "IDLE"
        moving.set_quirks(1)
        await ptz.ContinuousMove(turn)
        await at_rest(ptz)
    first, second = [one.received_at for one in moving.ptz_log(1) if one.operation in ("ContinuousMove", "Stop")][:2]
    assert second - first >= 4 * 0.3  # four late answers lie between them
