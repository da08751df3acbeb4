"""Commands on the presets and tours of an orientable camera."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Camera
from camera_registry.domain.presets import Preset, PresetInvalid, Tour
from camera_registry.ports import CredentialVault
from camera_registry.repository import presets as repository
from camera_registry.repository.cameras import lock_register, one_camera
from camera_registry.use_cases.cameras import CameraUnknown


@dataclass(frozen=True, slots=True)
class Mounting:
    """What a camera can turn to."""

    presets: Sequence[Preset]
    tours: Sequence[Tour]


class PresetUnknown(LookupError):
    """The camera has no preset with this number, or no tour with this id."""


class PresetInUse(ValueError):
    """Tours stop at the preset; ``tours`` are their names."""

    def __init__(self, tours: Sequence[str]) -> None:
        super().__init__(", ".join(tours))
        self.tours = tuple(tours)


async def mounting_of(conn: AsyncConnection, camera_id: str) -> Mounting:
    """Return a camera's presets and tours."""
    presets = await repository.presets_of(conn, camera_id)
    tours = await repository.tours_of(conn, camera_id)
    return Mounting(tuple(presets.values()), tuple(tours.values()))


async def keep_preset(*, conn: AsyncConnection, vault: CredentialVault, preset: Preset) -> None:
    """Keep a preset under its number, in the place of the one before. Raises CameraUnknown, PresetInvalid."""
    await _turning(conn, vault, preset.camera_id)
    await repository.save_preset(conn, preset)


async def forget_preset(*, conn: AsyncConnection, camera_id: str, number: int) -> None:
    """Forget a preset. Raises PresetUnknown, PresetInUse."""
    await lock_register(conn)
    if number not in await repository.presets_of(conn, camera_id):
        raise PresetUnknown(camera_id)
    visiting = [tour.name for tour in (await repository.tours_of(conn, camera_id)).values() if tour.visits(number)]
    if visiting:
        raise PresetInUse(visiting)
    await repository.delete_preset(conn, camera_id, number)


async def keep_tour(*, conn: AsyncConnection, vault: CredentialVault, tour: Tour) -> None:
    """Keep a tour under its id, in the place of the one before. Raises CameraUnknown, PresetInvalid."""
    await _turning(conn, vault, tour.camera_id)
    known = await repository.one_tour(conn, tour.tour_id)
    if known is not None and known.camera_id != tour.camera_id:
        raise PresetInvalid("tour_id", "Cet identifiant est celui d'une tournée d'une autre caméra.")
    tour.check_presets((await repository.presets_of(conn, tour.camera_id)).keys())
    await repository.save_tour(conn, tour)


async def forget_tour(*, conn: AsyncConnection, camera_id: str, tour_id: str) -> None:
    """Forget a tour. Raises PresetUnknown."""
    await lock_register(conn)
    if tour_id not in await repository.tours_of(conn, camera_id):
        raise PresetUnknown(camera_id)
    await repository.delete_tour(conn, tour_id)


async def _turning(conn: AsyncConnection, vault: CredentialVault, camera_id: str) -> Camera:
    await lock_register(conn)
    camera = await one_camera(conn, vault, camera_id)
    if camera is None:
        raise CameraUnknown(camera_id)
    if not camera.has_ptz:
        raise PresetInvalid("camera_id", "Cette caméra n'est pas orientable : elle n'a pas de préréglage.")
    return camera
