"""The register on real PostgreSQL and NATS: once, in order, by nobody changed, and found out when changed."""

import asyncio
from datetime import timedelta

import pytest
from register_rows import an_entry, an_event, as_superuser, put_on_the_bus, verification
from running_access import RunningAccess
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from access.checkpoints import SignedSeal
from access.consumers import RegisterDesk
from access.use_cases import register as use_cases
from common.database import Database
from common.testing.servers import Servers
from contracts.access import RegisterEntry

pytestmark = pytest.mark.integration


async def test_entries_of_the_bus_are_chained_in_order_and_twice_delivered_once_written(
    access: RunningAccess,
) -> None:
    entries = [an_entry(access, context=f"incident:{number}") for number in range(30)]
    await put_on_the_bus(access, entries)
    await put_on_the_bus(access, entries)
    rows = await access.register(30, action="live")
    assert [row["context"] for row in rows] == [entry.context for entry in entries]
    everything = await access.register()
    assert [row["seq"] for row in everything] == list(range(1, len(everything) + 1))
    async with access.client(access.as_agent("dpo.leroy")) as client:
        found = (await client.get("/api/access/register/verification")).json()
    assert found["valid"]
    assert found["first_bad_seq"] is None
    assert found["entries"] >= 30


async def test_the_handler_survives_a_second_delivery(access: RunningAccess) -> None:
    entry = an_entry(access, action="replay")
    desk = RegisterDesk(access.tokens.verifier, access.clock)
    for _ in range(2):
        async with access.database.transaction() as conn:
            event = an_event(access, entry)
            await desk.on_entry_requested(conn, event, RegisterEntry.model_validate(event.data))
    assert len(await access.register(1, action="replay")) == 1
    assert [subscription.stream for subscription in desk.subscriptions()] == ["REGISTER"]


async def test_concurrent_writers_leave_no_gap_and_no_fork(access: RunningAccess) -> None:
    async def write(number: int) -> None:
        async with access.database.transaction() as conn:
            batch = [an_entry(access, action="ptz", context=f"ticket:{number}-{n}") for n in range(5)]
            await use_cases.append_entries(conn, entries=batch)

    await asyncio.gather(*(write(number) for number in range(8)))
    rows = await access.register(40, action="ptz")
    assert len(rows) == 40
    async with access.database.transaction() as conn:
        assert (await use_cases.verify_register(conn, seal=access.app.state.seal)).valid


REWRITES = [
    "UPDATE register_entries SET actor_id = 'autre'",
    "DELETE FROM register_entries",
    "TRUNCATE register_entries",
    "UPDATE register_heads SET note = ''",
    "DELETE FROM register_heads",
    "TRUNCATE register_heads",
    "UPDATE register_tiles SET root = hashes",
    "DELETE FROM register_tiles",
    "TRUNCATE register_tiles",
    "TRUNCATE register_checkpoints",
    "TRUNCATE register_forgettings",
]
TABLES = ["register_entries", "register_heads", "register_tiles", "register_checkpoints", "register_forgettings"]
DISARMING = [
    *(f"DROP TABLE {table}" for table in TABLES),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES),
    "SELECT forget_register_rows(256, now(), now(), '')",
    "INSERT INTO register_forgettings (up_to, forgotten_at, note) VALUES (256, now(), '')",
    "INSERT INTO register_checkpoints (seq, sealed_at, token) VALUES (1, now(), '')",
]


async def test_the_serving_role_cannot_change_the_register_and_a_trigger_refuses_even_the_owner(
    access: RunningAccess,
) -> None:
    async with access.database.transaction() as conn:
        await use_cases.append_entries(conn, entries=[an_entry(access) for _ in range(300)])
        await use_cases.sign_head(conn, seal=access.app.state.seal, at=access.clock.now())
    for statement in [*REWRITES, *DISARMING]:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            async with access.database.transaction() as conn:
                await conn.execute(text(statement))
    owner = Database(access.urls.owner_url)
    for statement in REWRITES:
        with pytest.raises(DBAPIError, match="append-only"):
            async with owner.transaction() as conn:
                await conn.execute(text(statement))
    await owner.dispose()


CHANGES_AND_BACK = [
    ("canonical = set_byte(canonical, 40, get_byte(canonical, 40) # 1)",) * 2,
    ("hash = set_byte(hash, 31, get_byte(hash, 31) # 128)",) * 2,
    ("prev_hash = set_byte(prev_hash, 0, get_byte(prev_hash, 0) # 1)",) * 2,
    ("actor_id = 'op.autre'", "actor_id = 'op.durand'"),
    ("at = at + interval '1 millisecond'", "at = at - interval '1 millisecond'"),
]


async def test_one_byte_changed_by_the_superuser_is_found(access: RunningAccess, servers: Servers) -> None:
    await put_on_the_bus(access, [an_entry(access) for _ in range(5)])
    third = (await access.register(5, action="live"))[2]["seq"]
    for change, back in CHANGES_AND_BACK:
        await as_superuser(access, servers, f"UPDATE register_entries SET {change} WHERE seq = {third}")  # noqa: S608
        found = await verification(access)
        assert (found["valid"], found["first_bad_seq"]) == (False, third), change
        await as_superuser(access, servers, f"UPDATE register_entries SET {back} WHERE seq = {third}")  # noqa: S608
        assert (await verification(access))["valid"]


