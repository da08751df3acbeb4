"""What the tests of the fleet share: a camera of a kind, what the bus was told, and a person more."""

from datetime import UTC, datetime
from typing import Any

from camera_registry.domain.camera import Camera
from camera_registry.repository.cameras import one_camera
from common.testing.polling import eventually
from common.testing.states import SOISY, an_agent, put_agent
from contracts.access import RegisterEntry, Role
from contracts.envelope import Envelope
from contracts.registry import CameraKind, CameraState, CameraStatus

from .conftest import Registry


def a_camera(registry: Registry, kind: CameraKind, insee: str = SOISY) -> Camera:
    """Return a covered camera of a kind in service in a commune, as it was seeded."""
    return next(
        camera
        for camera in registry.seed.cameras
        if camera.kind is kind and camera.insee == insee and camera.status is CameraStatus.EN_SERVICE
    )


async def stored(registry: Registry, camera_id: str) -> Camera:
    """Return a camera as the database holds it."""
    async with registry.database.transaction() as conn:
        camera = await one_camera(conn, registry.vault, camera_id)
    assert camera is not None
    return camera


async def told(registry: Registry, camera_id: str, revision: int) -> CameraState:
    """Return the state of a camera on the bus once it is of that revision."""

    async def state() -> CameraState | None:
        found = registry.parts.app.state.guard.cameras.get(camera_id)
        return found if found is not None and found.revision >= revision else None

    found = await eventually(state)
    assert found is not None
    return found


async def all_sent(registry: Registry) -> None:
    """Wait until the outbox holds nothing more to send."""

    async def unsent() -> int:
        async with registry.database.transaction() as conn:
            return (await conn.exec_driver_sql("SELECT count(*) FROM outbox")).scalar_one()

    await eventually(unsent, until=lambda count: count == 0)


async def register_rows(registry: Registry) -> list[RegisterEntry]:
    """Return the rows asked of the register so far, in their order."""
    await all_sent(registry)
    info = await registry.bus.js.stream_info("REGISTER")
    found = [await registry.bus.js.get_msg("REGISTER", seq) for seq in range(1, info.state.last_seq + 1)]
    return [RegisterEntry.model_validate(Envelope.model_validate_json(each.data or b"").data) for each in found]


async def a_chief(registry: Registry) -> dict[str, str]:
    """Make a shift leader of Soisy and return the headers of the session."""
    await put_agent(registry.bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE, communes=(SOISY,)))

    async def known() -> Any:
        return registry.parts.app.state.guard.agents.get("chef.martin")

    assert await eventually(known)
    return registry.agent("chef.martin")


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)
