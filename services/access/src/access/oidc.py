"""OpenID Connect relying party: discovery, code flow with PKCE, keys that rotate.

Sources: OpenID Connect Core 1.0 §3.1 (code flow, ID token validation), Discovery 1.0, RFC 7636 (PKCE).
"""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from access.ports import IdentityProviderAway, IdentityRefused, LoginAttempt

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures accepted on an ID token: asymmetric only, never ``none`` and never a shared secret."""

_KEYS_STAY_FRESH = timedelta(minutes=10)
_LEEWAY_SECONDS = 30
_TIMEOUT = httpx.Timeout(5.0)
_MAX_AGE_SECONDS = 600


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class OidcProvider:
    """One identity provider.

    The provider's own description is fetched at first use and kept. Its keys are fetched again when a token names
    one we do not know, and after ten minutes anyway: the provider may add and withdraw keys at any time.

    Args:
        http: client for calls to the provider; its owner closes it.
        issuer: issuer identifier, exactly as the provider's discovery document says.
        client_id: ours.
        client_secret: ours, None for a public client.
        login_claim: claim that holds the local agent's identifier.
        scope: what to ask for; a provider may name its claims otherwise (ProConnect: ``openid uid``).
        acr: authentication levels of which the provider must vouch for one (``acr`` claim); empty: any will do.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        login_claim: str,
        scope: str = "openid profile",
        acr: tuple[str, ...] = (),
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._login_claim = login_claim
        self._scope = scope
        self._acr = acr
        self._discovered: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._keys_until: datetime | None = None

    async def authorization_url(self, attempt: LoginAttempt, redirect_uri: str) -> str:
        """Return the provider's log-in page for this attempt.

        ``prompt=login``: stations of a control room are shared, so nobody may come in on the provider's session of
        the colleague before; the register would name the wrong person. The browser may cut it out of this URL: what
        counts is the ``auth_time`` that ``identify`` checks. ``max_age`` makes the provider send one (Core §3.1.2.1);
        its value decides nothing, and is not zero because some providers would then ask for the password for ever.
        """
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": code_challenge(attempt.code_verifier),
            "code_challenge_method": "S256",
            "prompt": "login",
            "max_age": str(_MAX_AGE_SECONDS),
        }
        if self._acr:
            wanted = {"id_token": {"acr": {"essential": True, "values": list(self._acr)}}}
            query |= {"acr_values": " ".join(self._acr), "claims": json.dumps(wanted)}
        endpoint = str((await self._description())["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def identify(self, attempt: LoginAttempt, *, code: str, redirect_uri: str, at: datetime) -> str:
        """Exchange the code, check the ID token, and return the log-in name.

        The person authenticated no earlier than 30 s (difference of clocks) before this attempt began, according to
        the provider's ``auth_time``: a session of the colleague before does not pass. A provider that neither sends
        that claim nor lists it in its description is believed without it; ``prompt=login`` is then only a request.
        """
        tokens = await self._exchange(attempt, code, redirect_uri)
        claims = await self._verified(str(tokens.get("id_token", "")), attempt.nonce, at)
        await self._judge_freshness(claims.get("auth_time"), attempt)
        if self._acr and claims.get("acr") not in self._acr:
            raise IdentityRefused("the person authenticated at another level than asked")
        name = claims.get(self._login_claim)
        if name is None:
            name = (await self._userinfo(str(tokens.get("access_token", "")), claims, at)).get(self._login_claim)
        if not isinstance(name, str) or not name:
            raise IdentityRefused(f"no claim {self._login_claim} about this person")
        return name

    async def end_session_url(self, return_to: str) -> str | None:
        """Return the provider's log-out page, None when it has none or cannot be asked."""
        try:
            endpoint = (await self._description()).get("end_session_endpoint")
        except IdentityProviderAway:
            return None
        if endpoint is None:
            return None
        return f"{endpoint}?{urlencode({'client_id': self._client_id, 'post_logout_redirect_uri': return_to})}"

    async def _description(self) -> dict[str, Any]:
        if self._discovered is None:
            found = await self._get_json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise IdentityProviderAway(f"discovery speaks for {found.get('issuer')}, not for {self._issuer}")
            self._discovered = found
        return self._discovered

    async def _exchange(self, attempt: LoginAttempt, code: str, redirect_uri: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.code_verifier,
        }
        description = await self._description()
        methods = description.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if self._client_secret is not None and "client_secret_basic" in methods:
            auth = httpx.BasicAuth(
                quote(self._client_id, safe=""), quote(self._client_secret, safe="")
            )  # RFC 6749 §2.3.1
        else:
            form["client_id"] = self._client_id
            if self._client_secret is not None:
                form["client_secret"] = self._client_secret
        try:
            response = await self._http.post(
                str(description["token_endpoint"]), data=form, auth=auth or httpx.USE_CLIENT_DEFAULT, timeout=_TIMEOUT
            )
        except httpx.HTTPError as error:
            raise IdentityProviderAway(type(error).__name__) from error
        if response.is_server_error:
            raise IdentityProviderAway(f"token endpoint answered {response.status_code}")
        if response.is_error:
            raise IdentityRefused(f"token endpoint answered {response.status_code}")
        return _json(response)

    async def _verified(self, id_token: str, nonce: str, at: datetime) -> dict[str, Any]:
        claims = await self._decoded(id_token, at)
        try:
            jwt.JWTClaimsRegistry(
                now=int(at.timestamp()),
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise IdentityRefused(f"ID token refused: {type(error).__name__}") from error
        if claims.get("azp", self._client_id) != self._client_id:
            raise IdentityRefused("ID token was issued to another client")
        return claims

    async def _decoded(self, token: str, at: datetime) -> dict[str, Any]:
        """Return what the provider signed; claims are still to be judged."""
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            return jwt.decode(token, await self._keys_for(kid, at), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError) as error:
            raise IdentityRefused(f"signature refused: {type(error).__name__}") from error

    async def _judge_freshness(self, auth_time: object, attempt: LoginAttempt) -> None:
        if auth_time is None:
            if "auth_time" in (await self._description()).get("claims_supported", []):
                raise IdentityRefused("ID token without auth_time from a provider that has it")
        elif not isinstance(auth_time, int | float):
            raise IdentityRefused("auth_time is no number")
        elif auth_time < attempt.started_at.timestamp() - _LEEWAY_SECONDS:
            raise IdentityRefused("the person authenticated before this log-in began")

    async def _keys_for(self, kid: str | None, at: datetime) -> KeySet:
        known = self._keys
        fresh = self._keys_until is not None and at < self._keys_until
        if known is None or not fresh or (kid is not None and kid not in {key.kid for key in known.keys}):
            fetched = await self._get_json(str((await self._description())["jwks_uri"]))
            known = self._keys = KeySet.import_key_set({"keys": fetched.get("keys", [])})
            self._keys_until = at + _KEYS_STAY_FRESH
        return known

    async def _userinfo(self, access_token: str, id_claims: dict[str, Any], at: datetime) -> dict[str, Any]:
        """Return what the provider says of the person, as JSON or as a JWT it signed (Core §5.3.2)."""
        endpoint = (await self._description()).get("userinfo_endpoint")
        if endpoint is None or not access_token:
            return {}
        answer = await self._get(str(endpoint), {"Authorization": f"Bearer {access_token}"})
        signed = answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/jwt"
        found = await self._signed_userinfo(answer.text.strip(), at) if signed else _json(answer)
        if found.get("sub") != id_claims["sub"]:
            raise IdentityRefused("userinfo is about another person")
        return found

    async def _signed_userinfo(self, token: str, at: datetime) -> dict[str, Any]:
        claims = await self._decoded(token, at)
        try:
            jwt.JWTClaimsRegistry(
                now=int(at.timestamp()),
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
            ).validate(claims)
        except JoseError as error:
            raise IdentityRefused(f"userinfo refused: {type(error).__name__}") from error
        return claims

    async def _get_json(self, url: str) -> dict[str, Any]:
        return _json(await self._get(url))

    async def _get(self, url: str, headers: dict[str, str] | None = None) -> httpx.Response:
        try:
            response = await self._http.get(url, headers=headers, timeout=_TIMEOUT)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise IdentityProviderAway(f"{type(error).__name__} from {httpx.URL(url).host}") from error
        return response


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError as error:
        raise IdentityProviderAway("the identity provider did not answer with JSON") from error
    if not isinstance(document, dict):
        raise IdentityProviderAway("the identity provider did not answer with a JSON object")
    return document
