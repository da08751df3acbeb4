"""Tables of the stream gateway's own database, one module per concept; all of them hang in ``metadata``."""

from stream_gateway.tables.backfill import edge_asked
from stream_gateway.tables.bookmarks import bookmarks
from stream_gateway.tables.ledger import declared_gaps, expected_time, recorded_time
from stream_gateway.tables.metadata import metadata, outbox
from stream_gateway.tables.placement import placement_epochs
from stream_gateway.tables.ptz import ptz_calibrations, ptz_locks, ptz_patrols
from stream_gateway.tables.recording import coverage, recorders, uploads
from stream_gateway.tables.replays import replays
from stream_gateway.tables.rondes import ronde_runs, rondes, scenes, screens
from stream_gateway.tables.sessions import sessions

__all__ = [
    "bookmarks",
    "coverage",
    "declared_gaps",
    "edge_asked",
    "expected_time",
    "metadata",
    "outbox",
    "placement_epochs",
    "ptz_calibrations",
    "ptz_locks",
    "ptz_patrols",
    "recorded_time",
    "recorders",
    "replays",
    "ronde_runs",
    "rondes",
    "scenes",
    "screens",
    "sessions",
    "uploads",
]
