"""Odd ways to ask for a password, answered by an HTTP client that we did not write."""

import httpx
import pytest

from camera_simulator.digest import Credentials, DigestGate, Verdict
from camera_simulator.stream_quirks.auth import BasicGate, Gates
from camera_simulator.stream_quirks.kinds import ORDINARY, StreamHabits, StreamQuirk

ACCOUNT = Credentials("admin", "s3 cret/é")
URL = "http://camera/cam/0001/main"


def answered(challenge: str, method: str = "DESCRIBE", password: str = ACCOUNT.password) -> str:
    """The Authorization header that httpx makes of a Digest challenge."""
    flow = httpx.DigestAuth(ACCOUNT.username, password).sync_auth_flow(httpx.Request(method, URL))
    request = next(flow)
    refused = httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request)
    return flow.send(refused).headers["Authorization"]


def test_sha256_digest() -> None:
    gate = Gates(ACCOUNT, DigestGate(ACCOUNT)).of(StreamHabits(frozenset({StreamQuirk.SHA256_DIGEST})))
    assert "algorithm=SHA-256" in gate.challenge()
    assert gate.judge(answered(gate.challenge()), "DESCRIBE") is Verdict.ACCEPTED
    assert gate.judge(answered(gate.challenge()), "PLAY") is Verdict.REFUSED
    assert gate.judge(answered(gate.challenge(), password="wrong"), "DESCRIBE") is Verdict.REFUSED
    assert gate.judge(answered(DigestGate(ACCOUNT).challenge()), "DESCRIBE") is Verdict.REFUSED


def test_basic() -> None:
    gate = BasicGate(ACCOUNT)
    flow = httpx.BasicAuth(ACCOUNT.username, ACCOUNT.password).sync_auth_flow(httpx.Request("GET", URL))
    assert gate.judge(next(flow).headers["Authorization"], "DESCRIBE") is Verdict.ACCEPTED
    assert gate.challenge().startswith("Basic ")
    assert gate.judge("Basic YWRtaW46d3Jvbmc=", "DESCRIBE") is Verdict.REFUSED
    assert gate.judge(answered(DigestGate(ACCOUNT).challenge()), "DESCRIBE") is Verdict.REFUSED
    assert gate.judge(None, "DESCRIBE") is Verdict.REFUSED
    assert BasicGate(None).judge(None, "DESCRIBE") is Verdict.ACCEPTED


def test_a_nonce_serves_a_few_requests_and_a_new_one_follows_at_once() -> None:
    gates = Gates(ACCOUNT, DigestGate(ACCOUNT))
    habits = StreamHabits(frozenset({StreamQuirk.STALE_NONCE}), nonce_requests=2)
    gate = gates.of(habits)
    given = answered(gate.challenge())
    assert [gate.judge(given, "DESCRIBE") for _ in range(3)] == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.STALE]
    assert "stale=TRUE" in gate.challenge(stale=True)
    assert gates.of(habits).judge(answered(gate.challenge(stale=True)), "DESCRIBE") is Verdict.ACCEPTED
    assert gate.judge(answered(gate.challenge(), password="wrong"), "DESCRIBE") is Verdict.REFUSED


@pytest.mark.parametrize("quirk", [StreamQuirk.LOSS, StreamQuirk.LATE_ANSWER])
def test_other_habits_ask_as_ever(quirk: StreamQuirk) -> None:
    ordinary = DigestGate(ACCOUNT)
    gates = Gates(ACCOUNT, ordinary)
    assert gates.of(ORDINARY) is ordinary
    assert gates.of(StreamHabits(frozenset({quirk}))) is ordinary
