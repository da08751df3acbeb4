"""Log-in against an independent OpenID provider, and what a session is worth afterwards."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from running_access import RunningAccess

from access.domain.agents import Habilitation
from access.use_cases import agents as use_cases
from common.auth import SESSION_COOKIE
from common.ids import new_id
from common.testing.polling import eventually
from contracts.access import Role

pytestmark = pytest.mark.integration
CSRF = {"X-Vigie": "1", "Origin": "http://127.0.0.1:8080"}


async def at_provider(location: str, person: str) -> httpx.URL:
    """Log in at the provider as a person does; returns where the browser is sent back to."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(location, data={"sub": person})
    assert answer.status_code == 302, answer.text
    return httpx.URL(answer.headers["location"])


async def log_in(browser: httpx.AsyncClient, person: str, back_to: str = "/") -> httpx.Response:
    start = await browser.get("/api/access/login", params={"next": back_to})
    back = await at_provider(start.headers["location"], person)
    return await browser.get(back.raw_path.decode())


async def test_the_whole_way_from_login_to_logout(access: RunningAccess) -> None:
    async with access.client() as browser:
        assert (await browser.get("/api/access/me")).status_code == 401
        done = await log_in(browser, "op.durand", "/carte?c=1")
        assert (done.status_code, done.headers["location"]) == (303, "/carte?c=1")
        cookie = done.headers.get_list("set-cookie")[0]
        assert cookie.startswith(SESSION_COOKIE)
        assert all(flag in cookie for flag in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=900"))
        assert "Secure" not in cookie  # the test's public origin is plain HTTP on the loopback
        me = (await browser.get("/api/access/me")).json()
        assert (me["agent_id"], me["role"], len(me["communes"])) == ("op.durand", "operateur", 16)
        assert "live" in me["permissions"]
        assert "read_register" not in me["permissions"]
        refreshed = await browser.post("/api/access/session/refresh", headers=CSRF)
        assert refreshed.status_code == 200
        assert (await browser.post("/api/access/session/refresh")).status_code == 403  # CSRF header missing
        out = await browser.post("/api/access/logout", headers=CSRF)
        assert urlsplit(out.json()["provider_logout_url"]).path == "/oauth2/end_session"
        assert (await browser.get("/api/access/me")).status_code == 401
    rows = await access.register(2, agent_id="op.durand")
    assert [(row["action"], row["result"]) for row in rows] == [("login", "done"), ("logout", "done")]
    assert rows[0]["habilitation_id"].startswith("HAB-")


async def test_a_copied_cookie_dies_with_the_logout_and_no_other_session_does(access: RunningAccess) -> None:
    async with access.client() as browser, access.client() as elsewhere:
        await log_in(browser, "op.durand")
        await log_in(elsewhere, "op.durand")
        copied = {"Authorization": f"Bearer {browser.cookies[SESSION_COOKIE]}"}
        async with access.client(headers=copied) as thief:
            assert (await thief.get("/api/access/me")).status_code == 200
            assert (await browser.post("/api/access/logout", headers=CSRF)).status_code == 200

            async def stolen() -> int:
                return (await thief.get("/api/access/me")).status_code

            assert await eventually(stolen, until=lambda status: status == 401) == 401
            assert (await thief.post("/api/access/session/refresh")).status_code == 401
        assert (await elsewhere.get("/api/access/me")).status_code == 200
        first = ended_sessions(access)
        assert len(first) == 1
        access.clock.advance(timedelta(minutes=10))
        organisation = {"organisation_id": "ca-plaine-vallee", "name": "CA", "kind": "collectivite", "communes": []}
        async with access.client(headers=access.as_service("agents.write")) as machine:
            await machine.post("/api/access/organisations", json=organisation)

        async def renamed() -> str:
            return access.app.state.guard.agents.get("op.durand").organisation_name

        await eventually(renamed, until=lambda name: name == "CA")
        assert ended_sessions(access) == first  # another change of the agent does not bring the session back
        access.clock.advance(timedelta(minutes=7))
        assert (await elsewhere.post("/api/access/logout", headers=CSRF)).status_code == 200

        async def replaced() -> tuple[str, ...]:
            return ended_sessions(access)

        later = await eventually(replaced, until=lambda ended: ended != first)
        assert len(later) == 1  # the first one's tokens have expired


def ended_sessions(access: RunningAccess) -> tuple[str, ...]:
    return access.app.state.guard.agents.get("op.durand").ended_sessions


async def test_the_request_to_the_provider_carries_pkce_state_and_nonce(access: RunningAccess, provider: str) -> None:
    async with access.client() as browser:
        start = await browser.get("/api/access/login")
    assert start.headers["location"].startswith(f"{provider}/oauth2/authorize?")
    query = parse_qs(urlsplit(start.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert query["prompt"] == ["login"]
    assert int(query["max_age"][0]) > 0
    assert query["redirect_uri"] == ["http://127.0.0.1:8080/api/access/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(query[name][0]) >= 43
    assert "HttpOnly" in start.headers["set-cookie"]


async def test_an_open_redirect_is_refused(access: RunningAccess) -> None:
    async with access.client() as browser:
        for path in ("https://evil.example/", "//evil.example", "/\\evil.example"):
            answer = await browser.get("/api/access/login", params={"next": path})
            assert answer.status_code == 422
            assert "location" not in answer.headers


async def test_a_person_without_a_local_account_is_sent_back_and_registered(access: RunningAccess) -> None:
    async with access.client() as browser:
        done = await log_in(browser, "inconnu.dupont")
        assert done.headers["location"] == "/?erreur=compte-inconnu"
        assert SESSION_COOKIE not in browser.cookies
    row = (await access.register(1, agent_id="inconnu.dupont"))[0]
    assert (row["action"], row["result"], row["rule"]) == ("login", "refused", "compte-inconnu")


async def test_an_expired_habilitation_is_refused_though_the_provider_vouches(access: RunningAccess) -> None:
    now = access.clock.now()
    async with access.database.transaction() as conn:
        await use_cases.enrol_agent(
            conn,
            agent_id="op.ancien",
            name="Ancien opérateur",
            role=Role.OPERATEUR,
            organisation_id="ca-plaine-vallee",
            communes=None,
            habilitation=Habilitation("HAB-OLD", now - timedelta(days=2), now),
            by="test",
            event_id=new_id(),
            at=now,
        )
    async with access.client() as browser:
        done = await log_in(browser, "op.ancien")
        assert done.headers["location"] == "/?erreur=habilitation-expiree"
        assert SESSION_COOKIE not in browser.cookies
    row = (await access.register(1, agent_id="op.ancien"))[0]
    assert (row["result"], row["rule"], row["habilitation_id"]) == ("refused", "habilitation-expiree", "HAB-OLD")


async def test_another_browsers_answer_is_not_accepted(access: RunningAccess) -> None:
    async with access.client() as victim, access.client() as attacker:
        start = await attacker.get("/api/access/login")
        back = await at_provider(start.headers["location"], "admin.vigie")
        forged = await victim.get(back.raw_path.decode())
        assert forged.headers["location"] == "/?erreur=connexion-expiree"
        assert SESSION_COOKIE not in victim.cookies
        honest = await attacker.get(back.raw_path.decode())
        assert honest.headers["location"] == "/"
        again = await attacker.get(back.raw_path.decode())  # the attempt's cookie served once
        assert again.headers["location"] == "/?erreur=connexion-expiree"


async def test_a_code_the_provider_never_gave_is_refused_and_registered(access: RunningAccess) -> None:
    async with access.client() as browser:
        start = await browser.get("/api/access/login")
        state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
        done = await browser.get("/api/access/callback", params={"code": "inventé", "state": state})
        assert done.headers["location"] == "/?erreur=connexion-refusee"
    assert (await access.register(1, agent_id="inconnu"))[0]["rule"] == "connexion-refusee"


async def test_a_cancelled_login_is_sent_back(access: RunningAccess) -> None:
    async with access.client() as browser:
        start = await browser.get("/api/access/login")
        state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
        done = await browser.get("/api/access/callback", params={"error": "access_denied", "state": state})
    assert done.headers["location"] == "/?erreur=connexion-refusee"


async def test_a_session_lives_twelve_hours_at_most(access: RunningAccess) -> None:
    async with access.client() as browser:
        await log_in(browser, "op.durand")
        access.clock.advance(timedelta(hours=11, minutes=55))
        last = await browser.post("/api/access/session/refresh", headers=CSRF)
        assert (last.status_code, last.json()["expires_at"]) == (200, last.json()["ends_at"])
        access.clock.advance(timedelta(minutes=5))
        assert (await browser.post("/api/access/session/refresh", headers=CSRF)).status_code == 401


async def test_revocation_reaches_the_bucket_and_kills_the_session(access: RunningAccess) -> None:
    async with access.client() as browser:
        await log_in(browser, "op.durand")
        async with access.client(headers=access.as_service("agents.write")) as machine:
            answer = await machine.post("/api/access/agents/op.durand/revocation")
            assert (answer.status_code, answer.json()["active"]) == (200, False)
            assert (await machine.post("/api/access/agents/op.durand/revocation")).status_code == 409
        bucket = await access.bus.js.key_value("agents")

        async def state() -> bytes:
            return (await bucket.get("op.durand")).value or b""

        await eventually(state, until=lambda value: b'"active":false' in value and b'"session_epoch":1' in value)

        async def me() -> int:
            return (await browser.get("/api/access/me")).status_code

        await eventually(me, until=lambda status: status == 401)
        assert (await browser.post("/api/access/session/refresh", headers=CSRF)).status_code == 401
        assert (await log_in(browser, "op.durand")).headers["location"] == "/?erreur=compte-revoque"
    event = await access.bus.js.get_last_msg("ACCESS", "vigie.00000.access.agent_revoked.v1")
    assert b'"agent_id":"op.durand"' in (event.data or b"")


async def test_tokens_of_others_do_not_make_an_agent(access: RunningAccess) -> None:
    forged = access.tokens.key("incident").sign(
        {"sub": "admin.vigie", "typ": "session", "sid": str(new_id()), "epoch": 0}, ttl=60
    )
    expired = access.tokens.session("admin.vigie", ttl=-60)
    for headers in [
        {"Authorization": f"Bearer {forged}"},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": "Bearer rien"},
        access.as_service("agents.read"),
        access.as_agent("inconnu.dupont"),
    ]:
        async with access.client(headers=headers) as client:
            assert (await client.get("/api/access/me")).status_code == 401
            assert (await client.post("/api/access/session/refresh")).status_code == 401
