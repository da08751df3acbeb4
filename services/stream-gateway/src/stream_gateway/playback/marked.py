"""Recorded pictures with a watermark burnt in: a group at a time, through a child that writes.

Each answer is made for one replay at the instant it is asked for, and kept nowhere. A recorded byte has no other way
to a replay that must be marked: when the child fails or there is no room for one, there is no answer.
"""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.boxes import MalformedMedia, read_init
from stream_gateway.domain.demuxing import parameter_sets_of, units_of_group
from stream_gateway.domain.fragments import InitSegment
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.domain.replays import Replay, ReplayOver
from stream_gateway.domain.watermark import Watermark
from stream_gateway.masking.child import PaintingChild
from stream_gateway.masking.engine import MaskingBudget
from stream_gateway.masking.wire import (
    Coding,
    Kind,
    WireBroken,
    areas_message,
    codec_message,
    painted_sets,
    stamp_message,
    unit_from,
)
from stream_gateway.playback.room import ReplayRoom

NO_ROOM = (
    "Ce nœud incruste déjà autant de flux qu'il peut. L'arrêté de cette caméra exige un filigrane : sans place, rien "
    "n'est relu. Réessayez dans un instant."
)
_INITS = 200
_GROUP_SECONDS = 30.0
"""A group of pictures is coded again within this, or its child is ended."""


class NoRoomToMark(Exception):
    """This process burns as much in as it may."""


class MarkedFilms:
    """Burns watermarks into what a room would show. Init segments are kept: they hold no picture."""

    def __init__(self, room: ReplayRoom, budget: MaskingBudget, coding: Coding) -> None:
        self._room = room
        self._budget = budget
        self._coding = replace(coding, stamped=True)
        self._inits: OrderedDict[bytes, InitSegment] = OrderedDict()

    @property
    def full(self) -> bool:
        """Whether there is no room for one more child."""
        return self._budget.full

    async def init(self, replay: Replay, index: int, watermark: Watermark, at: datetime) -> bytes:
        """Return the init segment of a film's marked pictures; raises as ``group`` does."""
        plan = await self._room.plans.of(replay)
        film = plan.films[index] if 0 <= index < len(plan.films) else None
        stretch = next((one for one in plan.shown if one.recording == index), None)
        if film is None or stretch is None:
            raise ReplayOver
        known = self._inits.get(film.moov)
        if known is None:
            segment = await self._room.segment(replay, index, at)
            picture = await self._room.key_picture(replay, segment, index, stretch.group)
            sets, _ = await self._burnt(film.init, picture, watermark, at)
            known = self._keep(film.moov, sets)
        return known.content

    async def group(
        self, replay: Replay, index: int, group: int, watermark: Watermark, at: datetime, *, key_picture: bool
    ) -> bytes:
        """Return a group of pictures, or its key frame alone, with the watermark of an instant.

        Raises:
            NoRoomToMark: this process burns as much in as it may.
            ReplayOver, FilmGone, ObjectMissing, ObjectStoreError, MalformedMedia: as the room does.
        """
        segment = await self._room.segment(replay, index, at)
        read = self._room.key_picture if key_picture else self._room.cut
        content = await read(replay, segment, index, group)
        film = (await self._room.plans.of(replay)).films[index]
        if film is None:
            raise ReplayOver
        sets, marked = await self._burnt(film.init, content, watermark, at)
        if self._keep(film.moov, sets).content != init_segment(sets).content:
            raise MalformedMedia("pictures that do not go with the film's init segment")
        return marked

    def _keep(self, moov: bytes, sets: ParameterSets) -> InitSegment:
        known = self._inits.setdefault(moov, init_segment(sets))
        self._inits.move_to_end(moov)
        while len(self._inits) > _INITS:
            self._inits.popitem(last=False)
        return known

    async def _burnt(
        self, init: bytes, content: bytes, watermark: Watermark, at: datetime
    ) -> tuple[ParameterSets, bytes]:
        track = read_init(init)
        parameters = parameter_sets_of(InitSegment(init, track.codec, track.timescale))
        units, ends = units_of_group(content, parameters.codec, track.timescale)
        if not self._budget.take():
            raise NoRoomToMark
        child = PaintingChild(self._coding)
        try:
            async with asyncio.timeout(_GROUP_SECONDS):
                await child.start()
                for told in (areas_message(()), codec_message(parameters), stamp_message(watermark.at(at))):
                    child.write(told)
                for unit in units:
                    child.paint(unit)
                child.finish()
                sets, marked = await _answers(child)
        except (TimeoutError, WireBroken, MalformedParameterSets, OSError) as error:
            raise MalformedMedia("the pictures could not be marked") from error
        finally:
            self._budget.give_back()
            await asyncio.shield(child.stop())
        return sets, fragment(marked, max(ends, marked[-1].time + 1), sequence=1).content


async def _answers(child: PaintingChild) -> tuple[ParameterSets, list[AccessUnit]]:
    """Read all that a child answers; raises WireBroken when that is not a whole group."""
    sets: ParameterSets | None = None
    marked: list[AccessUnit] = []
    while (answer := await child.next()) is not None:
        kind, content = answer
        if kind is Kind.SETS:
            sets = painted_sets(content)
        else:
            marked.append(unit_from(content))
    if sets is None or not marked or await child.code() != 0:
        raise WireBroken("no whole group came back")
    return sets, marked
