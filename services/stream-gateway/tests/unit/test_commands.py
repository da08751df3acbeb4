"""What is given to ffmpeg: the address where nobody sees it, and nothing that could be a second line."""

import pytest

from stream_gateway.ffmpeg.commands import UnusableAddress, input_script, pull_command
from stream_gateway.media import Pull
from stream_gateway.ports import CameraSource
from stream_gateway.registry_client import source_from

URL = "rtsp://vigie:p%40ss'word@10.0.0.7/main"


def test_the_address_is_in_no_argument_and_in_no_repr() -> None:
    pull = Pull(URL)
    source = CameraSource(pull, pull, "http://10.0.0.7/onvif", "vigie", "p@ss'word")
    for text in (*pull_command(), repr(pull), repr(source)):
        assert "10.0.0.7" not in text
        assert "word" not in text


def test_a_quote_in_a_password_stays_inside_the_script_line() -> None:
    script = input_script(Pull(URL)).decode()
    assert "file 'rtsp://vigie:p%40ss'\\''word@10.0.0.7/main'" in script.splitlines()


def test_a_camera_that_refuses_tcp_is_asked_by_udp_and_never_for_its_sound() -> None:
    assert "option rtsp_transport tcp" in input_script(Pull(URL)).decode().splitlines()
    lines = input_script(Pull(URL), by_udp=True).decode().splitlines()
    assert "option rtsp_transport udp" in lines
    assert "option allowed_media_types video" in lines


@pytest.mark.parametrize("url", ["rtsp://a/b\nfile '/etc/shadow'", "rtsp://a/\x00"])
def test_a_second_line_cannot_be_smuggled_in(url: str) -> None:
    with pytest.raises(UnusableAddress):
        input_script(Pull(url))


def test_credentials_of_the_registry_are_quoted_into_the_address_once() -> None:
    source = source_from({"main_url": "rtsp://10.0.0.7:8554/main", "username": "vi gie", "password": "p@ss/word"})
    assert source.main.url == "rtsp://vi%20gie:p%40ss%2Fword@10.0.0.7:8554/main"
    assert source.sub == source.main
    kept = source_from({"main_url": "rtsp://a:b@10.0.0.7/main", "username": "x", "password": "y"})
    assert kept.main.url == "rtsp://a:b@10.0.0.7/main"
