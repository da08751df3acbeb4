"""The HTTP face of a service: problems, CSRF, and a commit that fails is never a 200."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, UploadFile
from sqlalchemy import text

from common.auth import SESSION_COOKIE, Principal
from common.body_limit import MAX_BODY_BYTES
from common.clock import SystemClock
from common.database import Database
from common.problems import Conflict, Problem
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.serving import serving
from common.testing.tokens import TokenMint
from common.web import Caller, Tx, create_app, service_scope

pytestmark = pytest.mark.integration
ORIGIN = "http://console.test"
READ: list[str] = []
"""Names of the questions whose body was read, or read until the caller went."""


class Kept(Problem):
    """A refusal whose trace must stay."""

    keeps_transaction = True

    def __init__(self) -> None:
        super().__init__(403, "refuse", "Refusé", "La règle du jeu l'interdit.")


def routes() -> APIRouter:
    router = APIRouter(prefix="/api/test")

    @router.post("/echo")
    async def echo(body: dict[str, str]) -> int:
        return len(body)

    @router.post("/form")
    async def form(file: UploadFile) -> int | None:
        return file.size

    @router.post("/rows/{value}")
    async def add(tx: Tx, value: int, outcome: str = "ok") -> dict[str, int]:
        await tx.execute(text("INSERT INTO parent VALUES (:value)"), {"value": value})
        if outcome == "dangling":  # a deferred constraint: only the commit finds it
            await tx.execute(text("INSERT INTO child VALUES (:value)"), {"value": value + 1000})
        if outcome == "conflict":
            raise Conflict("Déjà pris.")
        if outcome == "kept":
            raise Kept
        return {"value": value}

    @router.get("/rows")
    async def rows(tx: Tx) -> list[int]:
        return list((await tx.execute(text("SELECT value FROM parent ORDER BY value"))).scalars())

    @router.api_route("/me", methods=["GET", "POST"])
    async def me(caller: Caller) -> dict[str, str]:
        return {"subject": caller.subject}

    @router.get("/machine")
    async def machine(caller: Annotated[Principal, Depends(service_scope("rows.read"))]) -> dict[str, str]:
        return {"subject": caller.subject}

    return router


def raw_routes() -> APIRouter:
    router = APIRouter(prefix="/api/test")

    @router.post("/raw")
    async def raw(request: Request) -> int:
        try:
            return len(await request.body())
        finally:
            READ.append(request.headers["x-name"])

    return router


@pytest_asyncio.fixture
async def base_url(make_database: Callable[[str | None], TestDatabase], tokens: TokenMint) -> AsyncIterator[str]:
    urls = make_database(None)
    owner = Database(urls.owner_url)
    async with owner.transaction() as connection:
        await connection.execute(text("CREATE TABLE parent (value int PRIMARY KEY)"))
        await connection.execute(text("CREATE TABLE child (value int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"))
    await owner.dispose()
    app: FastAPI = create_app(
        title="t", service="test", lifespan=None, routers=[routes(), raw_routes()], public_origin=ORIGIN
    )
    app.state.database = Database(urls.app_url)
    app.state.clock = SystemClock()
    app.state.verifier = tokens.verifier
    async with serving(app) as url:
        yield url
    await app.state.database.dispose()


@pytest_asyncio.fixture
async def client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{base_url}/api/test") as opened:
        yield opened


async def test_a_commit_that_fails_is_no_success_and_leaves_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/rows/1")).status_code == 200
    assert (await client.post("/rows/2?outcome=dangling")).status_code == 500
    assert (await client.get("/rows")).json() == [1]


async def test_an_error_rolls_back_and_a_refusal_keeps_what_it_wrote(client: httpx.AsyncClient) -> None:
    assert (await client.post("/rows/3?outcome=conflict")).status_code == 409
    assert (await client.post("/rows/4?outcome=kept")).status_code == 403
    assert (await client.get("/rows")).json() == [4]


async def test_errors_are_problem_documents_in_french(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.post("/rows/5?outcome=conflict"),
        await client.post("/rows/not-a-number"),
        await client.post("/rows/6?outcome=dangling"),
        await client.get("/nowhere"),
        await client.get("/me"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["type"].startswith("urn:vigie:problem:")
        assert body["status"] == answer.status_code
        assert body["detail"]
    invalid = (await client.post("/rows/not-a-number")).json()
    assert invalid["errors"][0]["field"] == "value"


async def test_a_cookie_needs_the_console_s_header_and_origin_to_change_anything(
    client: httpx.AsyncClient, tokens: TokenMint
) -> None:
    cookie = {"Cookie": f"{SESSION_COOKIE}={tokens.session('op.durand')}"}
    assert (await client.get("/me", headers=cookie)).json() == {"subject": "op.durand"}
    assert (await client.post("/me", headers=cookie)).status_code == 403
    assert (
        await client.post("/me", headers={**cookie, "X-Vigie": "1", "Origin": "http://evil.test"})
    ).status_code == 403
    assert (await client.post("/me", headers={**cookie, "X-Vigie": "1", "Origin": ORIGIN})).status_code == 200


async def test_a_machine_route_wants_a_machine_with_the_scope(client: httpx.AsyncClient, tokens: TokenMint) -> None:
    assert (await client.get("/machine", headers=tokens.agent_headers("op.durand"))).status_code == 403
    assert (await client.get("/machine", headers=tokens.service_headers("incident", "other"))).status_code == 403
    allowed = await client.get("/machine", headers=tokens.service_headers("incident", "rows.read"))
    assert allowed.json() == {"subject": "incident"}


async def test_health_tells_reasons_and_metrics_count(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as client:
        assert (await client.get("/healthz/live")).json() == {"status": "live"}
        assert (await client.get("/healthz/ready")).status_code == 200
        assert "vigie_http_request_seconds" in (await client.get("/metrics")).text


async def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(client: httpx.AsyncClient) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65_536 + 2):
            yield b" " * 65_536

    for content in (b" " * (MAX_BODY_BYTES + 1), without_end()):
        answer = await client.post("/echo", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert "découpez" in answer.json()["detail"]
    assert (await client.post("/echo", json={"a": "b" * 1_000_000})).json() == 1


async def test_a_form_may_carry_a_file(client: httpx.AsyncClient) -> None:
    file = {"file": ("a.csv", b"a" * (MAX_BODY_BYTES + 1), "text/csv")}
    assert (await client.post("/form", files=file)).json() == MAX_BODY_BYTES + 1


async def test_a_caller_that_goes_before_its_question_is_whole_is_no_error(
    client: httpx.AsyncClient, base_url: str
) -> None:
    address = httpx.URL(base_url)
    with structlog.testing.capture_logs() as logged:
        _, writer = await asyncio.open_connection(address.host, address.port)
        head = "POST /api/test/raw HTTP/1.1\r\nHost: t\r\nX-Name: gone\r\nContent-Length: 10\r\n\r\n"
        writer.write(head.encode() + b"abc")
        await writer.drain()
        writer.close()

        async def read() -> bool:
            return "gone" in READ

        await eventually(read)
        whole = await client.post("/raw", content=b"abcdefghij", headers={"X-Name": "whole"})
    assert whole.json() == 10
    assert [line for line in logged if line["log_level"] == "error"] == []
