"""Small pictures are kept as long as their bytes go into the bound."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from stream_gateway.playback.thumbnails import Thumbnails


async def test_a_picture_that_two_asked_for_at_once_counts_once(film: Callable[..., bytes]) -> None:
    replay_id, whole = uuid4(), film()
    size = len(await Thumbnails().make(replay_id, 0, 0, whole) or b"")
    thumbnails = Thumbnails(kept_bytes=size * 5 // 2)
    twice = await asyncio.gather(*(thumbnails.make(replay_id, 0, 0, whole) for _ in range(2)))
    assert None not in twice
    await thumbnails.make(replay_id, 0, 1, whole)
    assert thumbnails.known(replay_id, 0, 0) is not None
    assert thumbnails.known(replay_id, 0, 1) is not None


async def test_the_oldest_picture_goes_when_there_is_no_room(film: Callable[..., bytes]) -> None:
    replay_id, whole = uuid4(), film()
    size = len(await Thumbnails().make(replay_id, 0, 0, whole) or b"")
    thumbnails = Thumbnails(kept_bytes=size * 5 // 2)
    for group in range(3):
        await thumbnails.make(replay_id, 0, group, whole)
    assert [thumbnails.known(replay_id, 0, group) is not None for group in range(3)] == [False, True, True]
