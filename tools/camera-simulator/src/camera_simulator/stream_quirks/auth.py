"""Ways to ask for a password other than one Digest challenge that holds for minutes."""

import base64
import hmac
import re
from collections import OrderedDict
from typing import Protocol

from camera_simulator.digest import REALM, Credentials, DigestGate, Verdict
from camera_simulator.stream_quirks.kinds import StreamHabits, StreamQuirk

_NONCE = re.compile(r'\bnonce="([^"]*)"')
_REMEMBERED_NONCES = 4_096
_ASKING = frozenset({StreamQuirk.BASIC_AUTH, StreamQuirk.SHA256_DIGEST, StreamQuirk.STALE_NONCE})


class Gate(Protocol):
    """Challenges clients and judges their answers."""

    def challenge(self, *, stale: bool = False) -> str:
        """Value of a WWW-Authenticate header."""
        ...

    def judge(self, authorization: str | None, method: str) -> Verdict:
        """Judge an Authorization header for a request with `method`."""
        ...


class BasicGate:
    """Basic authentication (RFC 7617)."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials

    def challenge(self, *, stale: bool = False) -> str:
        del stale
        return f'Basic realm="{REALM}", charset="UTF-8"'

    def judge(self, authorization: str | None, method: str) -> Verdict:
        del method
        if self._credentials is None:
            return Verdict.ACCEPTED
        account = f"{self._credentials.username}:{self._credentials.password}".encode()
        expected = "Basic " + base64.b64encode(account).decode("ascii")
        right = hmac.compare_digest((authorization or "").strip().encode(), expected.encode())
        return Verdict.ACCEPTED if right else Verdict.REFUSED


class ForgetfulGate:
    """A gate whose nonces serve a few requests each."""

    def __init__(self, gate: Gate, nonce_requests: int) -> None:
        self._gate = gate
        self._nonce_requests = nonce_requests
        self._used: OrderedDict[str, int] = OrderedDict()

    def challenge(self, *, stale: bool = False) -> str:
        return self._gate.challenge(stale=stale)

    def judge(self, authorization: str | None, method: str) -> Verdict:
        verdict = self._gate.judge(authorization, method)
        nonce = _NONCE.search(authorization or "")
        if verdict is not Verdict.ACCEPTED or nonce is None:
            return verdict
        times = self._used.get(nonce.group(1), 0)
        if times >= self._nonce_requests:
            return Verdict.STALE
        self._used[nonce.group(1)] = times + 1
        if len(self._used) > _REMEMBERED_NONCES:
            self._used.popitem(last=False)
        return Verdict.ACCEPTED


class Gates:
    """The gate of each camera, by its habits."""

    def __init__(self, credentials: Credentials | None, ordinary: Gate) -> None:
        self._credentials = credentials
        self._ordinary = ordinary
        self._odd: dict[StreamHabits, Gate] = {}

    def of(self, habits: StreamHabits) -> Gate:
        """The same gate for the same habits, as it remembers its nonces."""
        if not habits.quirks & _ASKING:
            return self._ordinary
        if habits not in self._odd:
            self._odd[habits] = self._make(habits)
        return self._odd[habits]

    def _make(self, habits: StreamHabits) -> Gate:
        if StreamQuirk.BASIC_AUTH in habits:
            return BasicGate(self._credentials)
        algorithm = "SHA-256" if StreamQuirk.SHA256_DIGEST in habits else "MD5"
        gate = DigestGate(self._credentials, algorithm=algorithm)
        return ForgetfulGate(gate, habits.nonce_requests) if StreamQuirk.STALE_NONCE in habits else gate
