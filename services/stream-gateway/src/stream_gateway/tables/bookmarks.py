"""Bookmarks on footage."""

from sqlalchemy import Column, Index, Table, Text, Uuid

from stream_gateway.tables.metadata import instant, metadata

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("bookmark_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("at", instant, nullable=False),
    Column("label", Text, nullable=False),
    Column("color", Text, nullable=False),
    Column("incident_id", Text),
    Column("author_id", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("created_at", instant, nullable=False),
    Column("expires_at", instant, nullable=False),
    Index("ix_bookmarks_camera_at", "camera_id", "at"),
    Index("ix_bookmarks_incident", "incident_id"),
    Index("ix_bookmarks_expires_at", "expires_at"),
)
