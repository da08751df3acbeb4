"""Who calls: signed tokens of the house, checked without a network hop.

Three kinds of callers carry the same form of JWT (EdDSA, audience ``vigie``): an agent, whose session token is
signed by ``access`` after the identity provider vouched for the person; a service, which signs its own short tokens;
and an outside machine, to which ``access`` gives a token of a minute for its own secret. An issuer is trusted because
its public key lies in the folder of trusted keys, and only for what it may say: agent sessions and tokens of outside
machines come from ``access`` alone.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from common.problems import Unauthenticated

SESSION_COOKIE = "vigie_session"
AUDIENCE = "vigie"
SESSION_ISSUER = "access"
CLIENT_PREFIX = "client:"
"""Stands before a machine client's identifier wherever it acts: no client can pass for a service of the house."""

_ALGORITHM = "Ed25519"
_LEEWAY_SECONDS = 5
_BELIEVED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    ``epoch``: the agent's session epoch when the token was issued. ``expires``: when the token ends, in seconds of the
    epoch; None where no token was read. ``communes``: the territory an outside machine is bounded by, that of the
    organisation it belongs to; None for agents (the guard knows theirs) and for the house's own services (the town).
    """

    kind: Literal["agent", "service"]
    subject: str
    scopes: frozenset[str] = frozenset()
    session_id: str | None = None
    epoch: int = 0
    expires: float | None = None
    communes: frozenset[str] | None = None

    def within(self, communes: frozenset[str]) -> frozenset[str]:
        """Return the part of ``communes`` that a machine may be told of: all of it for a service of the house."""
        return communes if self.communes is None else communes & self.communes


class ServiceKey:
    """A service's own private key: signs its machine tokens and whatever short tokens it hands out."""

    def __init__(self, key: OKPKey, issuer: str) -> None:
        self._key = key
        self.issuer = issuer

    @classmethod
    def generate(cls, issuer: str) -> "ServiceKey":
        """Make a new Ed25519 key for ``issuer``."""
        return cls(OKPKey.generate_key("Ed25519", {"kid": f"{issuer}-1", "use": "sig"}), issuer)

    @classmethod
    def load(cls, path: Path) -> "ServiceKey":
        """Read a private JWK with an ``issuer`` member."""
        document = json.loads(path.read_text())
        issuer = str(document.pop("issuer"))
        return cls.of(document, issuer)

    @classmethod
    def of(cls, jwk: dict[str, Any], issuer: str) -> "ServiceKey":
        """Return the key of a JWK; one without its private part can only verify."""
        return cls(OKPKey.import_key(jwk), issuer)

    def save(self, path: Path) -> None:
        """Write the private JWK, readable by its owner only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps({**self._key.as_dict(private=True), "issuer": self.issuer}))

    def publish(self, trusted_keys_dir: Path) -> None:
        """Write the public key where verifiers look for it."""
        target = trusted_keys_dir / f"{self.issuer}.jwks.json"
        target.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}))

    def sign(self, claims: dict[str, Any], *, ttl: int, audience: str = AUDIENCE) -> str:
        """Sign claims as a JWT that lives ``ttl`` seconds."""
        now = int(time.time())
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        body = {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + ttl, **claims}
        return jwt.encode(header, body, self._key, algorithms=[_ALGORITHM])

    def token(self, scopes: frozenset[str] | set[str], *, ttl: int = 300) -> str:
        """Return a machine token of this service for calling another one."""
        return self.sign({"sub": self.issuer, "typ": "service", "scope": " ".join(sorted(scopes))}, ttl=ttl)

    @property
    def key_id(self) -> str:
        """The name of this key among the issuer's."""
        return str(self._key.kid)

    @property
    def public_bytes(self) -> bytes:
        """The raw public key, 32 bytes."""
        return raw_public_key(self._key.as_dict(private=False))

    def sign_bytes(self, content: bytes) -> bytes:
        """Return the raw Ed25519 signature over content; the caller says in it what kind of statement it is."""
        private = self._key.private_key
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"the key of {self.issuer} is no private Ed25519 key")
        return private.sign(content)

    def verify_own(self, token: str, *, audience: str) -> dict[str, Any]:
        """Check a token this very service signed; raises Unauthenticated."""
        return _checked(token, self._key, issuer=self.issuer, audience=audience)


@dataclass(frozen=True, slots=True)
class _Believed:
    """What a verified token said; ``keys`` are those that verified it, ``expires`` is in seconds of the epoch."""

    principal: Principal
    issuer: str
    keys: KeySet
    expires: float


