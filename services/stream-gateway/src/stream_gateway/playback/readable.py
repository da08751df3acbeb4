"""Whether footage may still be read: asked of retention again while a replay is open."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from common.problems import Unavailable
from stream_gateway.domain.replays import Replay, ReplayOver, ReplaySegment
from stream_gateway.ports import SegmentIndex

ASK_AGAIN_AFTER = timedelta(seconds=15)
TRUSTED_FOR = timedelta(minutes=4)
"""Shortened retention must act within five minutes (DOMAIN §3), retention's service being away or not."""

_REPLAYS = 500


@dataclass(frozen=True, slots=True)
class _Heard:
    asked_at: datetime
    heard_at: datetime
    expires_at: dict[str, datetime]


class Readability:
    """What retention said last of each open replay; bounded."""

    def __init__(self, index: SegmentIndex) -> None:
        self._index = index
        self._heard: OrderedDict[UUID, _Heard] = OrderedDict()

    async def check(self, replay: Replay, segment: ReplaySegment, at: datetime) -> None:
        """Raise ReplayOver when a segment may no longer be read, Unavailable when nobody has known for too long.

        Footage in the spool is not indexed yet: its terms are those of its folder.
        """
        if at >= segment.expires_at:
            raise ReplayOver
        if segment.recent:
            return
        heard = await self._news(replay, at)
        expires_at = heard.expires_at.get(segment.object_key)
        if expires_at is None or at >= expires_at:
            raise ReplayOver

    async def _news(self, replay: Replay, at: datetime) -> _Heard:
        known = self._heard.get(replay.replay_id) or _Heard(
            replay.opened_at, replay.opened_at, {one.object_key: one.expires_at for one in replay.segments}
        )
        if at - known.asked_at < ASK_AGAIN_AFTER:
            return known
        try:
            found = await self._index.find(replay.camera_id, replay.starts_at, replay.ends_at)
            news = _Heard(at, at, {one.object_key: one.expires_at for one in found.segments})
        except Unavailable:
            if at - known.heard_at >= TRUSTED_FOR:
                raise
            news = _Heard(at, known.heard_at, known.expires_at)
        self._heard[replay.replay_id] = news
        self._heard.move_to_end(replay.replay_id)
        while len(self._heard) > _REPLAYS:
            self._heard.popitem(last=False)
        return news
