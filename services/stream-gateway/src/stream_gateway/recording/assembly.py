"""Puts the parts of recording together, for the process that records."""

from starlette.datastructures import State

from guard import Guard
from stream_gateway.recording.ledger import OutboxLedger
from stream_gateway.recording.reconciler import Recording
from stream_gateway.recording.recorder import RecorderTools
from stream_gateway.recording.spool import Spool
from stream_gateway.recording.uploads import Uploads
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.settings import Settings


def recording(state: State) -> Recording:
    """Return recording as the settings say, on what the composition root has opened."""
    settings: Settings = state.settings
    guard: Guard = state.guard
    spool = Spool(settings.spool_dir)
    uploads = Uploads(
        spool=spool,
        store=state.object_store,
        database=state.database,
        clock=state.clock,
        at_once=settings.uploads_at_once,
    )
    state.health.add("spool", uploads.disk_reason)
    ledger = OutboxLedger(state.database, state.clock, SOURCE)
    tools = RecorderTools(
        engine=state.engine,
        sources=state.sources,
        spool=spool,
        ledger=ledger,
        offer=uploads.offer,
        clock=state.clock,
        segment_seconds=settings.segment_seconds,
        silence_seconds=settings.silence_seconds,
    )
    return Recording(
        tools=tools,
        uploads=uploads,
        ledger=ledger,
        database=state.database,
        clock=state.clock,
        cameras=guard.cameras.values,
    )
