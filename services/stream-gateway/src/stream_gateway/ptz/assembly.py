"""Puts the parts that move cameras together, for every process of this service."""

from datetime import timedelta

from starlette.datastructures import State

from common.auth import ServiceKey
from guard import Guard
from stream_gateway.onvif.motor import OnvifMotor
from stream_gateway.ports import CameraSource, Motor
from stream_gateway.ptz.care import PtzCare, note_of_stops
from stream_gateway.ptz.gate import PtzGate
from stream_gateway.ptz.heads import PtzHeads
from stream_gateway.ptz.positions import PtzPositions
from stream_gateway.registry_mountings import RegistryMountings
from stream_gateway.settings import Settings
from stream_gateway.use_cases.ptz_care import HomeWait


def wire_ptz(state: State, key: ServiceKey) -> None:
    """Add ``ptz``, ``ptz_positions`` and ``mountings`` to a state that has all the rest of the service."""
    settings: Settings = state.settings
    guard: Guard = state.guard

    def open_motor(source: CameraSource) -> Motor:
        return OnvifMotor(source, within=settings.ptz_seconds)

    heads = PtzHeads(open_motor, note_of_stops(state.database))

    async def motor_of(camera_id: str) -> Motor:
        camera = guard.cameras.get(camera_id)
        return heads.motor(camera_id, await state.sources.get(camera_id, camera.revision if camera else 0))

    positions = PtzPositions(motor_of, state.clock, idle_seconds=0.2)  # whoever follows hides what is private
    heads.tell_of_moves(positions.moved)
    state.ptz, state.ptz_positions, state.ptz_gate = heads, positions, PtzGate()
    state.mountings = RegistryMountings(state.http, settings.registry_url, key)


def ptz_care(state: State) -> PtzCare:
    """Return what looks after cameras that nobody commands."""
    return PtzCare(
        database=state.database,
        guard=state.guard,
        clock=state.clock,
        heads=state.ptz,
        sources=state.sources,
        home_wait=home_wait(state.settings),
    )


async def close_ptz(state: State) -> None:
    """Stop what moves and close every connection to a camera."""
    await state.ptz_positions.close()
    await state.ptz.close()


def home_wait(settings: Settings) -> HomeWait:
    """Return how long after the last command a camera goes home, by commune."""

    def wait(insee: str) -> timedelta:
        return timedelta(minutes=settings.ptz_home_minutes_of.get(insee, settings.ptz_home_minutes))

    return wait
