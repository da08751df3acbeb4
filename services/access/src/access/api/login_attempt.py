"""The browser's half of a log-in: a signed, short-lived cookie, one per attempt so that two tabs do not collide."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.responses import Response

from access.domain.errors import LoginProblem
from access.ports import (
    IdentityProvider,
    IdentityProviderAway,
    IdentityRefused,
    LoginAttempt,
)
from access.settings import Settings
from common.auth import ServiceKey
from common.problems import Unauthenticated
from common.web import Now

ATTEMPT_SECONDS = 600
_AUDIENCE = "access-login"
_PATH = "/api/access/callback"
_log = structlog.get_logger("access")


def new_attempt(next_path: str, *, at: datetime) -> LoginAttempt:
    """Return a fresh log-in attempt; 256 random bits in each of its three secrets."""
    return LoginAttempt(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(32),
        next_path=next_path,
        started_at=at,
    )


def keep(response: Response, attempt: LoginAttempt, key: ServiceKey, settings: Settings) -> None:
    """Give the attempt to the browser, signed, out of reach of scripts, for ten minutes."""
    claims = {
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_verifier": attempt.code_verifier,
        "next": attempt.next_path,
        "started_at": attempt.started_at.timestamp(),
    }
    response.set_cookie(
        _name(attempt.state),
        key.sign(claims, ttl=ATTEMPT_SECONDS, audience=_AUDIENCE),
        max_age=ATTEMPT_SECONDS,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def forget(response: Response, state: str | None) -> None:
    """Take the attempt back: it serves once."""
    if state:
        response.delete_cookie(_name(state), path=_PATH)


def _taken(request: Request, state: str, key: ServiceKey) -> LoginAttempt | None:
    try:
        claims = key.verify_own(request.cookies.get(_name(state), ""), audience=_AUDIENCE)
    except Unauthenticated:
        return None
    if claims.get("state") != state:
        return None
    return LoginAttempt(
        state=state,
        nonce=str(claims["nonce"]),
        code_verifier=str(claims["code_verifier"]),
        next_path=str(claims["next"]),
        started_at=datetime.fromtimestamp(float(claims["started_at"]), UTC),
    )


def _name(state: str) -> str:
    return f"vigie_login_{''.join(letter for letter in state[:12] if letter.isalnum())}"


class Vouched:
    """What came of the identity provider's answer: a log-in name, or why there is none.

    ``begun`` tells that this very browser had begun the attempt; without it nothing is worth a register row.
    """

    def __init__(self, *, begun: bool, next_path: str = "/") -> None:
        self.begun = begun
        self.next_path = next_path
        self.login: str | None = None
        self.problem: LoginProblem | None = None if begun else LoginProblem.CONNEXION_EXPIREE


async def vouched(
    request: Request, clock: Now, code: str | None = None, state: str | None = None, error: str | None = None
) -> Vouched:
    """Check the answer and ask the identity provider who this is; no database connection is held meanwhile."""
    attempt = _taken(request, state, request.app.state.service_key) if state else None
    if attempt is None:
        return Vouched(begun=False)
    answer = Vouched(begun=True, next_path=attempt.next_path)
    if error is not None or code is None:
        answer.problem = LoginProblem.CONNEXION_REFUSEE
        return answer
    provider: IdentityProvider = request.app.state.identity_provider
    settings: Settings = request.app.state.settings
    try:
        answer.login = await provider.identify(attempt, code=code, redirect_uri=settings.redirect_uri, at=clock.now())
    except IdentityProviderAway as reason:
        _log.warning("identity provider away", reason=str(reason))
        answer.problem = LoginProblem.FOURNISSEUR_INDISPONIBLE
    except IdentityRefused as reason:
        _log.warning("log-in refused", reason=str(reason))
        answer.problem = LoginProblem.CONNEXION_REFUSEE
    return answer


Answer = Annotated[Vouched, Depends(vouched)]
