"""ID tokens as a hostile, careless or modern provider may send them, over real HTTP.

The provider here obeys what each test tells it to sign. That the flow itself works is shown in ``test_login`` with a
provider that is not ours.
"""

import base64
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Form, Response
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from access.api.login_attempt import new_attempt
from access.oidc import OidcProvider
from access.ports import IdentityProviderAway, IdentityRefused
from common.testing.serving import serving

pytestmark = pytest.mark.integration
REDIRECT = "http://127.0.0.1:8080/api/access/callback"
STARTED = datetime.now(UTC)
ATTEMPT = new_attempt("/", at=STARTED)
MANY = ["RS256", "RS512", "PS256", "ES256", "Ed25519"]


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


@dataclass(slots=True)
class Obedient:
    """A provider that publishes ``keys`` and answers the code exchange with ``answer``."""

    issuer: str = ""
    claimed_issuer: str | None = None
    claims_supported: list[str] = field(default_factory=list[str])
    keys: list[Key] = field(default_factory=list[Key])
    key_fetches: int = 0
    id_token: str = ""
    token_status: int = 200
    userinfo: dict[str, Any] | str = field(default_factory=dict[str, Any])
    seen_form: dict[str, Any] = field(default_factory=dict[str, Any])

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, Any]:
            return {
                "issuer": self.claimed_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=95",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "claims_supported": self.claims_supported,
            }

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            self.key_fetches += 1
            return {"keys": [*KeySet(self.keys).as_dict(private=False)["keys"], {"kty": "future", "kid": "pq"}]}

        @app.post("/token")
        async def token(
            response: Response,
            code: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            client_id: Annotated[str, Form()],
            client_secret: Annotated[str, Form()],
        ) -> dict[str, str]:
            self.seen_form = {
                "code": code,
                "code_verifier": code_verifier,
                "client_id": client_id,
                "client_secret": client_secret,
            }
            response.status_code = self.token_status
            return {"id_token": self.id_token, "access_token": secrets.token_urlsafe()}

        @app.get("/userinfo")
        async def userinfo() -> Response:
            if isinstance(self.userinfo, str):
                return Response(self.userinfo, media_type="application/jwt")
            return JSONResponse(self.userinfo)

        return app

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        whole = {
            "iss": self.issuer,
            "aud": "vigie",
            "sub": "op.durand",
            "nonce": ATTEMPT.nonce,
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def sign(self, key: Key, algorithm: str = "RS256", **changes: Any) -> None:
        header = {"alg": algorithm} | ({"kid": key.kid} if key.kid else {})
        self.id_token = jwt.encode(header, self.claims(**changes), key, algorithms=MANY)


@dataclass(frozen=True, slots=True)
class Party:
    """Both sides of a log-in."""

    provider: Obedient
    http: httpx.AsyncClient

    def relying(self, claim: str = "sub", acr: tuple[str, ...] = ()) -> OidcProvider:
        return OidcProvider(
            self.http, issuer=self.provider.issuer, client_id="vigie", client_secret="s", login_claim=claim, acr=acr
        )


@pytest_asyncio.fixture
async def party() -> AsyncIterator[Party]:
    """A relying party and its obedient provider, served on a free port."""
    provider = Obedient()
    async with serving(provider.app()) as url, httpx.AsyncClient() as http:
        provider.issuer = url
        yield Party(provider, http)


async def identify(relying: OidcProvider, *, later: timedelta = timedelta(0)) -> str:
    return await relying.identify(ATTEMPT, code="c", redirect_uri=REDIRECT, at=datetime.now(UTC) + later)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa("r"), "RS256"),
        (rsa("r"), "RS512"),
        (rsa("r"), "PS256"),
        (ECKey.generate_key("P-256", {"kid": "e"}), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "o"}), "Ed25519"),
    ],
)
async def test_every_asymmetric_signature_is_understood(party: Party, key: Key, algorithm: str) -> None:
    party.provider.keys = [rsa("other"), key]
    party.provider.sign(key, algorithm)
    assert await identify(party.relying()) == "op.durand"
    assert party.provider.seen_form["code_verifier"] == ATTEMPT.code_verifier
    assert party.provider.seen_form["client_secret"] == "s"


