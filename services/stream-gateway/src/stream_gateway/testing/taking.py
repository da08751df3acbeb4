"""A sink that keeps what an engine delivers, for tests and benches."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.media import MediaEngine, Pull, PullEnded, PullEvent


class Kept:
    """A ``PullSink``. ``units`` of the last parameter sets, ``parameters`` in order, ``ended`` once it is over."""

    def __init__(self) -> None:
        self.parameters: list[ParameterSets] = []
        self.units: list[AccessUnit] = []
        self.events: list[PullEvent] = []
        self.heard_of: list[bool] = []
        self.ended: PullEnded | None = None
        self._changed = asyncio.Event()

    def begin(self, parameters: ParameterSets) -> None:
        self.parameters.append(parameters)
        self.units = []
        self._changed.set()

    def take(self, units: Sequence[AccessUnit]) -> None:
        self.units += units
        self._changed.set()

    def heard(self, *, anew: bool) -> None:
        self.heard_of.append(anew)
        self._changed.set()

    def report(self, event: PullEvent) -> None:
        self.events.append(event)
        self._changed.set()

    def end(self, ended: PullEnded) -> None:
        self.ended = ended
        self._changed.set()

    async def until(self, reached: Callable[["Kept"], bool], *, seconds: float = 60.0) -> None:
        """Wait until something holds, or the pull has ended."""
        async with asyncio.timeout(seconds):
            while not reached(self) and self.ended is None:
                self._changed.clear()
                await self._changed.wait()

    def film(self) -> list[bytes]:
        """Return the last line as fragmented MP4: init segment and one fragment per picture."""
        return film_of(self.parameters[-1], self.units)


@asynccontextmanager
async def pulling(engine: MediaEngine, pull: Pull) -> AsyncGenerator[Kept]:
    """Pull for the time of the context, as a hub with a viewer does."""
    kept = Kept()
    open_pull = engine.open(pull, kept)
    open_pull.hurry(wanted=True)
    try:
        yield kept
    finally:
        await open_pull.close()


def film_of(parameters: ParameterSets, units: Sequence[AccessUnit]) -> list[bytes]:
    """Return pictures as fragmented MP4: init segment and one fragment each."""
    parts = muxed(parameters, units)
    return [part.content for part in parts]


def muxed(parameters: ParameterSets, units: Sequence[AccessUnit]) -> list[InitSegment | Fragment]:
    """Return pictures as an init segment and one fragment each."""
    parts: list[InitSegment | Fragment] = [init_segment(parameters)]
    for number, unit in enumerate(units, start=1):
        following = units[number].time if number < len(units) else unit.time + 3600
        parts.append(fragment((unit,), following, sequence=number, since=units[0].time))
    return parts
