"""SOAP requests are parsed safely and their callers checked; durations and motion follow their rules."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.camera import MOTION_PERIOD_SECONDS, Camera
from camera_simulator.digest import Credentials
from camera_simulator.onvif.durations import duration_seconds
from camera_simulator.onvif.soap import SoapFaultError, UsernameTokenGate, parse

RIGHT = "right"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def request(security: str = "", doctype: str = "") -> bytes:
    return (
        f'{doctype}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{security}</s:Header>'
        '<s:Body><GetProfile xmlns="http://www.onvif.org/ver10/media/wsdl"><ProfileToken>main</ProfileToken>'
        "</GetProfile></s:Body></s:Envelope>"
    ).encode()


def token(*, username: str = "admin", password: str = RIGHT, created: datetime = NOW, nonce: bytes = b"n") -> str:
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + stamp.encode() + password.encode(), usedforsecurity=False).digest()
    return (
        f'<Security xmlns="{WSSE}"><UsernameToken><Username>{username}</Username>'
        f"<Password>{base64.b64encode(digest).decode()}</Password>"
        f'<Nonce>{base64.b64encode(nonce).decode()}</Nonce><Created xmlns="{WSU}">{stamp}</Created>'
        "</UsernameToken></Security>"
    )


def gate() -> UsernameTokenGate:
    return UsernameTokenGate(Credentials("admin", RIGHT), lambda: NOW)


def test_operation_and_values() -> None:
    parsed = parse(request())
    assert (parsed.prefix, parsed.name) == ("trt", "GetProfile")
    assert parsed.required("trt:ProfileToken") == "main"
    with pytest.raises(SoapFaultError, match="trt:Other is missing"):
        parsed.required("trt:Other")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a>",
        b"<a/>",
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        request(doctype='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    ],
)
def test_what_is_not_soap_is_refused(document: bytes) -> None:
    with pytest.raises(SoapFaultError):
        parse(document)


def test_right_token_once() -> None:
    checked = gate()
    checked.check(parse(request(token())))
    with pytest.raises(SoapFaultError):
        checked.check(parse(request(token())))
    checked.check(parse(request(token(nonce=b"other"))))


@pytest.mark.parametrize(
    "security",
    [
        "",
        token(password="wrong"),
        token(username="other"),
        token(created=NOW - timedelta(minutes=6)),
        token(created=NOW + timedelta(minutes=6)),
        token().replace("</Nonce>", "?</Nonce>"),
        token().replace("Created", "Creation"),
    ],
)
def test_wrong_token(security: str) -> None:
    with pytest.raises(SoapFaultError) as refusal:
        gate().check(parse(request(security)))
    assert refusal.value.subcode == ("ter:NotAuthorized",)


def test_faults_escape_what_the_client_said() -> None:
    assert "<x>" not in SoapFaultError("no profile <x>", "ter:InvalidArgVal").envelope()


@pytest.mark.parametrize(("duration", "seconds"), [("PT10S", 10), ("PT0.5S", 0.5), ("PT1M30S", 90), ("P1DT1H", 90_000)])
def test_durations(duration: str, seconds: float) -> None:
    assert duration_seconds(duration) == seconds


@pytest.mark.parametrize("duration", ["", "P", "PT", "10", "PTS", "P1Y", "-PT1S"])
def test_no_durations(duration: str) -> None:
    with pytest.raises(SoapFaultError):
        duration_seconds(duration)


@given(st.integers(1, 9999), st.floats(0, 1e6))
def test_motion_comes_and_goes_once_a_period(number: int, now: float) -> None:
    camera = Camera(number, {}, None)
    assert camera.motion_at(now).at <= now
    changes = [camera.next_motion_change(now)]
    while len(changes) < 5:
        changes.append(camera.next_motion_change(changes[-1].at))
    assert changes[0].at > now
    assert changes[0].moving != camera.motion_at(now).moving
    assert all(after.at > before.at and after.moving != before.moving for before, after in pairwise(changes))
    assert changes[2].at - changes[0].at == MOTION_PERIOD_SECONDS
