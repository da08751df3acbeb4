"""Prefectoral authorisations."""

from sqlalchemy import CheckConstraint, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from camera_registry.tables.base import metadata

authorisations = Table(
    "authorisations",
    metadata,
    Column("authorisation_id", Text, primary_key=True),
    Column("arrete_number", Text, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False, index=True),
    Column("communes", ARRAY(Text), nullable=False),
    Column("camera_count", Integer, nullable=False),
    Column("finalites", ARRAY(Text), nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("mode", Text, nullable=False),
    Column("event_windows", JSONB, nullable=False),
    Column("perimeter", JSONB(none_as_null=True)),
    Column("scan_sha256", Text),
    Column("revision", Integer, nullable=False),
    CheckConstraint("valid_from < valid_until", name="validity"),
    CheckConstraint("retention_days BETWEEN 1 AND 30", name="retention"),
)
