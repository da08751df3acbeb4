"""Digest authentication accepts the right account, for a while, and nothing else."""

import hashlib
import re

import pytest

from camera_simulator.digest import NONCE_SECONDS, REALM, Credentials, DigestGate, Verdict

RIGHT = "right"
ACCOUNT = Credentials("admin", RIGHT)
URI = "rtsp://h/cam/0001/main"


class WallClock:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def answer(challenge: str, *, username: str = "admin", password: str = RIGHT, qop: bool = False) -> str:
    found = re.search('nonce="([^"]+)"', challenge)
    assert found is not None
    nonce = found.group(1)
    account, request = md5(f"{username}:{REALM}:{password}"), md5(f"DESCRIBE:{URI}")
    if qop:
        response, extra = md5(f"{account}:{nonce}:00000001:c:auth:{request}"), ', qop=auth, nc=00000001, cnonce="c"'
    else:
        response, extra = md5(f"{account}:{nonce}:{request}"), ""
    return f'Digest username="{username}", realm="{REALM}", nonce="{nonce}", uri="{URI}", response="{response}"{extra}'


@pytest.mark.parametrize("qop", [False, True])
def test_right_password(qop: bool) -> None:  # noqa: FBT001 parametrised
    gate = DigestGate(ACCOUNT)
    assert gate.judge(answer(gate.challenge(), qop=qop), "DESCRIBE") is Verdict.ACCEPTED


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("other", "right"), ("admin", "")])
def test_wrong_account(username: str, password: str) -> None:
    gate = DigestGate(ACCOUNT)
    given = answer(gate.challenge(), username=username, password=password)
    assert gate.judge(given, "DESCRIBE") is Verdict.REFUSED


@pytest.mark.parametrize("header", [None, "", "Basic YWRtaW46cmlnaHQ=", "Digest", 'Digest username="admin"'])
def test_no_digest(header: str | None) -> None:
    assert DigestGate(ACCOUNT).judge(header, "DESCRIBE") is Verdict.REFUSED


def test_answer_holds_for_its_method_only() -> None:
    gate = DigestGate(ACCOUNT)
    assert gate.judge(answer(gate.challenge()), "PLAY") is Verdict.REFUSED


def test_nonce_of_another_device() -> None:
    assert DigestGate(ACCOUNT).judge(answer(DigestGate(ACCOUNT).challenge()), "DESCRIBE") is Verdict.REFUSED


def test_old_nonce_is_stale() -> None:
    clock = WallClock()
    gate = DigestGate(ACCOUNT, clock)
    given = answer(gate.challenge())
    clock.seconds += NONCE_SECONDS
    assert gate.judge(given, "DESCRIBE") is Verdict.ACCEPTED
    clock.seconds += 1
    assert gate.judge(given, "DESCRIBE") is Verdict.STALE


def test_open_camera() -> None:
    assert DigestGate(None).judge(None, "DESCRIBE") is Verdict.ACCEPTED


def test_password_is_not_shown() -> None:
    assert "right" not in repr(ACCOUNT)
