"""Tables of the stream gateway's own database."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from common.database import new_metadata
from common.outbox import outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)

_instant = DateTime(timezone=True)

uploads = Table(
    "uploads",
    metadata,
    Column("segment_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("started_at", _instant, nullable=False),
    Column("ended_at", _instant, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("uploaded_at", _instant, nullable=False),
    Index("ix_uploads_uploaded_at", "uploaded_at"),
)
"""Segments announced lately: what makes an upload that is repeated after a crash harmless."""

coverage = Table(
    "coverage",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("covered_until", _instant, nullable=False),
)
"""Up to when a camera's expected time is footage or a declared gap."""

recorders = Table(
    "recorders",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("insee", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("last_byte_at", _instant),
    Column("last_segment_at", _instant),
    Column("restarts", Integer, nullable=False),
    Column("seen_at", _instant, nullable=False),
)
"""Last report of each recorder, for the api processes."""

sessions = Table(
    "viewing_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("login_id", Text),
    Column("quality", Text, nullable=False),
    Column("incident_id", Text),
    Column("ticket_id", Text),
    Column("opened_at", _instant, nullable=False),
    Column("lease_until", _instant, nullable=False),
    Column("closed_at", _instant),
    Column("close_reason", Text),
    Index("ix_viewing_sessions_open_lease", "lease_until", postgresql_where=text("closed_at IS NULL")),
)

ptz_locks = Table(
    "ptz_locks",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("holder_id", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("commanded_at", _instant, nullable=False),
)

replays = Table(
    "replays",
    metadata,
    Column("replay_id", Uuid, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("closes_at", _instant, nullable=False),
    Column("segments", JSONB, nullable=False),
    Index("ix_replays_closes_at", "closes_at"),
)
