"""Recorded segments, the recording ledger, reports of recorders."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from stream_gateway.tables.metadata import instant, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("segment_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("started_at", instant, nullable=False),
    Column("ended_at", instant, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("uploaded_at", instant, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("label", JSONB),
    Index("ix_uploads_uploaded_at", "uploaded_at"),
)
"""Segments announced lately: what makes an upload that is repeated after a crash harmless."""

coverage = Table(
    "coverage",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("covered_until", instant, nullable=False),
)
"""Up to when a camera's expected time is footage or a declared gap."""

recorders = Table(
    "recorders",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("insee", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("last_byte_at", instant),
    Column("last_segment_at", instant),
    Column("restarts", Integer, nullable=False),
    Column("seen_at", instant, nullable=False),
    Column("engine", Text),
    Column("engine_reason", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("fps", Float),
    Column("kbps", Integer),
    Column("clock_offset_ms", Integer),
)
"""Last report of each recorder, for the api processes."""
