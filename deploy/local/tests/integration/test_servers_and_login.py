"""The servers under the services, run by the supervisor, and a log-in through the provider's real forms."""

import base64
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import asyncpg
import httpx
import nats
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from minio import Minio

from vigie_local.identity_provider import CLIENT_ID
from vigie_local.people import DEMO_PASSWORD
from vigie_local.platform import Platform
from vigie_local.supervisor import State, Status, Supervisor
from vigie_local.wanted import Wanted

pytestmark = pytest.mark.integration

ORIGIN_PORT = 8080  # only written into redirect addresses here: nothing listens


def quiet(_: Status) -> None:
    """Show nothing."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "plaine-vallee"


@pytest.fixture
async def platform(data: Path) -> AsyncIterator[Platform]:
    """Start the servers; each test finds them as the test before left them: a second start on the same data."""
    platform = Platform(Wanted("plaine-vallee", data, ORIGIN_PORT, cameras=2, demo=True))
    supervisor = Supervisor(platform.servers(), log_folder=platform.layout.logs, on_change=quiet)
    await supervisor.start()
    assert {status.state for status in supervisor.statuses.values()} == {State.READY}
    try:
        yield platform
    finally:
        await supervisor.stop()


async def log_in(platform: Platform, login: str, password: str) -> tuple[httpx.Response, str]:
    """Walk through the provider's pages as a browser would; returns the last answer and the PKCE verifier."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    async with httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        answer = await browser.get(
            f"{platform.identity.origin}/oauth/authorize",
            params={
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": f"{platform.origin}/api/access/callback",
                "scope": "openid profile",
                "state": "a-state",
                "nonce": "a-nonce",
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )
        for fields in ({"login": login}, {"password": password}):
            answer = await follow(browser, answer, platform.origin)
            answer = await browser.post(answer.url, data=hidden_fields(answer.text) | fields)
        return await follow(browser, answer, platform.origin), verifier


async def follow(browser: httpx.AsyncClient, answer: httpx.Response, origin: str) -> httpx.Response:
    """Follow redirects, but never leave the provider: the last one, to the platform, is what we want to read."""
    while answer.is_redirect:
        target = urljoin(str(answer.url), answer.headers["location"])
        if target.startswith(origin):
            break
        answer = await browser.get(target)
    return answer


def hidden_fields(page: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, page
    return {"csrf_token": token[1]}


async def exchange(platform: Platform, code: str, verifier: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.post(
            f"{platform.identity.origin}/oauth/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": f"{platform.origin}/api/access/callback",
                "code_verifier": verifier,
            },
            auth=(CLIENT_ID, platform.credentials.get("oidc/client")),
        )


async def test_a_demo_person_logs_in_with_code_and_pkce_and_no_consent_page(platform: Platform) -> None:
    answer, verifier = await log_in(platform, "op.durand", DEMO_PASSWORD)
    target = urlsplit(answer.headers["location"])
    query = parse_qs(target.query)
    assert target.path == "/api/access/callback"
    assert query["state"] == ["a-state"]

    tokens = (await exchange(platform, query["code"][0], verifier)).json()

    async with httpx.AsyncClient(trust_env=False) as client:
        description = (await client.get(f"{platform.identity.origin}/.well-known/openid-configuration")).json()
        keys = KeySet.import_key_set((await client.get(description["jwks_uri"])).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256", "RS512"]).claims
    assert description["issuer"] == claims["iss"] == platform.identity.origin
    assert claims["sub"] == "op.durand"
    assert claims["nonce"] == "a-nonce"
    assert CLIENT_ID in claims["aud"]


async def test_the_code_is_worth_nothing_without_its_verifier(platform: Platform) -> None:
    answer, _ = await log_in(platform, "chef.martin", DEMO_PASSWORD)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    assert (await exchange(platform, code, secrets.token_urlsafe(48))).status_code == httpx.codes.BAD_REQUEST


async def test_a_wrong_password_stays_on_the_french_page(platform: Platform) -> None:
    answer, _ = await log_in(platform, "op.durand", "pas-le-bon")
    assert answer.status_code == httpx.codes.OK
    assert 'lang="fr"' in answer.text
    assert "location" not in answer.headers


async def test_each_service_reaches_its_own_part_of_the_servers(platform: Platform) -> None:
    await platform.create_databases()
    for service in ("incident", "retention"):
        prefix = f"{service.upper()}_"
        environment = {name.removeprefix(prefix): value for name, value in platform.environment_of(service).items()}
        client = await nats.connect(
            environment["NATS_URL"],
            user=environment["NATS_USER"],
            password=environment["NATS_PASSWORD"],
            inbox_prefix=f"_INBOX.{service}".encode(),
        )
        assert (await client.jetstream().account_info()).streams >= 0
        await client.close()
        connection = await asyncpg.connect(environment["DATABASE_URL"].replace("+asyncpg", ""))
        assert await connection.fetchval("SELECT current_user") == f"{service}_app"
        await connection.close()
    store = Minio(
        environment["S3_ENDPOINT"],
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
        secure=False,
    )
    assert store.list_buckets() == []
