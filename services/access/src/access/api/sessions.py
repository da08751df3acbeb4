"""Log-in, log-out and who am I: the browser's session lives in one HttpOnly cookie, never in a script."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from access.api import login_attempt
from access.api.login_attempt import Answer
from access.domain.errors import LoginProblem, LoginRefused
from access.domain.sessions import Session, local_path
from access.ports import IdentityProvider, IdentityProviderAway
from access.schemas import LoggedOut, Me, SessionView
from access.settings import Settings
from access.use_cases import sessions as use_cases
from common.auth import SESSION_COOKIE, ServiceKey
from common.ids import new_id
from common.problems import Unauthenticated
from common.web import Caller, Now, Station, Tx
from guard.web import CurrentAgent, TheGuard
from policy import permissions

router = APIRouter(prefix="/api/access", tags=["sessions"])
_NOBODY = "inconnu"


@router.get("/me")
async def me(agent: CurrentAgent, guard: TheGuard, clock: Now) -> Me:
    """Return the agent who calls and the actions a screen may offer."""
    return Me(
        agent_id=agent.agent_id,
        name=agent.name,
        role=agent.role,
        organisation_id=agent.organisation_id,
        organisation_name=agent.organisation_name,
        organisation_kind=agent.organisation_kind,
        communes=sorted(agent.communes),
        habilitation_id=agent.habilitation_id,
        habilitation_until=agent.habilitation_until,
        permissions=sorted(permissions(agent, clock.now(), town=guard.town)),
    )


@router.get("/login", status_code=303, response_class=RedirectResponse)
async def login(request: Request, clock: Now, next: str = "/") -> RedirectResponse:  # noqa: A002 - the parameter's public name
    """Send the browser to the identity provider; afterwards it comes back to ``next``, a path of this site."""
    attempt = login_attempt.new_attempt(local_path(next), at=clock.now())
    provider: IdentityProvider = request.app.state.identity_provider
    settings: Settings = request.app.state.settings
    try:
        target = await provider.authorization_url(attempt, settings.redirect_uri)
    except IdentityProviderAway:
        return _back_with(LoginProblem.FOURNISSEUR_INDISPONIBLE)
    response = RedirectResponse(target, status_code=303)
    login_attempt.keep(response, attempt, request.app.state.service_key, settings)
    return response


@router.get("/callback", status_code=303, response_class=RedirectResponse)
async def callback(
    request: Request, answer: Answer, connection: Tx, clock: Now, station: Station, state: str | None = None
) -> RedirectResponse:
    """Take the identity provider's answer: open a session on the local habilitation, or say why not."""
    at = clock.now()
    login, problem = answer.login, answer.problem
    if login is not None:
        try:
            session = await use_cases.open_session(
                connection, login=login, session_id=new_id(), entry_id=new_id(), station=station, at=at
            )
        except LoginRefused as refused:
            problem = refused.problem
        else:
            response = RedirectResponse(answer.next_path, status_code=303)
            _give_cookie(response, request, session, at)
            login_attempt.forget(response, state)
            return response
    problem = problem or LoginProblem.CONNEXION_REFUSEE
    if answer.begun:
        await use_cases.record_refused_login(
            connection, login=login or _NOBODY, problem=problem, entry_id=new_id(), station=station, at=at
        )
    response = _back_with(problem)
    login_attempt.forget(response, state)
    return response


@router.post("/session/refresh")
async def refresh_session(
    request: Request, response: Response, caller: Caller, connection: Tx, clock: Now
) -> SessionView:
    """Renew the cookie for 15 minutes, up to 12 h after log-in."""
    at = clock.now()
    try:
        session, _ = await use_cases.refresh_session(connection, session_id=_session_of(caller.session_id), at=at)
    except LoginRefused:
        raise Unauthenticated from None
    _give_cookie(response, request, session, at)
    return SessionView(expires_at=at + session.token_lasts(at), ends_at=session.ends_at)


@router.post("/logout")
async def logout(
    request: Request, response: Response, caller: Caller, connection: Tx, clock: Now, station: Station
) -> LoggedOut:
    """End the session in every service, copies of its cookie too; the answer tells where to end it at the provider."""
    await use_cases.end_session(
        connection,
        agent_id=caller.subject,
        session_id=_session_of(caller.session_id),
        entry_id=new_id(),
        station=station,
        at=clock.now(),
    )
    response.delete_cookie(SESSION_COOKIE, path="/")
    provider: IdentityProvider = request.app.state.identity_provider
    settings: Settings = request.app.state.settings
    return LoggedOut(provider_logout_url=await provider.end_session_url(f"{settings.public_origin}/"))


def _session_of(session_id: str | None) -> UUID:
    """Return the caller's session; raises Unauthenticated for machines, which have none."""
    if session_id is None:
        raise Unauthenticated
    return UUID(session_id)


def _give_cookie(response: Response, request: Request, session: Session, at: datetime) -> None:
    key: ServiceKey = request.app.state.service_key
    settings: Settings = request.app.state.settings
    seconds = int(session.token_lasts(at).total_seconds())
    claims = {"sub": session.agent_id, "sid": str(session.session_id), "epoch": session.epoch, "typ": "session"}
    response.set_cookie(
        SESSION_COOKIE,
        key.sign(claims, ttl=seconds),
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def _back_with(problem: LoginProblem) -> RedirectResponse:
    return RedirectResponse(f"/?erreur={problem.value}", status_code=303)
