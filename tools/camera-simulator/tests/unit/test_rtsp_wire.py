"""RTSP requests survive any cut of the byte stream; what is not RTSP is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.rtsp_wire import (
    MAX_REQUEST_OCTETS,
    MalformedRequestError,
    RequestReader,
    encode_response,
    interleaved_channels,
)

PLAY = b"PLAY rtsp://h:1/cam/0001/main/ RTSP/1.0\r\nCSeq: 4\r\nSession: abc\r\n\r\n"
PARAMETER = b"GET_PARAMETER rtsp://h:1/cam/0001/main RTSP/1.0\r\ncseq:5\r\nContent-Length: 4\r\n\r\nping"
RECEIVER_REPORT = b"$\x01\x00\x08\x80\xc9\r\n\r\nxx"


@given(st.lists(st.integers(0, 400), max_size=12))
def test_any_cut_gives_the_same_requests(cuts: list[int]) -> None:
    octets = RECEIVER_REPORT + PLAY + RECEIVER_REPORT + PARAMETER + PLAY
    marks = sorted({0, *(cut for cut in cuts if cut < len(octets)), len(octets)})
    reader = RequestReader()
    requests = [request for start, end in pairwise(marks) for request in reader.feed(octets[start:end])]
    assert [request.method for request in requests] == ["PLAY", "GET_PARAMETER", "PLAY"]
    assert requests[0].path == ("cam", "0001", "main")
    assert requests[0].headers == {"cseq": "4", "session": "abc"}
    assert requests[1].headers["cseq"] == "5"


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"PLAY\r\n\r\n",
        b"\xff\xfe x RTSP/1.0\r\n\r\n",
        b"PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        b"PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"A" * (MAX_REQUEST_OCTETS + 1),
    ],
)
def test_what_is_not_rtsp_is_refused(octets: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        list(RequestReader().feed(octets))


@pytest.mark.parametrize(
    ("transport", "channels"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=0-1", (0, 1)),
        ("RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-5", (4, 5)),
        ("RTP/AVP/TCP;unicast", (0, 1)),
        ("RTP/AVP/TCP;interleaved=6", (6, 7)),
        ("RTP/AVP;unicast;client_port=5000-5001", None),
        ("RTP/AVP/TCP;interleaved=300-301", None),
        ("RTP/AVP/TCP;interleaved=2-2", None),
        ("RTP/AVP/TCP;interleaved=x", None),
        ("", None),
    ],
)
def test_interleaved_channels(transport: str, channels: tuple[int, int] | None) -> None:
    assert interleaved_channels(transport) == channels


def test_response_tells_the_octets_of_its_body() -> None:
    response = encode_response(200, sequence="9", headers={"X": "y"}, body="é", server="s")
    assert response == (b"RTSP/1.0 200 OK\r\nCSeq: 9\r\nServer: s\r\nX: y\r\nContent-Length: 2\r\n\r\n\xc3\xa9")
