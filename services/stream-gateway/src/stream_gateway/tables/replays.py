"""Replays that were granted."""

from sqlalchemy import Column, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from stream_gateway.tables.metadata import instant, metadata

replays = Table(
    "replays",
    metadata,
    Column("replay_id", Uuid, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("closes_at", instant, nullable=False),
    Column("segments", JSONB, nullable=False),
    Index("ix_replays_closes_at", "closes_at"),
)
