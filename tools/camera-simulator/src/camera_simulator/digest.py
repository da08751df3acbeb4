"""Digest authentication (RFC 2617 and 7616, with or without qop=auth) as RTSP and HTTP cameras ask for it."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import Literal

REALM = "Vigie simulated camera"
NONCE_SECONDS = 300
Algorithm = Literal["MD5", "SHA-256"]
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one account of every simulated camera."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


class Verdict(Enum):
    """What an Authorization header is worth."""

    ACCEPTED = auto()
    STALE = auto()  # right answer to an old challenge
    REFUSED = auto()

    @property
    def accepted(self) -> bool:
        """The request may pass."""
        return self is Verdict.ACCEPTED

    @property
    def stale(self) -> bool:
        """A new challenge is all that is needed."""
        return self is Verdict.STALE


class DigestGate:
    """Challenges clients and judges their answers; without credentials everybody passes."""

    def __init__(
        self,
        credentials: Credentials | None,
        wall_clock: Callable[[], float] = time.time,
        *,
        algorithm: Algorithm = "MD5",
    ) -> None:
        self._credentials = credentials
        self._wall_clock = wall_clock
        self._algorithm: Algorithm = algorithm
        self._serial = count()
        self._key = secrets.token_bytes(32)

    def challenge(self, *, stale: bool = False) -> str:
        """Value of a WWW-Authenticate header."""
        stamp = f"{int(self._wall_clock()):x}.{next(self._serial):x}"
        suffix = ", stale=TRUE" if stale else ""
        if self._algorithm != "MD5":  # which is what no algorithm means
            suffix += f", algorithm={self._algorithm}"
        return f'Digest realm="{REALM}", nonce="{stamp}-{self._seal(stamp)}", qop="auth"{suffix}'

    def judge(self, authorization: str | None, method: str) -> Verdict:
        """Judge an Authorization header for a request with `method`."""
        if self._credentials is None:
            return Verdict.ACCEPTED
        scheme, _, rest = (authorization or "").partition(" ")
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
        if scheme.lower() != "digest" or fields.get("username") != self._credentials.username:
            return Verdict.REFUSED
        nonce = fields.get("nonce", "")
        stamp, _, seal = nonce.partition("-")
        expected = self._answer(fields, nonce, method)
        if not hmac.compare_digest(seal.encode(), self._seal(stamp).encode()) or not hmac.compare_digest(
            fields.get("response", "").encode(), expected.encode()
        ):
            return Verdict.REFUSED
        issued = int(stamp.partition(".")[0], 16)
        return Verdict.ACCEPTED if self._wall_clock() - issued <= NONCE_SECONDS else Verdict.STALE

    def _seal(self, stamp: str) -> str:
        return hmac.new(self._key, stamp.encode(), "sha256").hexdigest()[:32]

    def _answer(self, fields: dict[str, str], nonce: str, method: str) -> str:
        if self._credentials is None:
            return ""
        digest = _md5 if self._algorithm == "MD5" else _sha256
        account = digest(f"{self._credentials.username}:{REALM}:{self._credentials.password}")
        request = digest(f"{method}:{fields.get('uri', '')}")
        if fields.get("qop") == "auth":
            return digest(f"{account}:{nonce}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:auth:{request}")
        return digest(f"{account}:{nonce}:{request}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
