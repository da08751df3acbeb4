"""Tables of the retention service. ``segments`` is partitioned by day (UTC) of ``started_at``; no default partition."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, SmallInteger, Table, Text, Uuid

from common.database import new_metadata
from common.inbox import inbox_table
from common.outbox import outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)

segments = Table(
    "segments",
    metadata,
    Column("segment_id", Uuid, primary_key=True),
    Column("started_at", DateTime(timezone=True), primary_key=True),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("retention_days", SmallInteger, nullable=False),
    Column("authorisation_id", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("copy_tried_at", DateTime(timezone=True)),
    Column("evidence_locked_until", DateTime(timezone=True)),
)

gaps = Table(
    "gaps",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("started_at", DateTime(timezone=True), primary_key=True),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("cause", Text, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("hold_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("window_from", DateTime(timezone=True), nullable=False),
    Column("window_until", DateTime(timezone=True), nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("procedure_number", Text, nullable=False),
    Column("requesting_service", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("lift_asked_by", Text),
    Column("lifted_at", DateTime(timezone=True)),
    Column("lift_reason", Text),
)

destructions = Table(
    "destructions",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("insee", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("oldest", DateTime(timezone=True), nullable=False),
    Column("newest", DateTime(timezone=True), nullable=False),
    Column("merkle_root", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

camera_retentions = Table(
    "camera_retentions",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("retention_days", SmallInteger, nullable=False),
)