async def test_a_register_cut_short_behind_its_checkpoint_is_found(access: RunningAccess, servers: Servers) -> None:
    await put_on_the_bus(access, [an_entry(access) for _ in range(5)])
    last = (await access.register(5, action="live"))[-1]["seq"]
    for _ in range(2):  # the second finds nothing new to seal
        async with access.database.transaction() as conn:
            await use_cases.sign_head(conn, seal=access.app.state.seal, at=access.clock.now())
    assert (await verification(access))["valid"]
    await as_superuser(access, servers, f"DELETE FROM register_entries WHERE seq >= {last}")  # noqa: S608
    assert not (await verification(access))["valid"]


async def test_a_checkpoint_that_we_did_not_sign_convinces_nobody(access: RunningAccess) -> None:
    await put_on_the_bus(access, [an_entry(access)])
    seq = (await access.register(1, action="live"))[0]["seq"]
    stranger = SignedSeal(access.tokens.key("incident"), access.app.state.seal.origin)
    async with access.database.transaction() as conn:
        await use_cases.sign_head(conn, seal=stranger, at=access.clock.now())
    found = await verification(access)
    assert not found["valid"]
    assert found["first_bad_seq"] >= seq


async def test_the_four_questions(access: RunningAccess) -> None:
    start = access.clock.now()
    entries = [
        an_entry(access, at=start, camera_id="c1", actor_id="op.durand", action="live"),
        an_entry(access, at=start + timedelta(hours=1), camera_id="c2", actor_id="op.soisy", action="ptz"),
        an_entry(access, at=start + timedelta(hours=2), camera_id="c1", action="live", result="refused"),
    ]
    await put_on_the_bus(access, entries)
    await access.register(1, camera_id="c1", result="refused")
    hour = (start + timedelta(hours=1)).isoformat()
    questions = [
        ({"camera_id": "c1"}, [0, 2]),
        ({"agent_id": "op.soisy"}, [1]),
        ({"action": "ptz"}, [1]),
        ({"from": hour, "camera_id": "c1"}, [2]),
        ({"to": hour, "agent_id": "op.durand"}, [0]),
        ({"result": "refused", "camera_id": "c2"}, []),
    ]
    async with access.client(access.as_agent("auditeur.cnil")) as client:
        for question, expected in questions:
            items = (await client.get("/api/access/register", params=question)).json()["items"]
            wanted = [str(entries[place].entry_id) for place in reversed(expected)]
            assert [item["entry_id"] for item in items] == wanted, question


async def test_pages_follow_each_other_without_loss(access: RunningAccess) -> None:
    await put_on_the_bus(access, [an_entry(access) for _ in range(7)])
    await access.register(7, action="live")
    seen: list[int] = []
    cursor: str | None = None
    async with access.client(access.as_service("register.read")) as client:
        while True:
            params = {"action": "live", "limit": "3"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/access/register", params=params)).json()
            seen += [item["seq"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)


async def test_a_head_of_room_reads_the_communes_of_the_employer_only(access: RunningAccess) -> None:
    await put_on_the_bus(access, [an_entry(access), an_entry(access, insee="59606", camera_id="VAL-1")])
    await access.register(2, action="live")
    async with access.client(access.as_agent("chef.martin")) as chief:
        items = (await chief.get("/api/access/register")).json()["items"]
        assert {item["insee"] for item in items} == {"95598"}
        hidden = (await chief.get("/api/access/register", params={"camera_id": "VAL-1"})).json()
        assert hidden["items"] == []
    async with access.client(access.as_agent("auditeur.cnil")) as auditor:
        items = (await auditor.get("/api/access/register", params={"camera_id": "VAL-1"})).json()["items"]
        assert len(items) == 1


async def test_reading_the_register_is_registered_and_so_is_being_refused(access: RunningAccess) -> None:
    async with access.client(access.as_agent("dpo.leroy")) as client:
        assert (await client.get("/api/access/register")).status_code == 200
    async with access.client(access.as_agent("op.durand")) as client:
        refused = await client.get("/api/access/register")
    assert (refused.status_code, refused.json()["rule"]) == (403, "role_autorise")
    assert refused.json()["citation"]
    read = await access.register(1, agent_id="dpo.leroy", action="read_register")
    assert read[0]["result"] == "allowed"
    denied = await access.register(1, agent_id="op.durand", action="read_register")
    assert denied[0]["result"] == "refused"


async def test_a_question_that_is_none_is_refused(access: RunningAccess) -> None:
    wrong = [{"camera_id": "\x00"}, {"from": "hier"}, {"from": "2026-01-01T00:00:00"}, {"limit": "0"}, {"cursor": "x"}]
    async with access.client(access.as_service("register.read")) as client:
        for question in wrong:
            answer = await client.get("/api/access/register", params=question)
            assert answer.status_code == 422, question
            assert answer.json()["errors"]


async def test_a_machine_needs_the_scope_and_a_token_at_all(access: RunningAccess) -> None:
    async with access.client(access.as_service("cameras.read")) as client:
        assert (await client.get("/api/access/register")).status_code == 403
    async with access.client() as client:
        assert (await client.get("/api/access/register")).status_code == 401
        assert (await client.get("/api/access/register/verification")).status_code == 401