class TokenVerifier:
    """Checks tokens of every trusted issuer. Keys are read again when the folder changes.

    A token is verified once, then known by its hash until it expires or its issuer's keys change: a browser shows the
    same one with each request. Whether its session still counts is not asked here but of the guard, every time.
    ``now`` returns seconds of the epoch.
    """

    def __init__(self, trusted_keys_dir: Path, *, now: Callable[[], float] = time.time) -> None:
        self._folder = trusted_keys_dir
        self._now = now
        self._keys: dict[str, tuple[float, KeySet]] = {}
        self._believed: dict[tuple[bytes, str], _Believed] = {}

    def verify(self, token: str, *, audience: str = AUDIENCE) -> Principal:
        """Return who the token speaks for; raises Unauthenticated for anything wrong with it."""
        name = hashlib.sha256(token.encode(errors="surrogatepass")).digest(), audience
        known = self._believed.get(name)
        if known and known.keys is self._key_set(known.issuer) and self._now() < known.expires:
            return known.principal
        self._believed.pop(name, None)
        issuer = _unverified_issuer(token)
        keys = self._key_set(issuer)
        claims = _checked(token, keys, issuer=issuer, audience=audience, now=self._now)
        principal = _principal(claims, issuer)
        if len(self._believed) >= _BELIEVED_AT_MOST:
            del self._believed[next(iter(self._believed))]
        self._believed[name] = _Believed(principal, issuer, keys, float(claims["exp"]))
        return principal

    def public_keys(self) -> dict[str, str]:
        """Return every trusted key, 32 bytes in Base64, by ``issuer/key id``: for those who check without us."""
        found: dict[str, str] = {}
        for path in sorted(self._folder.glob("*.jwks.json")):
            issuer = path.name.removesuffix(".jwks.json")
            for jwk in json.loads(path.read_text())["keys"]:
                found[f"{issuer}/{jwk['kid']}"] = base64.b64encode(raw_public_key(jwk)).decode()
        return found

    def signed_by(self, issuer: str, key_id: str, content: bytes, signature: bytes) -> bool:
        """Tell whether ``content`` bears a raw signature of one of the issuer's trusted keys."""
        try:
            public = self._key_set(issuer).get_by_kid(key_id).public_key
        except (Unauthenticated, ValueError, JoseError):
            return False
        return isinstance(public, Ed25519PublicKey) and bears(public, content, signature)

    def _key_set(self, issuer: str) -> KeySet:
        if not issuer.replace("-", "").isalnum():
            raise Unauthenticated
        path = self._folder / f"{issuer}.jwks.json"
        try:
            changed_at = path.stat().st_mtime
            cached = self._keys.get(issuer)
            if cached is None or cached[0] != changed_at:
                cached = (changed_at, KeySet.import_key_set(json.loads(path.read_text())))
                self._keys[issuer] = cached
        except (OSError, ValueError, JoseError):
            raise Unauthenticated from None
        return cached[1]


def raw_public_key(jwk: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes of an Ed25519 public key written as a JWK."""
    text = str(jwk["x"])
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def bears(public: Ed25519PublicKey, content: bytes, signature: bytes) -> bool:
    """Tell whether a raw Ed25519 signature over content is the key's."""
    try:
        public.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _unverified_issuer(token: str) -> str:
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return str(claims["iss"])
    except (IndexError, ValueError, KeyError, TypeError):
        raise Unauthenticated from None


def _principal(claims: Mapping[str, Any], issuer: str) -> Principal:
    """Return who verified claims speak for; raises Unauthenticated where the issuer may not say so."""
    typ, expires = claims.get("typ"), float(claims["exp"])
    if typ == "session" and issuer == SESSION_ISSUER:
        return Principal("agent", str(claims["sub"]), frozenset(), str(claims["sid"]), int(claims["epoch"]), expires)
    if typ == "service" and claims.get("sub") == issuer:
        return Principal("service", issuer, _words(claims, "scope"), expires=expires)
    if typ == "client" and issuer == SESSION_ISSUER:
        name = f"{CLIENT_PREFIX}{claims['sub']}"
        return Principal("service", name, _words(claims, "scope"), expires=expires, communes=_words(claims, "communes"))
    raise Unauthenticated


def _words(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return what a claim lists; nothing where it is absent, so that a token which does not say opens nothing."""
    return frozenset(str(claims.get(name, "")).split())


def _checked(
    token: str, key: OKPKey | KeySet, *, issuer: str, audience: str, now: Callable[[], float] = time.time
) -> dict[str, Any]:
    try:
        decoded = jwt.decode(token, key, algorithms=[_ALGORITHM])
        registry = jwt.JWTClaimsRegistry(
            now=int(now()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError):
        raise Unauthenticated from None
    return decoded.claims
