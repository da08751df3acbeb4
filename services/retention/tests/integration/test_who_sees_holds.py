"""Holds and their live facts: role and habilitation are judged, at the door and for every fact."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from common.ids import new_id
from common.testing.polling import eventually
from common.testing.states import SOISY, an_agent, put_agent
from contracts.access import Role
from contracts.retention import (
    FACT_HOLD_LIFTED,
    FACT_SEGMENTS_DESTROYED,
    OWNER,
    HoldLifted,
    SegmentsDestroyed,
)

from .conftest import RECORDED_AT, Centre

pytestmark = pytest.mark.integration


@asynccontextmanager
async def listening(centre: Centre, agent_id: str) -> AsyncGenerator[AsyncGenerator[str, None], None]:
    """Yield the ids of the facts an agent receives; the stream is open once this yields."""
    headers = centre.tokens.agent_headers(agent_id)
    async with (
        httpx.AsyncClient(base_url=centre.base_url, timeout=60) as client,
        client.stream("GET", "/api/retention/live", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        received = _fact_ids(answer)
        assert await anext(received) == "hello"
        yield received


async def _fact_ids(answer: httpx.Response) -> AsyncGenerator[str, None]:
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:")).get("id", "hello")


async def hold_fact(centre: Centre) -> str:
    fact = HoldLifted(hold_id=new_id(), insee=SOISY, at=centre.clock.now(), reason="procédure classée")
    return str((await centre.announce(fact, OWNER, FACT_HOLD_LIFTED)).id)


async def destruction_fact(centre: Centre) -> str:
    fact = SegmentsDestroyed(
        batch_id=new_id(),
        insee=SOISY,
        count=1,
        bytes=1,
        oldest=RECORDED_AT,
        newest=RECORDED_AT,
        merkle_root="00",
        at=centre.clock.now(),
    )
    return str((await centre.announce(fact, OWNER, FACT_SEGMENTS_DESTROYED)).id)


async def test_only_who_may_place_holds_lists_them_and_a_refusal_is_in_the_register(centre: Centre) -> None:
    await centre.place_hold(RECORDED_AT, RECORDED_AT + timedelta(minutes=1))
    assert len((await centre.get("holds", "chef.martin")).json()["items"]) == 1
    refused = await centre.get("holds", "op.durand")
    assert refused.status_code == 403
    assert refused.json()["rule"] == "role_autorise"
    assert refused.json()["citation"]
    rows = await eventually(
        lambda: centre.register_rows("hold"), until=lambda found: any(row.result == "refused" for row in found)
    )
    assert [row.actor_id for row in rows if row.result == "refused"] == ["op.durand"]


async def test_an_ended_habilitation_lists_no_hold(centre: Centre) -> None:
    ended = an_agent("chef.martin", role=Role.CHEF_DE_SALLE).model_copy(
        update={"habilitation_until": centre.clock.now()}
    )
    await put_agent(centre.bus, ended)
    refused = await eventually(
        lambda: centre.get("holds", "chef.martin"), until=lambda answer: answer.status_code == 403
    )
    assert refused.json()["rule"] == "habilitation_valide"


async def test_who_may_see_neither_hold_nor_recording_has_no_live_facts(centre: Centre) -> None:
    refused = await centre.get("live", "cr.petit")
    assert refused.status_code == 403
    assert await eventually(lambda: centre.register_rows("view_recordings"))


async def test_an_operator_hears_of_destructions_but_not_of_holds(centre: Centre) -> None:
    async with listening(centre, "op.durand") as operator, listening(centre, "chef.martin") as chief:
        hold = await hold_fact(centre)
        destruction = await destruction_fact(centre)
        assert await anext(operator) == destruction
        assert [await anext(chief), await anext(chief)] == [hold, destruction]


async def test_the_stream_of_a_revoked_agent_ends_without_another_fact(centre: Centre) -> None:
    async def status() -> int:
        return (await centre.get("holds", "chef.martin")).status_code

    chief = an_agent("chef.martin", role=Role.CHEF_DE_SALLE)
    async with listening(centre, "chef.martin") as received, listening(centre, "resp.csu") as witness:
        await put_agent(centre.bus, chief.model_copy(update={"active": False}))
        await eventually(status, until=lambda code: code == 401)
        unheard = await hold_fact(centre)
        assert await anext(witness) == unheard
        with pytest.raises(StopAsyncIteration):
            await anext(received)
