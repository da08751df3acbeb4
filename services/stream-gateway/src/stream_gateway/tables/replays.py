"""Replays that were granted."""

from sqlalchemy import Boolean, Column, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from stream_gateway.tables.metadata import instant, metadata

replays = Table(
    "replays",
    metadata,
    Column("replay_id", Uuid, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False, server_default=""),
    Column("starts_at", instant, nullable=False, server_default=text("now()")),
    Column("ends_at", instant, nullable=False, server_default=text("now()")),
    Column("opened_at", instant, nullable=False, server_default=text("now()")),
    Column("closes_at", instant, nullable=False),
    Column("segments", JSONB, nullable=False),
    Column("gaps", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("right", Text, nullable=False, server_default="replay"),
    Column("incident_id", Text),
    Column("ticket_id", Text),
    Column("marked", Boolean, nullable=False, server_default="false"),
    Index("ix_replays_closes_at", "closes_at"),
)