async def test_a_rotated_key_is_fetched_when_a_token_names_it_and_not_before(party: Party) -> None:
    old, new = rsa("2026-07"), rsa("2026-08")
    relying = party.relying()
    party.provider.keys = [old]
    party.provider.sign(old)
    for _ in range(3):
        await identify(relying)
    assert party.provider.key_fetches == 1
    party.provider.keys = [new]
    party.provider.sign(new)
    assert await identify(relying) == "op.durand"
    assert party.provider.key_fetches == 2


async def test_a_withdrawn_key_is_worth_nothing_after_ten_minutes(party: Party) -> None:
    stolen = rsa("stolen")
    relying = party.relying()
    party.provider.keys = [stolen]
    party.provider.sign(stolen, exp=int(datetime.now(UTC).timestamp()) + 3600)
    await identify(relying)
    party.provider.keys = [rsa("new")]
    with pytest.raises(IdentityRefused):
        await identify(relying, later=timedelta(minutes=11))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "another-nonce"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"aud": ["vigie", "other"], "azp": "other"},
    ],
)
async def test_a_token_meant_otherwise_is_refused(party: Party, changes: dict[str, Any]) -> None:
    key = rsa("r")
    party.provider.keys = [key]
    party.provider.sign(key, **changes)
    with pytest.raises(IdentityRefused):
        await identify(party.relying())


@pytest.mark.parametrize("auth_time", [STARTED.timestamp() - 31, 0, "demain"], ids=["before", "epoch", "no number"])
async def test_the_session_of_the_colleague_before_is_refused(party: Party, auth_time: object) -> None:
    key = rsa("r")
    party.provider.keys = [key]
    party.provider.sign(key, auth_time=auth_time)
    with pytest.raises(IdentityRefused):
        await identify(party.relying())


async def test_a_fresh_authentication_is_known_by_its_time(party: Party) -> None:
    key = rsa("r")
    party.provider.keys = [key]
    party.provider.claims_supported = ["sub", "auth_time"]
    party.provider.sign(key, auth_time=STARTED.timestamp() + 0.5)
    assert await identify(party.relying()) == "op.durand"
    party.provider.sign(key)
    with pytest.raises(IdentityRefused):  # somebody cut the question out of the URL
        await identify(party.relying())
    party.provider.claims_supported = []
    assert await identify(party.relying()) == "op.durand"


async def test_a_signature_of_another_key_is_refused(party: Party) -> None:
    party.provider.keys = [rsa("r")]
    party.provider.sign(rsa("r"))
    with pytest.raises(IdentityRefused):
        await identify(party.relying())
    party.provider.sign(rsa("never-published"))
    with pytest.raises(IdentityRefused):
        await identify(party.relying())


