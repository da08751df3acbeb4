"""Viewing sessions."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid, text

from stream_gateway.tables.metadata import instant, metadata

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
    Column("opened_at", instant, nullable=False),
    Column("lease_until", instant, nullable=False),
    Column("closed_at", instant),
    Column("close_reason", Text),
    Column("station", Text, nullable=False, server_default=""),
    Column("transport", Text),
    Column("marked", Boolean, nullable=False, server_default="false"),
    Index("ix_viewing_sessions_open_lease", "lease_until", postgresql_where=text("closed_at IS NULL")),
    Index("ix_viewing_sessions_camera", "camera_id", "opened_at"),
)
