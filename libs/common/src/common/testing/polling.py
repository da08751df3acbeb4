"""Wait for something to become true, with a generous limit: no test depends on how fast a machine is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")


async def eventually(
    probe: Callable[[], Awaitable[_T]], *, until: Callable[[_T], bool] = bool, within: float = 60.0
) -> _T:
    """Call ``probe`` until its answer satisfies ``until``.

    Raises:
        AssertionError: it did not within ``within`` seconds; the message holds the last answer.
    """
    deadline = asyncio.get_running_loop().time() + within
    while True:
        answer = await probe()
        if until(answer):
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not so after {within:.0f} s; last answer: {answer!r}")
        await asyncio.sleep(0.05)
