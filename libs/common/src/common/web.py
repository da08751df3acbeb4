"""The HTTP face every service has in common.

Problems, health, metrics, trace context, security headers, who calls, and one transaction per request that is
committed *before* the answer goes out: a failed commit is never a 200.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from prometheus_client import Histogram
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import problems, telemetry
from common.auth import SESSION_COOKIE, Principal, TokenVerifier
from common.body_limit import BodyLimit
from common.clock import Clock
from common.database import Database, DatabaseAway
from common.health import Health, health_router
from common.problems import Forbidden, Problem, Unauthenticated

CSRF_HEADER = "x-vigie"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_REQUEST_SECONDS = Histogram(
    "vigie_http_request_seconds",
    "Time to answer an HTTP request",
    ("service", "method", "route", "status"),
)
_AWAY = "La base de données redémarre : rien n'a été enregistré, réessayez dans un instant."
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_TRACED_HERE = TelemetryConfig(tracing=False, metrics=False, logs=False)
"""The framework's own spans, five a request, would repeat ours and carry what was asked (``url.query``)."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _Application(FastAPI):
    """FastAPI that documents its refusals as the problems they are."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document.setdefault("components", {}).setdefault("schemas", {}).setdefault("Problem", problems.SCHEMA)
        return document


def _operation_id(route: APIRoute) -> str:
    return route.name


def create_app(
    *, title: str, service: str, lifespan: Lifespan | None, routers: Sequence[APIRouter], public_origin: str
) -> FastAPI:
    """Build a service's application.

    The composition root must set ``app.state.database``, ``clock`` and ``verifier`` before serving;
    ``app.state.health`` is made here for it to add checks to. ``public_origin`` is the one origin of browsers.
    """
    prefix = routers[0].prefix if routers else ""
    app = _Application(
        title=title,
        version="1",
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=problems.DOCUMENTED,
        telemetry=_TRACED_HERE,
    )
    app.state.health = Health()
    app.state.public_origin = public_origin
    problems.install(app)
    app.include_router(health_router(app.state.health))
    for router in routers:
        app.include_router(router)

    app.add_middleware(BodyLimit)
    app.add_middleware(_Observed, service=service)
    return app


class _Observed:
    """Around every request: its span, its duration, the security headers, and a problem for what nobody caught."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        method = str(scope["method"])
        answered = False
        with telemetry.tracer().start_as_current_span(
            f"{method} {self._service}", context=telemetry.extract(Headers(scope=scope)), kind=trace.SpanKind.SERVER
        ) as span:

            async def answer(message: Message) -> None:
                nonlocal answered
                if message["type"] == "http.response.start":
                    answered = True
                    route = getattr(scope.get("route"), "path", "unmatched")
                    span.update_name(f"{method} {route}")
                    headers = MutableHeaders(scope=message)
                    for name, value in _SECURITY_HEADERS.items():
                        headers.setdefault(name, value)
                    spent = time.perf_counter() - started
                    _REQUEST_SECONDS.labels(self._service, method, route, str(message["status"])).observe(spent)
                await send(message)

            try:
                await self._app(scope, receive, answer)
            except ClientDisconnect:
                return  # it went before its question was whole: there is nobody to answer
            except Exception as error:
                if answered:
                    raise
                await problems.response(self._problem(error, method))(scope, receive, answer)

    def _problem(self, error: Exception, method: str) -> Problem:
        if isinstance(error, DatabaseAway):
            return problems.Unavailable(_AWAY)
        # logged here, within the trace; the caller gets a problem all the same
        structlog.get_logger(self._service).error("request failed", method=method, exc_info=error)
        return problems.Unexpected()


async def transaction(connection: HTTPConnection) -> AsyncIterator[AsyncConnection]:
    """One transaction for one request; committed before the response is sent (scope ``function``)."""
    database: Database = connection.app.state.database
    async with database.transaction() as opened:
        yield opened


async def reading(connection: HTTPConnection) -> AsyncIterator[AsyncConnection]:
    """Return a connection for questions only, given back before the response is sent (scope ``function``)."""
    database: Database = connection.app.state.database
    async with database.reading() as opened:
        yield opened


def bearer_token(connection: HTTPConnection) -> tuple[str | None, bool]:
    """Return the caller's token and whether it came as a cookie."""
    header = connection.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        return header[7:].strip(), False
    return connection.cookies.get(SESSION_COOKIE), True


def refuse_foreign_origin(connection: HTTPConnection) -> None:
    """Raise Forbidden when a browser says that another origin's page is calling."""
    origin = connection.headers.get("origin")
    if origin is not None and origin != connection.app.state.public_origin:
        raise Forbidden("Cette requête vient d'une autre origine que la console.", rule="origine")


async def authenticated(connection: HTTPConnection) -> Principal:
    """Return who calls; raises Unauthenticated. A cookie on an unsafe method needs proof against CSRF."""
    token, from_cookie = bearer_token(connection)
    if not token:
        raise Unauthenticated
    method = connection.scope.get("method", "GET")
    if from_cookie and method in _UNSAFE:
        refuse_foreign_origin(connection)
        if CSRF_HEADER not in connection.headers:
            raise Forbidden("L'en-tête X-Vigie manque : requête refusée par précaution.", rule="csrf")
    verifier: TokenVerifier = connection.app.state.verifier
    return verifier.verify(token)


def service_scope(scope: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Return a dependency that lets only services with ``scope`` pass."""

    async def check(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if principal.kind != "service" or scope not in principal.scopes:
            raise Forbidden(f"Ce service n'a pas le droit « {scope} ».", rule="scope")
        return principal

    return check


async def current_clock(connection: HTTPConnection) -> Clock:
    """Return the application's clock (an edge may ask it; the domain never does)."""
    clock: Clock = connection.app.state.clock
    return clock


async def station_of(connection: HTTPConnection) -> str:
    """Return the caller's station: its IP as the one web server in front reports it, for the register."""
    forwarded = connection.headers.get("x-forwarded-for", "")
    if forwarded:
        return forwarded.split(",")[-1].strip()
    return connection.client.host if connection.client else "local"


Tx = Annotated[AsyncConnection, Depends(transaction, scope="function")]
Reading = Annotated[AsyncConnection, Depends(reading, scope="function")]
Caller = Annotated[Principal, Depends(authenticated)]
Now = Annotated[Clock, Depends(current_clock)]
Station = Annotated[str, Depends(station_of)]
