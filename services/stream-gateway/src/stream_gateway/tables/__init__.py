"""Tables of the stream gateway's own database, one module per concept; all of them hang in ``metadata``."""

from stream_gateway.tables.metadata import metadata, outbox
from stream_gateway.tables.ptz import ptz_locks
from stream_gateway.tables.recording import coverage, recorders, uploads
from stream_gateway.tables.replays import replays
from stream_gateway.tables.sessions import sessions

__all__ = [
    "coverage",
    "metadata",
    "outbox",
    "ptz_locks",
    "recorders",
    "replays",
    "sessions",
    "uploads",
]
