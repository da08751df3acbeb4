"""A row that is not what its service sealed is neither chained nor lost in silence; its neighbours go on."""

import pytest
from prometheus_client import REGISTRY
from register_rows import an_entry, an_event
from running_access import RunningAccess

from access.consumers import RegisterDesk, SealBroken
from common import dead_letters
from common.consumer import Burial
from common.ids import new_id
from common.testing.polling import eventually
from contracts.access import RegisterEntry
from contracts.envelope import Envelope

pytestmark = pytest.mark.integration


async def publish(access: RunningAccess, event: Envelope) -> None:
    await access.bus.js.publish(event.nats_subject, event.model_dump_json().encode())


def refused_rows(rule: str) -> float:
    return REGISTRY.get_sample_value("vigie_register_refused_rows_total", {"rule": rule}) or 0.0


async def test_a_row_that_nothing_can_chain_is_told_by_its_own_rule(access: RunningAccess) -> None:
    desk = RegisterDesk(access.tokens.verifier, access.clock)
    burial = Burial(new_id(), "DataError: value too long", ValueError("value too long"))
    async with access.database.transaction() as conn:
        await desk.on_given_up(conn, burial)
    (told,) = await access.register(1, action="row_refused")
    assert told["rule"] == "ligne_chainable"
    assert "value too long" in told["motive_text"]


def tampered(event: Envelope, **changes: object) -> Envelope:
    return event.model_copy(update={"data": {**event.data, **changes}})


async def test_a_row_changed_in_the_spool_is_a_dead_letter_and_a_row_that_says_so(access: RunningAccess) -> None:
    entries = [an_entry(access, context=f"incident:{number}") for number in range(20)]
    events = [an_event(access, entry) for entry in entries]
    events[7] = tampered(events[7], actor_id="op.autre")
    events[13] = tampered(events[13], seal=None)
    events[15] = tampered(events[15], result="perhaps")
    counted = {rule: refused_rows(rule) for rule in ("sceau", "ligne_lisible", "ligne_chainable")}
    for event in events:
        await publish(access, event)
    rows = await access.register(17, action="live")
    kept = [entry for number, entry in enumerate(entries) if number not in {7, 13, 15}]
    assert [row["entry_id"] for row in rows] == [str(entry.entry_id) for entry in kept]
    told = await access.register(3, action="row_refused")
    assert [row["context"] for row in told] == [f"lettre_morte:{entries[place].entry_id}" for place in (7, 13)] + [
        told[2]["context"]
    ]
    assert "ne correspond pas à la ligne" in told[0]["motive_text"]
    assert "ligne non scellée" in told[1]["motive_text"]
    assert {row["result"] for row in told} == {"refused"}
    assert [row["rule"] for row in told] == ["sceau", "sceau", "ligne_lisible"]
    assert [row["citation"] == told[0]["citation"] for row in told] == [True, True, False]

    assert {rule: refused_rows(rule) - before for rule, before in counted.items()} == {
        "sceau": 2,
        "ligne_lisible": 1,
        "ligne_chainable": 0,
    }, "each once, whatever its batch went through before"

    async def letters() -> list[dead_letters.DeadLetter]:
        return [letter async for letter in dead_letters.letters(access.bus)]

    dead = await eventually(letters, until=lambda found: len(found) == 3)
    assert {letter.event_id for letter in dead} >= {entries[7].entry_id, entries[13].entry_id}
    assert all(letter.attempts == 1 for letter in dead)


async def test_a_service_cannot_speak_in_anothers_name(access: RunningAccess) -> None:
    access.tokens.key("incident")
    entry = an_entry(access, action="ptz")
    event = an_event(access, entry).model_copy(update={"source": "/vigie/incident"})
    await publish(access, event)
    told = await access.register(1, action="row_refused")
    assert "scellée par « stream-gateway »" in told[0]["motive_text"]
    assert await access.register(0, action="ptz") == []


@pytest.mark.parametrize("accepts", [True, False])
async def test_unsealed_rows_are_taken_only_where_an_upgrade_is_under_way(access: RunningAccess, accepts: bool) -> None:  # noqa: FBT001
    entry = an_entry(access, action="snapshot")
    event = an_event(access, entry)
    desk = RegisterDesk(access.tokens.verifier, access.clock, accepts_unsealed=accepts)
    unsealed = RegisterEntry.model_validate({**event.data, "seal": None})
    broken = RegisterEntry.model_validate({**event.data, "actor_id": "op.autre"})
    async with access.database.transaction() as conn:
        with pytest.raises(SealBroken):
            await desk.on_entry_requested(conn, event, broken)
        if not accepts:
            with pytest.raises(SealBroken):
                await desk.on_entry_requested(conn, event, unsealed)
            return
        await desk.on_entry_requested(conn, event, unsealed)
    assert len(await access.register(1, action="snapshot")) == 1
