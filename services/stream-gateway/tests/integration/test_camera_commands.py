"""PTZ and snapshots on a simulated camera that really moves."""

from typing import Any

import httpx
import pytest

from common.testing.polling import eventually
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration


async def command(gateway: Gateway, camera_id: str, agent_id: str, **move: Any) -> httpx.Response:
    return await gateway.http.post(f"/api/stream/cameras/{camera_id}/ptz", json=move, headers=gateway.headers(agent_id))


async def snapshot(gateway: Gateway, camera_id: str) -> bytes:
    answer = await gateway.http.get(f"/api/stream/cameras/{camera_id}/snapshot", headers=gateway.headers())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    return answer.content


def brightness(jpeg: bytes) -> list[float]:
    """Return the mean of each of 16 vertical bands: enough to see that the view moved."""
    picture = frames_of(jpeg)[0].to_ndarray(format="gray")
    assert picture.shape == (720, 1280)
    return [float(picture[:, at : at + 80].mean()) for at in range(0, 1280, 80)]


async def test_a_snapshot_is_a_whole_picture_and_leaves_a_row(gateway: Gateway) -> None:
    camera = await gateway.add_camera(2)
    assert max(brightness(await snapshot(gateway, camera.camera_id))) > 10
    row = await gateway.wait_for("entry_requested", lambda data: data["action"] == "snapshot")
    assert row["result"] == "allowed"


async def test_a_move_changes_the_picture(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1, has_ptz=True)
    before = brightness(await snapshot(gateway, camera.camera_id))
    answer = await command(gateway, camera.camera_id, "op.durand", pan=1.0, zoom=1.0, duration_ms=1500)
    assert answer.status_code == 200, answer.text
    assert answer.json()["holder_id"] == "op.durand"

    async def moved_by() -> float:
        after = brightness(await snapshot(gateway, camera.camera_id))
        return max(abs(one - other) for one, other in zip(before, after, strict=True))

    await eventually(moved_by, until=lambda difference: difference > 8)


async def test_a_camera_without_motors_or_of_nobody_is_refused_with_a_row(gateway: Gateway) -> None:
    camera = await gateway.add_camera(2, has_ptz=False)
    refused = await command(gateway, camera.camera_id, "op.durand", pan=0.2)
    assert refused.status_code == 403
    assert refused.json()["rule"] == "camera_orientable"
    assert (await command(gateway, camera.camera_id, "op.enghien", pan=0.2)).status_code == 404
    await gateway.wait_for("entry_requested", lambda data: data["rule"] == "commune_de_l_employeur")
