"""Tables of the incident service. ``timeline_entries`` is append-only: its migration makes PostgreSQL say so."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from common.database import new_metadata
from common.inbox import inbox_table
from common.outbox import outbox_table

metadata = new_metadata()

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("insee", Text, nullable=False),
    Column("commune", Text),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("camera_ids", ARRAY(Text), nullable=False),
    Column("address", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("origin", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("detected_at", DateTime(timezone=True), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_by_name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Column("entry_count", Integer, nullable=False),
    CheckConstraint("(status = 'CLOS') = (closed_at IS NOT NULL)", name="closed"),
    # The queue reads newest first within an agent's communes; ids are UUIDv7 and sort by time.
    Index("ix_incidents_queue", "insee", "incident_id"),
)

timeline_entries = Table(
    "timeline_entries",
    metadata,
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("incident_id", "seq"),
)

partner_dispatches = Table(
    "partner_dispatches",
    metadata,
    Column("dispatch_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False, index=True),
    Column("partner_id", Text, nullable=False),
    Column("partner_name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("detail", Text, nullable=False),
)

number_counters = Table(
    "number_counters",
    metadata,
    Column("year", SmallInteger, nullable=False),
    Column("insee", Text, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("year", "insee"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("agent_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("incident_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("agent_id", "key"),
)

alarm_incidents = Table(
    "alarm_incidents",
    metadata,
    Column("alarm_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False, index=True),
    Column("ended_at", DateTime(timezone=True)),
)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
