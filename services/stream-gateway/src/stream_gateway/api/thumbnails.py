"""Small pictures for the timeline of an open replay."""

import base64
from bisect import bisect_right
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from common.web import Now
from stream_gateway.api.opened_replays import OpenedReplay, ReplayWatermark, footage_problems
from stream_gateway.api.state import TheRoom
from stream_gateway.domain.replays import Replay, ReplayOver
from stream_gateway.domain.timeline import Stretch
from stream_gateway.domain.watermark import Watermark
from stream_gateway.playback.room import ReplayRoom
from stream_gateway.schemas.replays import ThumbnailList, ThumbnailOut

router = APIRouter(prefix="/api/stream/replays/{replay_id}", tags=["relecture"])

AT_MOST = 60

Instants = Annotated[list[AwareDatetime], Query(alias="at", min_length=1, max_length=AT_MOST)]


@router.get("/thumbnails")
async def read_thumbnails(
    replay: OpenedReplay, instants: Instants, watermark: ReplayWatermark, room: TheRoom, clock: Now
) -> ThumbnailList:
    """Return for each instant (60 at most) the key frame at or before it, within 160 x 90."""
    with footage_problems(replay.replay_id):
        _, shown = await room.readable_plan(replay, clock.now())
    begins = [stretch.starts_at for stretch in shown]
    items: list[ThumbnailOut] = []
    for asked_at in instants:
        place = bisect_right(begins, asked_at) - 1
        if place < 0 or asked_at >= shown[place].ends_at:
            continue
        with footage_problems(replay.replay_id):
            picture = await _picture(room, replay, shown[place], watermark, clock.now())
        if picture is not None:
            jpeg = base64.b64encode(picture).decode()
            items.append(ThumbnailOut(asked_at=asked_at, at=shown[place].starts_at, jpeg=jpeg))
    return ThumbnailList(items=items)


async def _picture(
    room: ReplayRoom, replay: Replay, stretch: Stretch, watermark: Watermark | None, at: datetime
) -> bytes | None:
    try:
        segment = await room.segment(replay, stretch.recording, at)
    except ReplayOver:
        return None  # expired since the plan was read
    stamp = watermark.at(at) if watermark is not None else None
    return await room.thumbnail(replay, segment, stretch.recording, stretch.group, stamp)
