"""Where an address may lead, and when credentials stay with their camera: pure rules."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.camera import CameraInvalid, Endpoints
from camera_registry.domain.camera_network import CameraNetworks, same_devices
from camera_registry.settings import PRIVATE_NETWORKS

NONE = Endpoints()
KNOWN = Endpoints(main_url="rtsp://10.0.0.1/a", onvif_url="http://10.0.0.1/onvif")
HOUSE = CameraNetworks(PRIVATE_NETWORKS, frozenset({"cam-1.ville.test"}))


@pytest.mark.parametrize(
    "host",
    [
        *("8.8.8.8", "127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:169.254.169.254]"),
        *("metadata.internal", "127.1", "2130706433", "cam-1.ville.test.attaquant.test"),
    ],
)
def test_addresses_outside_the_cameras_networks_are_refused(host: str) -> None:
    with pytest.raises(CameraInvalid) as refused:
        HOUSE.check(Endpoints(onvif_url=f"http://{host}/onvif"), NONE)
    assert refused.value.field == "onvif"
    assert "réglages du registre" in refused.value.message


@given(st.ip_addresses(v=4, network="172.16.0.0/12"))
def test_addresses_inside_pass_and_so_do_declared_names_and_what_stood_before(address: object) -> None:
    HOUSE.check(Endpoints(main_url=f"rtsp://{address}:8554/x"), NONE)
    HOUSE.check(Endpoints(main_url="rtsp://CAM-1.ville.test/x"), NONE)
    old = Endpoints(main_url="rtsp://ancienne-camera/x")
    HOUSE.check(replace(old, onvif_url="http://10.0.0.1/"), old)
    CameraNetworks((IPv4Network("127.0.0.0/8"),)).check(Endpoints(main_url="rtsp://localhost:1/x"), NONE)


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"main_url": "rtsp://10.0.0.1/autre"}, True),
        ({"main_url": "rtsp://10.0.0.1:554/a"}, True),
        ({"onvif_url": None}, True),
        ({"onvif_url": "http://10.9.9.9/onvif"}, False),
        ({"onvif_url": "http://10.0.0.1:8080/onvif"}, False),
        ({"main_url": "rtsps://10.0.0.1/a"}, False),
        ({"sub_url": "rtsp://10.0.0.1:8554/b"}, False),
    ],
)
def test_credentials_stay_with_the_host_and_port_they_were_given_for(
    change: dict[str, str | None], *, stays: bool
) -> None:
    assert same_devices(KNOWN, replace(KNOWN, **change)) is stays


def test_no_detour_over_an_empty_sheet_carries_credentials_away() -> None:
    assert not same_devices(NONE, KNOWN)
    emptied = replace(KNOWN, onvif_url=None)
    assert not same_devices(emptied, replace(emptied, onvif_url="http://10.0.0.1:8080/"))


def test_a_device_may_name_its_own_streams_on_the_host_that_is_known() -> None:
    asked = Endpoints(onvif_url="http://10.0.0.1/onvif")
    assert same_devices(asked, replace(asked, main_url="rtsp://10.0.0.1:8554/a"), told_by_device=True)
    assert not same_devices(asked, replace(asked, main_url="rtsp://10.0.0.2/a"), told_by_device=True)
    assert not same_devices(KNOWN, replace(KNOWN, main_url="rtsp://10.0.0.1:8554/a"), told_by_device=True)
