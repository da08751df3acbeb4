"""What the routes of wall and rondes share, set by ``rondes.assembly`` on ``app.state``."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from stream_gateway.domain.prewarm import PrewarmBudget
from stream_gateway.rondes.ports import PresetMover, Warmth


def _presets(connection: HTTPConnection) -> PresetMover:
    return connection.app.state.preset_mover


def _warmth(connection: HTTPConnection) -> Warmth:
    return connection.app.state.warmth


def _budget(connection: HTTPConnection) -> PrewarmBudget:
    return connection.app.state.prewarm_budget


ThePresets = Annotated[PresetMover, Depends(_presets)]
TheWarmth = Annotated[Warmth, Depends(_warmth)]
TheBudget = Annotated[PrewarmBudget, Depends(_budget)]
