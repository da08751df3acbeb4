"""Presets of registry and camera, and pointing at the map, on a simulated head."""

from typing import Any

import pytest
from pyproj import Geod

from common.testing.polling import eventually
from stream_gateway.domain.ptz.geodesy import elevation_deg
from stream_gateway.testing.ptz_rig import PtzGateway

pytestmark = pytest.mark.integration
WGS84 = Geod(ellps="WGS84")
ADMIN = "admin.petit"


def reference(lon: float, lat: float, pan: float, metres: float) -> dict[str, float]:
    """Return a place as a dome sees it that hangs at 8 m, north at pan 0, with the horizon at tilt 0.8."""
    there_lon, there_lat, _ = WGS84.fwd(lon, lat, 180.0 * pan, metres)
    tilt = 0.8 + elevation_deg(8.0, metres) / 50.0
    return {"pan": pan, "tilt": tilt, "lon": there_lon, "lat": there_lat}


async def test_presets_are_kept_listed_gone_to_and_forgotten(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    await gateway.post(camera_id, "/absolute", pan=0.2, tilt=0.1)

    async def arrived() -> bool:
        told = await (await gateway.motor(camera_id)).pointing()
        return told.moving is False and told.pan == pytest.approx(0.2)

    await eventually(arrived)
    assert (await gateway.post(camera_id, "/presets", name="Gare")).status_code == 403
    held = await gateway.post(camera_id, "/presets", ADMIN, name="Gare")
    assert held.status_code == 409, held.text  # an operator is moving it
    assert (await gateway.ask("DELETE", camera_id)).status_code == 204
    kept = await gateway.post(camera_id, "/presets", ADMIN, name="Gare")
    assert kept.status_code == 201, kept.text
    token = kept.json()["token"]
    gateway.mount(camera_id, {3: token, 4: "gone"}, {"T": [(3, 5)]})
    listed = (await gateway.ask("GET", camera_id, "/presets")).json()
    assert listed["camera_answered"] is True
    assert [(one["number"], one["token"], one["reachable"]) for one in listed["items"]] == [
        (3, token, True),
        (4, "gone", False),
        (None, "1", True),
    ]
    assert listed["items"][0]["pan"] == pytest.approx(0.2)
    assert listed["tours"] == [{"tour_id": "T", "name": "Tournée T", "presets": [3], "runnable": True}]
    await gateway.post(camera_id, "/home")
    assert (await gateway.post(camera_id, "/goto", number=3)).status_code == 200
    await eventually(arrived)
    assert (await gateway.post(camera_id, "/goto", number=9)).status_code == 422
    assert (await gateway.post(camera_id, "/goto", token="nobody-knows")).status_code == 503
    await gateway.ask("DELETE", camera_id)
    assert (await gateway.ask("DELETE", camera_id, f"/presets/{token}")).status_code == 403
    assert (await gateway.ask("DELETE", camera_id, f"/presets/{token}", ADMIN)).status_code == 204
    assert token not in [one["token"] for one in (await presets(gateway, camera_id)) if one["on_camera"]]


async def presets(gateway: PtzGateway, camera_id: str) -> list[dict[str, object]]:
    return (await gateway.ask("GET", camera_id, "/presets")).json()["items"]


async def test_a_camera_that_is_away_hides_no_preset(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    gateway.neighbours.sources[camera.camera_id]["onvif_url"] = "http://127.0.0.1:1/x"
    await gateway.put(camera.model_copy(update={"revision": 1}))
    gateway.mount(camera.camera_id, {3: "3"}, {})
    listed = (await gateway.ask("GET", camera.camera_id, "/presets")).json()
    assert listed["camera_answered"] is False
    assert [(one["number"], one["reachable"]) for one in listed["items"]] == [(3, True)]


async def test_a_calibrated_camera_looks_at_a_place_of_the_map(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    camera_id, lon, lat = camera.camera_id, camera.lon, camera.lat
    target_lon, target_lat, _ = WGS84.fwd(lon, lat, 45.0, 80.0)
    unknown = await gateway.post(camera_id, "/point", lon=target_lon, lat=target_lat)
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:vigie:problem:point-non-visable")
    assert "calage" in unknown.json()["detail"]
    points = [reference(lon, lat, -0.4, 15.0), reference(lon, lat, 0.5, 200.0)]
    body: dict[str, Any] = {"height_m": 8.0, "points": points, "wide_deg": 60.0, "tele_deg": 6.0}
    assert (await gateway.ask("PUT", camera_id, "/calibration", **body)).status_code == 403
    poor = await gateway.ask("PUT", camera_id, "/calibration", ADMIN, height_m=8.0, points=points[:1] * 2)
    assert (poor.status_code, poor.json()["errors"][0]["field"]) == (422, "points")
    kept = await gateway.ask("PUT", camera_id, "/calibration", ADMIN, **body)
    assert kept.status_code == 200, kept.text
    assert kept.json()["residual_deg"] < 0.05
    assert (await gateway.ask("GET", camera_id, "/calibration")).json()["pan_gain_deg"] == pytest.approx(180, abs=0.1)
    assert (await gateway.state(camera_id))["calibrated"] is True
    assert (await gateway.post(camera_id, "/point", lon=target_lon, lat=target_lat)).status_code == 200
    move = gateway.commands()[-1]
    assert move.operation == "AbsoluteMove"
    assert move.pan == pytest.approx(0.25, abs=0.001)
    assert move.tilt == pytest.approx(0.8 + elevation_deg(8.0, 80.0) / 50.0, abs=0.002)
    assert move.zoom is not None
    assert 0.0 < move.zoom < 1.0


async def test_a_camera_that_was_moved_wants_a_new_calibration(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    points = [reference(camera.lon, camera.lat, -0.4, 15.0), reference(camera.lon, camera.lat, 0.5, 200.0)]
    kept = await gateway.ask("PUT", camera.camera_id, "/calibration", ADMIN, height_m=8.0, points=points)
    assert (kept.status_code, kept.json()["stale"]) == (200, False)
    await gateway.put(camera.model_copy(update={"lon": camera.lon + 0.001, "revision": 1}))
    assert (await gateway.ask("GET", camera.camera_id, "/calibration")).json()["stale"] is True
    refused = await gateway.post(camera.camera_id, "/point", lon=camera.lon, lat=camera.lat + 0.001)
    assert refused.status_code == 409
    assert "déplacée" in refused.json()["detail"]
    assert gateway.log() == []
