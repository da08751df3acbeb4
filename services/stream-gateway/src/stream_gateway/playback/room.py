"""Everything that shows recorded footage again, put together for the composition root."""

from dataclasses import dataclass
from datetime import datetime

from common.object_store import ObjectStore
from stream_gateway.domain.boxes import MalformedMedia, box_length
from stream_gateway.domain.films import cut_group, key_picture, sample_table
from stream_gateway.domain.fragments import MAX_BOX_BYTES
from stream_gateway.domain.playlists import Part
from stream_gateway.domain.replays import Replay, ReplayOver, ReplaySegment
from stream_gateway.domain.timeline import Stretch
from stream_gateway.domain.watermark import Stamp
from stream_gateway.playback.films import Films
from stream_gateway.playback.plans import Opened, Plan, Plans
from stream_gateway.playback.readable import Readability
from stream_gateway.playback.thumbnails import Thumbnails
from stream_gateway.ports import RecentFootage, SegmentIndex

_MOOF_GUESS = 8 * 1024
_CONTINUES_WITHIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ReplayRoom:
    """Plans, bytes and small pictures of open replays."""

    films: Films
    plans: Plans
    readability: Readability
    thumbnails: Thumbnails
    recent: RecentFootage

    @classmethod
    def over(cls, *, store: ObjectStore, recent: RecentFootage, index: SegmentIndex) -> "ReplayRoom":
        """Return a room over a store, an index and the footage that is in neither yet."""
        films = Films(store, recent)
        return cls(films, Plans(films), Readability(index), Thumbnails(), recent)

    async def segment(self, replay: Replay, index: int, at: datetime) -> ReplaySegment:
        """Return a film that may be read now; raises ReplayOver."""
        segment = replay.segment_for(replay.agent_id, index, at)
        await self.readability.check(replay, segment, at)
        return segment

    async def readable_plan(self, replay: Replay, at: datetime) -> tuple[Plan, tuple[Stretch, ...]]:
        """Return the plan, and what of it may be read now."""
        plan = await self.plans.of(replay)
        readable: set[int] = set()
        for number in {stretch.recording for stretch in plan.shown}:
            try:
                await self.readability.check(replay, replay.segments[number], at)
            except ReplayOver:
                continue
            readable.add(number)
        return plan, tuple(stretch for stretch in plan.shown if stretch.recording in readable)

    async def parts(self, replay: Replay, at: datetime, *, key_pictures: bool) -> list[Part]:
        """Return what a playlist lists now: one part per group of pictures.

        Where a watermark is burnt in, each is an answer of its own, and so is the init segment.
        """
        plan, shown = await self.readable_plan(replay, at)
        found: list[Part] = []
        before: Stretch | None = None
        for stretch in shown:
            opened = plan.opened[stretch.recording]
            if opened is not None:
                breaks = before is None or not _continues(plan, before, stretch)
                part = _part(plan, stretch, opened, breaks=breaks, key_pictures=key_pictures, marked=replay.marked)
                found.append(part)
                before = stretch
        return found

    async def cut(self, replay: Replay, segment: ReplaySegment, index: int, group: int) -> bytes:
        """Return the pictures of a group up to where it is cut; raises ReplayOver when it is not shown."""
        plan = await self.plans.of(replay)
        stretch = plan.stretch(index, group)
        film = plan.films[index]
        if stretch is None or film is None:
            raise ReplayOver
        place = plan.group(stretch)
        content = await self.films.read(segment, place.offset, place.length)
        seconds = (stretch.ends_at - stretch.starts_at).total_seconds()
        return cut_group(content, place.decode_time + round(seconds * film.timescale)) if stretch.cut else content

    async def key_picture(self, replay: Replay, segment: ReplaySegment, index: int, group: int) -> bytes:
        """Return a fragment with a group's key frame only, as long as the group is; raises ReplayOver."""
        plan = await self.plans.of(replay)
        stretch = plan.stretch(index, group)
        film = plan.films[index]
        if stretch is None or film is None:
            raise ReplayOver
        place = plan.group(stretch)
        head = await self.films.read(segment, place.offset, min(_MOOF_GUESS, place.length))
        lengths = box_length(head)
        if lengths is None or lengths[0] > min(place.length, MAX_BOX_BYTES):
            raise MalformedMedia("no moof where a group of pictures begins")
        if lengths[0] > len(head):
            head = await self.films.read(segment, place.offset, lengths[0])
        table = sample_table(head[: lengths[0]])
        first = table.samples[0]
        if first.offset < 0 or first.offset + first.size > place.length:
            raise MalformedMedia("a picture lies outside of its group")
        if first.offset + first.size <= len(head):
            picture = head[first.offset : first.offset + first.size]
        else:
            picture = await self.films.read(segment, place.offset + first.offset, first.size)
        seconds = (stretch.ends_at - stretch.starts_at).total_seconds()
        return key_picture(table, picture, round(seconds * film.timescale))

    async def thumbnail(
        self, replay: Replay, segment: ReplaySegment, index: int, group: int, stamp: Stamp | None
    ) -> bytes | None:
        """Return the small picture of a group's key frame, None when it cannot be decoded.

        ``stamp``: what it must carry, that of the instant at which it is made; a replay's are all made with one or all
        without.
        """
        known = self.thumbnails.known(replay.replay_id, index, group)
        if known is not None:
            return known
        plan = await self.plans.of(replay)
        film = plan.films[index]
        if film is None:
            return None
        try:
            fragment = await self.key_picture(replay, segment, index, group)
        except MalformedMedia:
            return None
        return await self.thumbnails.make(replay.replay_id, index, group, film.init + fragment, stamp)


def _continues(plan: Plan, before: Stretch, stretch: Stretch) -> bool:
    """Tell whether a player's clock runs on from one stretch to the next."""
    first, second = plan.films[before.recording], plan.films[stretch.recording]
    if first is None or second is None or first.moov != second.moov:
        return False
    seconds = (before.ends_at - before.starts_at).total_seconds()
    expected = plan.group(before).decode_time / first.timescale + seconds
    return abs(plan.group(stretch).decode_time / second.timescale - expected) <= _CONTINUES_WITHIN_SECONDS


def _part(plan: Plan, stretch: Stretch, opened: Opened, *, breaks: bool, key_pictures: bool, marked: bool) -> Part:
    film = f"segments/{stretch.recording}"
    group = plan.group(stretch)
    uri, byte_range = film, (group.length, opened.place(group.offset))
    if key_pictures:
        uri, byte_range = f"{film}/keyframes/{stretch.group}", None
    elif stretch.cut or marked:
        uri, byte_range = f"{film}/groups/{stretch.group}", None
    return Part(
        uri=uri,
        byte_range=byte_range,
        init_uri=f"{film}/init" if marked else film,
        init_length=None if marked else opened.init_length,
        starts_at=stretch.starts_at,
        seconds=(stretch.ends_at - stretch.starts_at).total_seconds(),
        breaks=breaks,
    )
