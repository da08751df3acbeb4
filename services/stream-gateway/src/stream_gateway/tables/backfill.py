"""What cameras answered when they were asked for missing time."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from stream_gateway.tables.metadata import instant, metadata

edge_asked = Table(
    "edge_asked",
    metadata,
    Column("camera_id", Text, nullable=False),
    Column("started_at", instant, nullable=False),
    Column("ended_at", instant, nullable=False),
    Column("times", Integer, nullable=False),
    Column("asked_at", instant, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("camera_id", "started_at", "ended_at", name="pk_edge_asked"),
    Index("ix_edge_asked_ended_at", "ended_at"),
)
"""``reason`` is empty where the time was stored; ``times``: how often it was asked for so far."""
