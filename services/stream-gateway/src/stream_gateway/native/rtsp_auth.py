"""How a client proves to a camera that it knows the password: Digest (RFC 7616, RFC 2617) and Basic (RFC 7617)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MAX_CHALLENGE_CHARACTERS = 8192
_SCHEME = re.compile(r"[\s,]*([A-Za-z][A-Za-z0-9_-]*+)(?=\s|$|,)(?!\s*=)")
_PARAMETER = re.compile(r'[\s,]*([A-Za-z][A-Za-z0-9_-]*+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}
_STRENGTH = {"sha256": 2, "md5": 1}
_STALE_RETRIES = 2
"""A camera that calls every nonce stale would be asked for ever."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Challenge:
    scheme: str
    parameters: dict[str, str]

    @property
    def algorithm(self) -> str | None:
        """Name of the hash, or None for one that we do not know."""
        told = self.parameters.get("algorithm", "MD5").upper()
        return _ALGORITHMS.get(told.removesuffix("-SESS"))

    @property
    def of_session(self) -> bool:
        return self.parameters.get("algorithm", "").upper().endswith("-SESS")

    @property
    def qualities(self) -> list[str]:
        return [one.strip().lower() for one in self.parameters.get("qop", "").split(",") if one.strip()]

    @property
    def stale(self) -> bool:
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def strength(self) -> int:
        """0: cannot be answered; Basic is the weakest, since it gives the password away."""
        if self.scheme == "basic":
            return 1
        if self.scheme != "digest" or self.algorithm is None or not self.parameters.get("nonce"):
            return 0
        if self.qualities and "auth" not in self.qualities:
            return 0
        return 1 + _STRENGTH[self.algorithm]


@dataclass(slots=True)
class Authenticator:
    """Answers a camera's challenges with one account.

    Args:
        username: of the account.
        password: of the account; never in ``repr``, never in an exception.
        new_cnonce: makes the client's nonces; at least 64 random bits each.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    new_cnonce: Callable[[], str] = field(default=lambda: secrets.token_hex(8), repr=False)
    _challenge: _Challenge | None = field(default=None, init=False, repr=False)
    _count: int = field(default=0, init=False, repr=False)
    _stale_left: int = field(default=_STALE_RETRIES, init=False, repr=False)
    _accepted: bool = field(default=False, init=False, repr=False)

    def take_challenges(self, headers: Sequence[str]) -> bool:
        """Read the WWW-Authenticate headers of a 401 answer.

        Returns:
            Whether it is worth asking again: no when the camera refused an answer to this very challenge, or offers
            nothing that we can answer. Asking on would lock the account.
        """
        best = max(read_challenges(headers), key=lambda one: one.strength, default=None)
        if best is None or best.strength == 0 or not self.username:
            return False
        before = self._challenge
        if before is not None and before.scheme == "digest" and best.scheme == "basic":
            return False  # whoever stands between may not talk us into sending the password itself
        self._challenge = best
        self._count = 0
        if before is None:
            return True
        if self._accepted:  # its nonce ran out
            self._accepted = False
            return True
        self._stale_left -= 1
        return best.stale and self._stale_left >= 0

    def accepted(self) -> None:
        """The camera accepted an answer: when it challenges again later, the nonce ran out, not the account."""
        self._accepted = True
        self._stale_left = _STALE_RETRIES

    def authorization(self, method: str, url: str) -> str | None:
        """Value of the Authorization header for a request, or None before the first challenge.

        Args:
            method: of the request.
            url: exactly as in the request line.
        """
        challenge = self._challenge
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            account = f"{self.username}:{self.password}".encode()
            return "Basic " + base64.b64encode(account).decode("ascii")
        self._count += 1
        return self._digest(challenge, method, url)

    def _digest(self, challenge: _Challenge, method: str, url: str) -> str:
        told = challenge.parameters
        realm, nonce, algorithm = told.get("realm", ""), told["nonce"], challenge.algorithm or "md5"
        cnonce, count = self.new_cnonce(), f"{self._count:08x}"

        def hashed(text: str) -> str:
            return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()

        account = hashed(f"{self.username}:{realm}:{self.password}")
        if challenge.of_session:
            account = hashed(f"{account}:{nonce}:{cnonce}")
        request = hashed(f"{method}:{url}")
        quality = f"{count}:{cnonce}:auth:" if challenge.qualities else ""
        fields = [
            ("username", _quoted(self.username)),
            ("realm", _quoted(realm)),
            ("nonce", _quoted(nonce)),
            ("uri", _quoted(url)),
            ("response", _quoted(hashed(f"{account}:{nonce}:{quality}{request}"))),
        ]
        if "algorithm" in told:
            fields.append(("algorithm", told["algorithm"]))
        if "opaque" in told:
            fields.append(("opaque", _quoted(told["opaque"])))
        if challenge.qualities:
            fields += [("qop", "auth"), ("nc", count)]
        if challenge.qualities or challenge.of_session:
            fields.append(("cnonce", _quoted(cnonce)))
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields)


def read_challenges(headers: Sequence[str]) -> list[_Challenge]:
    """Read challenges, several of which may stand in one header (RFC 7235 §4.1); what cannot be read is left out."""
    challenges: list[_Challenge] = []
    for header in headers:
        text = header[:MAX_CHALLENGE_CHARACTERS]
        at = 0
        while (scheme := _SCHEME.match(text, at)) is not None:
            at = scheme.end()
            parameters: dict[str, str] = {}
            while (one := _PARAMETER.match(text, at)) is not None:
                at = one.end()
                value = one[3] if one[2] is None else re.sub(r"\\(.)", r"\1", one[2])
                if not _UNSAFE.search(value):
                    parameters.setdefault(one[1].lower(), value)
            challenges.append(_Challenge(scheme[1].lower(), parameters))
    return challenges


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
