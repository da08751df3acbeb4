"""Maintenance tickets and what was said on them."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from camera_registry.tables.base import metadata

tickets = Table(
    "tickets",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=False),
    Column("camera_ids", ARRAY(Text), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_by", Text),
    Column("closed_at", DateTime(timezone=True)),
    Column("revision", Integer, nullable=False),
    Index("ix_tickets_insee_opened_at", "insee", "opened_at"),
    Index("ix_tickets_camera_ids", "camera_ids", postgresql_using="gin"),
)

ticket_comments = Table(
    "ticket_comments",
    metadata,
    Column("comment_id", Text, primary_key=True),
    Column("ticket_id", Text, ForeignKey("tickets.ticket_id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_ticket_comments_ticket_id_at", "ticket_id", "at"),
)
