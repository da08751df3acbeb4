"""Calibrating a camera, and pointing it at a place of the map."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.registry import CameraState
from guard import Guard
from policy import Action
from stream_gateway.domain.ptz.aiming import NotAimable, Optics, Reference, calibrate
from stream_gateway.domain.ptz.geodesy import Place
from stream_gateway.domain.ptz.orders import AbsoluteMove
from stream_gateway.repository.ptz_calibrations import KeptCalibration, find_calibration, save_calibration
from stream_gateway.use_cases.asking import Asked, check_right


async def keep_calibration(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    camera_id: str,
    height_m: float,
    references: Sequence[Reference],
    optics: Optics | None,
) -> KeptCalibration:
    """Calibrate a camera where it stands now; raises CalibrationInvalid."""
    grant = await check_right(connection, guard, asked, Action.CONFIGURE, camera_id)
    state = guard.cameras.get(camera_id)
    if state is None:
        raise LookupError(camera_id)
    found = calibrate(place_of(state), height_m, references, optics)
    kept = KeptCalibration(found, grant.agent.agent_id, asked.at)
    await save_calibration(connection, camera_id, kept)
    return kept


async def aim(connection: AsyncConnection, *, guard: Guard, camera_id: str, target: Place) -> AbsoluteMove:
    """Return the move that points a camera at a place; raises NotAimable, which tells what to do."""
    state, kept = guard.cameras.get(camera_id), await find_calibration(connection, camera_id)
    if state is None or kept is None:
        raise NotAimable("Cette caméra n'est pas calée sur la carte : demandez son calage au technicien.")
    return kept.calibration.aim(target, camera=place_of(state))


def place_of(state: CameraState) -> Place:
    """Return where a camera stands."""
    return Place(state.lon, state.lat)
