"""RTSP on the wire: what we ask, what a camera answers, in any pieces and with frames before and between."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.rtsp_wire import RequestReader, encode_response
from stream_gateway.native.rtsp_headers import (
    RtspMalformed,
    Session,
    Transport,
    read_session,
    read_transport,
)
from stream_gateway.native.rtsp_messages import (
    MAX_BODY_BYTES,
    MAX_EARLY_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MessageReader,
    Method,
    RtspRequest,
    RtspResponse,
    answer_to,
    build_request,
    parse_message,
)

URL = "rtsp://camera:554/stream?channel=1"
frames = st.binary(max_size=40).map(lambda body: b"$\x00" + len(body).to_bytes(2, "big") + body)
bodies = st.text(st.characters(codec="ascii"), max_size=60)
answers = st.tuples(st.sampled_from([200, 401, 404]), st.integers(0, 99), bodies)


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return [octets[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(frames | answers, max_size=10), st.lists(st.integers(0, 1 << 16), max_size=20), st.binary(max_size=3))
def test_answers_of_the_simulator_among_frames(
    sent: list[bytes | tuple[int, int, str]], cuts: list[int], tail: bytes
) -> None:
    """Whatever the pieces: every answer once, every frame kept, and the unread rest after them."""
    octets = b""
    for one in sent:
        octets += one if isinstance(one, bytes) else b"\r\n" + _answer(*one)
    rest = b"$" + tail
    reader = MessageReader()
    told = [message for piece in pieces(octets + rest, cuts) for message in reader.feed(piece)]
    expected = [one for one in sent if not isinstance(one, bytes)]
    assert [(m.status, m.sequence, m.body.decode()) for m in told if isinstance(m, RtspResponse)] == expected
    assert len(told) == len(expected)
    if not (len(tail) == 3 and tail[1:] == b"\0\0"):
        assert reader.leftover() == b"".join(one for one in sent if isinstance(one, bytes)) + rest
        assert reader.leftover() == b""


def _answer(status: int, sequence: int, body: str) -> bytes:
    headers = {"Session": "12;timeout=30"}
    return encode_response(status, sequence=str(sequence), headers=headers, body=body, server="x")


@given(st.sampled_from(list(Method)), st.integers(1, 1 << 31))
def test_the_simulator_understands_our_requests(method: Method, sequence: int) -> None:
    asked = build_request(method, URL, sequence=sequence, headers={"Session": "a", "User-Agent": "Vigie"})
    (read,) = RequestReader().feed(asked)
    assert (read.method, read.url) == (method.value, URL)
    assert read.headers == {"cseq": str(sequence), "session": "a", "user-agent": "Vigie"}


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("rtsp://camera/a b", {}),
        ("rtsp://camera/a\r\nX: y", {}),
        ("rtsp://user:secret@camera/a", {}),
        (URL, {"Session": "a\r\nX: y"}),
        (URL, {"X\n": "y"}),
    ],
)
def test_no_request_is_written_that_would_say_more_than_meant(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="holds") as refused:
        build_request(Method.PLAY, url, sequence=1, headers=headers)
    assert "secret" not in str(refused.value)


def test_headers_in_the_ways_of_cameras() -> None:
    read = parse_message(
        b"RTSP/1.0 401 \nCSEQ:3\nwww-authenticate: Digest a\nWWW-Authenticate: Basic b\n\tc\nnonsense\n\n"
    )
    assert isinstance(read, RtspResponse)
    assert (read.status, read.sequence) == (401, 3)
    assert read.all("WWW-Authenticate") == ("Digest a", "Basic b c")
    assert read.header("Session") is None


@pytest.mark.parametrize(
    ("method", "expected"),
    [("OPTIONS", b"RTSP/1.0 200 OK"), ("SET_PARAMETER", b"RTSP/1.0 200 OK"), ("REDIRECT", b"RTSP/1.0 501 ")],
)
def test_requests_of_the_camera_are_answered(method: str, expected: bytes) -> None:
    (asked,) = MessageReader().feed(f"{method} {URL} RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 2\r\n\r\nab".encode())
    assert isinstance(asked, RtspRequest)
    assert asked.body == b"ab"
    answer = answer_to(asked)
    assert answer.startswith(expected)
    (read,) = MessageReader().feed(answer)
    assert read.sequence == 9


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"RTSP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 OK\r\n\r\n",
        b"\x80\x60\x00\x01",
        b"RTSP/1.0 200 OK\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES,
        f"RTSP/1.0 200 OK\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode(),
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_what_is_no_rtsp_is_malformed(octets: bytes) -> None:
    with pytest.raises(RtspMalformed):
        MessageReader().feed(octets)


def test_the_largest_body_is_read() -> None:
    body = b"b" * MAX_BODY_BYTES
    (read,) = MessageReader().feed(f"RTSP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    assert read.body == body


def test_frames_before_the_answer_are_bounded() -> None:
    reader = MessageReader()
    frame = b"$\x00\xff\xff" + bytes(0xFFFF)
    for _ in range(40):
        reader.feed(frame)
    assert reader.dropped_early
    rest = reader.leftover()
    assert len(rest) <= MAX_EARLY_BYTES
    assert rest == frame * (len(rest) // len(frame))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=0-1", Transport(0, 1, None)),
        ("RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=DEADBEEF;mode=play", Transport(4, 5, 0xDEADBEEF)),
        ("rtp/avp/tcp; Interleaved = 6", Transport(6, 7, None)),
        ("RTP/AVP/TCP;interleaved=0-1;ssrc=zz,RTP/AVP;client_port=1-2", Transport(0, 1, None)),
    ],
)
def test_transports(value: str, expected: Transport) -> None:
    assert read_transport(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "RTP/AVP;client_port=1-2", "RTP/AVP/TCP", "RTP/AVP/TCP;interleaved=3-3", "RTP/AVP/TCP;interleaved=255",
     "RTP/AVP/TCP;interleaved=256-257", "RTP/AVP/TCP;interleaved=a-b", "RTP/AVP/TCP;interleaved=-1"],
)  # fmt: skip
def test_transports_that_are_of_no_use(value: str) -> None:
    with pytest.raises(RtspMalformed):
        read_transport(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12345678", Session("12345678", 60)),
        ("A-b$_.+;timeout=30", Session("A-b$_.+", 30)),
        ("x ; Timeout = 90", Session("x", 90)),
        ("x;timeout=0", Session("x", 60)),
        ("x;timeout=999999999", Session("x", 60)),
    ],
)
def test_sessions(value: str, expected: Session) -> None:
    assert read_session(value) == expected


def test_a_session_without_a_name_is_malformed() -> None:
    for value in ("", ";timeout=3", "a b", "é"):
        with pytest.raises(RtspMalformed):
            read_session(value)
