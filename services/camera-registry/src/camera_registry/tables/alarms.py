"""Alarms and where they come from: buttons, the event services of cameras, discoveries asked by people."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from camera_registry.tables.base import metadata
from common.leases import leases_table

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("camera_ids", ARRAY(Text), nullable=False),
    Column("insee", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("device_at", DateTime(timezone=True)),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("detail", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("judged_by", Text),
    Column("judged_by_name", Text),
    Column("judged_at", DateTime(timezone=True)),
    Column("note", Text, nullable=False),
    CheckConstraint("(status = 'nouvelle') = (judged_at IS NULL)", name="judged"),
    # Lists read newest first within an agent's communes; ids are UUIDv7 and sort by time.
    Index("ix_alarms_insee_alarm_id", "insee", "alarm_id"),
    Index("ix_alarms_source_id_kind_last_at", "source_id", "kind", "last_at"),
)

alarm_buttons = Table(
    "alarm_buttons",
    metadata,
    Column("button_id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=False, index=True),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("proof", Text, nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("retired_at", DateTime(timezone=True)),
    CheckConstraint("proof IN ('signature', 'jeton')", name="proof"),
    CheckConstraint("(proof = 'signature') = (sealed_secret IS NOT NULL)", name="secret"),
)

button_messages = Table(
    "button_messages",
    metadata,
    Column("button_id", Text, ForeignKey("alarm_buttons.button_id"), primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("alarm_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
)

event_listeners = Table(
    "event_listeners",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("listening", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
)

discoveries = Table(
    "discoveries",
    metadata,
    Column("discovery_id", Uuid, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("ports", ARRAY(Integer), nullable=False),
    Column("motive", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("found", JSONB, nullable=False),
    Column("error", Text, nullable=False),
    Column("heard_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
)

event_leases = leases_table(metadata, "event_leases")
"""Which worker listens to which share of the cameras."""
