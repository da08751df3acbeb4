"""The simulator's own endpoints: what there is, and faults."""

import av
import httpx
import pytest

from camera_simulator.testing import SimulatorError, SimulatorProcess

pytestmark = pytest.mark.integration


def control(simulator: SimulatorProcess, path: str) -> str:
    addresses = simulator.addresses
    return f"http://{addresses.host}:{addresses.onvif_port}/simulator/{path}"


def test_cameras_are_listed_with_their_addresses(simulator: SimulatorProcess) -> None:
    items = httpx.get(control(simulator, "cameras"), timeout=10).json()["items"]
    assert [item["camera"] for item in items] == [f"{number:04d}" for number in range(1, 7)]
    assert [item["has_ptz"] for item in items] == [True] * 3 + [False] * 3
    assert items[1]["main_url"] == simulator.rtsp_url(2)
    assert items[1]["sub_url"] == simulator.rtsp_url(2, "sub")
    assert items[1]["onvif_url"] == simulator.onvif_url(2)


HEALTHY = {"freeze": False, "offline": False, "picture": None, "clock_error_s": 0.0}


def test_faults_are_remembered_and_end(simulator: SimulatorProcess) -> None:
    url = control(simulator, "cameras/0006/faults")
    assert httpx.post(url, json={"freeze": True}, timeout=10).json() == HEALTHY | {"freeze": True}
    assert httpx.post(url, json={"offline": True}, timeout=10).json() == HEALTHY | {"freeze": True, "offline": True}
    with pytest.raises(httpx.TransportError):
        httpx.post(simulator.onvif_url(6), content="<x/>", timeout=10)
    simulator.set_faults(6)
    assert httpx.get(url, timeout=10).json() == HEALTHY
    assert httpx.post(simulator.onvif_url(6), content="<x/>", timeout=10).status_code == 400


def test_a_camera_can_be_made_to_send_sick_pictures_and_a_wrong_time(simulator: SimulatorProcess) -> None:
    url = control(simulator, "cameras/0006/faults")
    for picture in ("still", "black", "blurred", "shifted"):
        simulator.set_faults(6, picture=picture, clock_error_s=90)
        assert httpx.get(url, timeout=10).json() == HEALTHY | {"picture": picture, "clock_error_s": 90.0}
        with av.open(simulator.rtsp_url(6, "sub", with_credentials=True), options={"rtsp_transport": "tcp"}) as stream:
            frame = next(stream.decode(video=0))
        dark = int(frame.to_ndarray(format="gray").max()) < 24
        assert (picture == "black") == dark
    simulator.set_faults(6)
    assert httpx.get(url, timeout=10).json() == HEALTHY


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"freeze": 1}', '{"melt": true}', '{"picture": "pink"}', '{"clock_error_s": NaN}']
)
def test_unknown_faults_are_refused(simulator: SimulatorProcess, body: str) -> None:
    assert httpx.post(control(simulator, "cameras/0006/faults"), content=body, timeout=10).status_code == 400


def test_unknown_camera(simulator: SimulatorProcess) -> None:
    assert httpx.get(control(simulator, "cameras/0999/faults"), timeout=10).status_code == 404


def test_a_taken_port_is_said_in_words(simulator: SimulatorProcess) -> None:
    second = SimulatorProcess(count=1, rtsp_port=simulator.addresses.rtsp_port)
    with pytest.raises(SimulatorError, match="address already in use"):
        second.start()