def forged(provider: Obedient, header: dict[str, str], secret: bytes | None) -> str:
    """Return a token no library would make: without signature, or signed with the public key as a secret."""
    parts = [json.dumps(part).encode() for part in (header, provider.claims())]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = b"" if secret is None else hmac.digest(secret, body, "sha256")
    return b".".join([body, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def test_no_signature_and_a_shared_secret_are_refused(party: Party) -> None:
    key = rsa("r")
    party.provider.keys = [key]
    public = key.as_pem(private=False)
    for token in (
        forged(party.provider, {"alg": "HS256", "kid": "r"}, public),
        forged(party.provider, {"alg": "none", "kid": "r"}, None),
        forged(party.provider, {"alg": "RS256", "kid": "r"}, None),
        "",
        "a.b.c",
        "rien",
    ):
        party.provider.id_token = token
        with pytest.raises(IdentityRefused):
            await identify(party.relying())


async def test_a_login_name_missing_from_the_token_is_asked_of_userinfo(party: Party) -> None:
    key = rsa("r")
    party.provider.keys = [key]
    party.provider.sign(key, sub="5f0c")
    party.provider.userinfo = {"sub": "5f0c", "preferred_username": "op.durand"}
    assert await identify(party.relying("preferred_username")) == "op.durand"
    party.provider.userinfo = {"sub": "another", "preferred_username": "admin.vigie"}
    with pytest.raises(IdentityRefused):
        await identify(party.relying("preferred_username"))
    party.provider.userinfo = {"sub": "5f0c"}
    with pytest.raises(IdentityRefused):
        await identify(party.relying("preferred_username"))


def signed_userinfo(provider: Obedient, key: Key, **changes: Any) -> str:
    claims = {"iss": provider.issuer, "aud": "vigie", "sub": "opaque-1", "uid": "op.durand"} | changes
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=MANY)


async def test_userinfo_that_the_provider_signed_is_checked_like_an_id_token(party: Party) -> None:
    """As ProConnect sends it: a JWT of its own key, for us, about the person of the ID token."""
    key, stranger = rsa("idp"), rsa("idp")
    party.provider.keys = [key]
    party.provider.sign(key, sub="opaque-1")
    party.provider.userinfo = signed_userinfo(party.provider, key)
    assert await identify(party.relying("uid")) == "op.durand"
    for wrong in (
        signed_userinfo(party.provider, stranger),
        signed_userinfo(party.provider, key, aud="another-client"),
        signed_userinfo(party.provider, key, iss="https://autre.example"),
        signed_userinfo(party.provider, key, sub="opaque-2"),
        "pas un jeton",
    ):
        party.provider.userinfo = wrong
        with pytest.raises(IdentityRefused):
            await identify(party.relying("uid"))


@pytest.mark.parametrize(("acr", "accepted"), [("eidas2", True), ("eidas3", True), ("eidas1", False), (None, False)])
async def test_the_level_that_was_asked_must_be_vouched_for(party: Party, acr: str | None, accepted: bool) -> None:  # noqa: FBT001
    key = rsa("idp")
    party.provider.keys = [key]
    party.provider.sign(key, acr=acr)
    relying = party.relying(acr=("eidas2", "eidas3"))
    asked = parse_qs(urlsplit(await relying.authorization_url(ATTEMPT, REDIRECT)).query)
    assert asked["acr_values"] == ["eidas2 eidas3"]
    assert json.loads(asked["claims"][0])["id_token"]["acr"]["essential"] is True
    if accepted:
        assert await identify(relying) == "op.durand"
    else:
        with pytest.raises(IdentityRefused, match="level"):
            await identify(relying)


async def test_an_absent_or_lying_provider_is_away_not_a_refusal(party: Party) -> None:
    party.provider.claimed_issuer = "https://evil.example"
    with pytest.raises(IdentityProviderAway):
        await party.relying().authorization_url(ATTEMPT, REDIRECT)
    party.provider.claimed_issuer = None
    party.provider.token_status = 503
    with pytest.raises(IdentityProviderAway):
        await identify(party.relying())
    party.provider.token_status = 400
    with pytest.raises(IdentityRefused):
        await identify(party.relying())
    nobody = OidcProvider(
        party.http, issuer="http://127.0.0.1:9", client_id="vigie", client_secret=None, login_claim="sub"
    )
    with pytest.raises(IdentityProviderAway):
        await nobody.authorization_url(ATTEMPT, REDIRECT)
    assert await nobody.end_session_url("/") is None


async def test_an_endpoint_that_has_a_query_keeps_it(party: Party) -> None:
    url = httpx.URL(await party.relying().authorization_url(ATTEMPT, REDIRECT))
    assert (url.params["tenant"], url.params["state"]) == ("95", ATTEMPT.state)
