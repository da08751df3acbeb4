"""Puts the backfill of a media node together, on what the recording of the same process has made."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.datastructures import State

from common.service import keep_running
from guard import Guard
from stream_gateway.backfill.edge_archive import OnvifEdgeArchive
from stream_gateway.backfill.film_writer import WriterTools
from stream_gateway.backfill.worker import Backfill, BackfillTools
from stream_gateway.domain.backfill import BackfillRules
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.placement.service import Placement
from stream_gateway.recording.recorder import RecorderTools
from stream_gateway.settings import Settings

_MOST_LOOKS_APART = 15.0


def edge_backfill(state: State) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    """Return the loop that fills gaps from cameras' own cards, none where the settings switch it off.

    Takes ``hubs``, ``placement`` and ``recorder_tools`` from ``state``.
    """
    settings: Settings = state.settings
    if not settings.backfill:
        return []
    guard: Guard = state.guard
    placement: Placement = state.placement
    hubs: CameraHubs = state.hubs
    recorders: RecorderTools = state.recorder_tools
    writer = WriterTools(
        spool=recorders.spool,
        offer=recorders.offer,
        gate=recorders.gate,
        node_id=recorders.node_id,
        segment_seconds=recorders.segment_seconds,
    )
    rules = BackfillRules(
        settle=timedelta(seconds=settings.backfill_after_seconds),
        retry=timedelta(seconds=settings.backfill_retry_seconds),
    )
    tools = BackfillTools(
        database=state.database,
        clock=state.clock,
        sources=state.sources,
        writer=writer,
        held=lambda: {camera_id: holding.epoch for camera_id, holding in placement.held.items()},
        hub=lambda camera_id: hubs.hub(camera_id, "main"),
        camera=guard.cameras.get,
        room=recorders.room,
        archive=partial(OnvifEdgeArchive, bytes_per_second=settings.backfill_bytes_per_second),
        rules=rules,
        look_seconds=min(_MOST_LOOKS_APART, max(settings.backfill_after_seconds, 1.0)),
    )
    return [partial(keep_running, "backfill", Backfill(tools).run)]
