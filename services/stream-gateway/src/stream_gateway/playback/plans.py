"""The plan of a replay: which groups of pictures of which films are shown when, once each, trimmed to the window."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from common.object_store import ObjectMissing
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.films import FilmIndex, Group
from stream_gateway.domain.replays import Replay, ReplaySegment
from stream_gateway.domain.timeline import Stretch, cover
from stream_gateway.playback.films import Films
from stream_gateway.ports import FilmGone

_PLANS = 200
_ROUNDING = timedelta(milliseconds=2)
"""Starts and ends of recorded segments are whole milliseconds."""

_LOG = structlog.get_logger("stream-gateway.playback")


@dataclass(frozen=True, slots=True)
class Opened:
    """The bytes of one film that a replay opens: the init segment and whole groups, nothing outside of the window.

    They are served as a film of their own, ``length`` bytes long: offset ``len(init)`` is byte ``start`` of the
    recorded one. ``whole``: nothing had to be left out, so that it is the recorded film itself.
    """

    init_length: int
    start: int
    end: int
    whole: bool

    @property
    def length(self) -> int:
        """Bytes of the opened film."""
        return self.end if self.whole else self.init_length + self.end - self.start

    def place(self, offset: int) -> int:
        """Return where a byte of the recorded film lies in the opened one."""
        return offset if self.whole else offset - self.start + self.init_length

    def ranges(self, start: int, length: int) -> Iterator[tuple[int, int]]:
        """Yield the (start, length) in the recorded film that make up a range of the opened one."""
        if self.whole:
            yield start, length
            return
        if start < self.init_length:
            yield start, min(length, self.init_length - start)
        from_body = max(start, self.init_length)
        if start + length > from_body:
            yield self.start + from_body - self.init_length, start + length - from_body


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay shows. ``films`` and ``opened`` go by number of the replay's segment; None: nothing of it."""

    shown: tuple[Stretch, ...]
    films: tuple[FilmIndex | None, ...]
    opened: tuple[Opened | None, ...]

    def group(self, stretch: Stretch) -> Group:
        """Return the group of pictures of a stretch."""
        film = self.films[stretch.recording]
        assert film is not None  # noqa: S101 - shown stretches come from films that were read
        return film.groups[stretch.group]

    def stretch(self, recording: int, group: int) -> Stretch | None:
        """Return what is shown of a group, None when it is not shown."""
        return next((one for one in self.shown if one.recording == recording and one.group == group), None)


class Plans:
    """Makes plans, each once: a replay's segments never change, only the right to read them."""

    def __init__(self, films: Films) -> None:
        self._films = films
        self._plans: OrderedDict[UUID, Plan] = OrderedDict()
        self._making: dict[UUID, asyncio.Lock] = {}

    async def of(self, replay: Replay) -> Plan:
        """Return the plan of a replay; raises ObjectStoreError when the store does not answer."""
        lock = self._making.setdefault(replay.replay_id, asyncio.Lock())
        try:
            async with lock:
                plan = self._plans.get(replay.replay_id)
                if plan is None:
                    plan = await self._make(replay)
                    self._plans[replay.replay_id] = plan
                    while len(self._plans) > _PLANS:
                        self._plans.popitem(last=False)
        finally:
            self._making.pop(replay.replay_id, None)
        return plan

    async def _make(self, replay: Replay) -> Plan:
        films = tuple(await asyncio.gather(*(self._index(segment) for segment in replay.segments)))
        stretches = [
            stretch
            for number, (segment, film) in enumerate(zip(replay.segments, films, strict=True))
            if film is not None
            for stretch in _stretches(number, segment, film)
        ]
        whole = {(stretch.recording, stretch.group): stretch for stretch in stretches}
        shown = tuple(
            _rounded(stretch, whole[stretch.recording, stretch.group])
            for stretch in cover(stretches, replay.starts_at, replay.ends_at)
        )
        opened = tuple(_opened(number, segment, films[number], shown) for number, segment in enumerate(replay.segments))
        return Plan(shown, films, opened)

    async def _index(self, segment: ReplaySegment) -> FilmIndex | None:
        try:
            return await self._films.index(segment)
        except (MalformedMedia, FilmGone, ObjectMissing) as error:
            _LOG.warning("film left out of a replay", key=segment.object_key, cause=str(error))
            return None


def _stretches(number: int, segment: ReplaySegment, film: FilmIndex) -> Iterator[Stretch]:
    first = film.groups[0].decode_time
    for place, group in enumerate(film.groups):
        starts_at = segment.started_at + timedelta(seconds=(group.decode_time - first) / film.timescale)
        yield Stretch(number, place, starts_at, starts_at + timedelta(seconds=group.duration / film.timescale))


def _rounded(stretch: Stretch, whole: Stretch) -> Stretch:
    """Undo a cut of less than the rounding of names: there is no picture in it."""
    return whole if stretch.cut and whole.ends_at - stretch.ends_at <= _ROUNDING else stretch


def _opened(number: int, segment: ReplaySegment, film: FilmIndex | None, shown: tuple[Stretch, ...]) -> Opened | None:
    places = sorted(stretch.group for stretch in shown if stretch.recording == number and not stretch.cut)
    if film is None or not any(stretch.recording == number for stretch in shown):
        return None
    init_length = len(film.init)
    if not places:
        return Opened(init_length, init_length, init_length, whole=False)
    if places == list(range(len(film.groups))) and not segment.recent:
        return Opened(init_length, init_length, segment.size, whole=True)
    first, last = film.groups[places[0]], film.groups[places[-1]]
    return Opened(init_length, first.offset, last.offset + last.length, whole=False)
