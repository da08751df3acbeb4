"""Commands of one camera take turns; those that a later one of their gesture overtook are not judged."""

import asyncio
from datetime import UTC, datetime

from stream_gateway.domain.ptz.lock import Claimant, PtzLock, Rank, take
from stream_gateway.ptz.gate import PtzGate


def a_lock() -> PtzLock:
    claimant = Claimant("op", "Op", Rank.OPERATEUR)
    return take(None, claimant, camera_id="C", insee="95598", at=datetime(2026, 11, 22, tzinfo=UTC))[0]


async def test_of_many_updates_that_wait_only_the_newest_is_judged_and_the_stop_is_not_kept_waiting() -> None:
    gate, judged = PtzGate(), list[int]()
    first_in, go_on = asyncio.Event(), asyncio.Event()

    async def command(order: int) -> bool:
        async with gate.turn("C", "op", "g", order) as overtaken:
            if overtaken is not None:
                return False
            judged.append(order)
            if order == 1:
                first_in.set()
                await go_on.wait()
            gate.note("op", "g", a_lock())
            return True

    tasks = [asyncio.create_task(command(1))]
    await first_in.wait()
    tasks += [asyncio.create_task(command(order)) for order in range(2, 100)]
    await asyncio.sleep(0)
    go_on.set()
    outcomes = await asyncio.gather(*tasks)
    assert judged == [1, 99]
    assert outcomes == [True, *[False] * 97, True]


async def test_other_gestures_other_agents_and_none_at_all_are_all_judged() -> None:
    gate = PtzGate()
    for agent_id, gesture, order in (("op", "g", 5), ("op", "h", 1), ("chef", "h", 1), ("op", "", 0), ("op", "", 0)):
        async with gate.turn("C", agent_id, gesture, order) as overtaken:
            assert overtaken is None
            gate.note(agent_id, gesture, a_lock())


async def test_what_was_overtaken_is_judged_while_nobody_knows_what_to_answer() -> None:
    gate = PtzGate()
    async with gate.turn("C", "op", "g", 2) as overtaken:
        assert overtaken is None  # and it fails: nothing is noted
    async with gate.turn("C", "op", "g", 1) as overtaken:
        assert overtaken is None
