"""The engines of a process, and who chooses among them."""

from contextlib import AbstractAsyncContextManager

from starlette.datastructures import State

from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.ingest.choice import EngineChoice
from stream_gateway.masking.engine import MaskingBudget, MaskingEngine
from stream_gateway.masking.hiding import HeadReading, Heads
from stream_gateway.masking.wire import Coding
from stream_gateway.native.engine import NativeEngine
from stream_gateway.settings import Settings


class _Heads:
    """Where heads point, asked of the PTZ part, which is wired after the engines."""

    def __init__(self, state: State) -> None:
        self._state = state

    def current(self, camera_id: str) -> HeadReading | None:
        heads: Heads = self._state.ptz_positions
        return heads.current(camera_id)

    def followed(self, camera_id: str) -> AbstractAsyncContextManager[None]:
        heads: Heads = self._state.ptz_positions
        return heads.followed(camera_id)


def burning_budget(settings: Settings) -> MaskingBudget:
    """Return how many streams this process burns masks or watermarks into at a time."""
    return MaskingBudget(settings.masked_streams_max)


def engines(state: State) -> EngineChoice:
    """Return the choice of engines; ``state`` has ``settings``, ``clock`` and ``burning``, the budget."""
    native, compatible = NativeEngine(), FfmpegEngine()
    heads = _Heads(state)
    masking = MaskingEngine(native, state.burning, Coding(), clock=state.clock, heads=heads, compatible=compatible)
    return EngineChoice(native=native, compatible=compatible, masking=masking)
