"""Prefectoral authorisations, and what hangs under each: documents, renewal file, warnings told, takeovers."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)
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
    Column("positions", JSONB, nullable=False, server_default="[]"),
    Column("retention_min_days", Integer),
    Column("verbalisation", Boolean, nullable=False, server_default="false"),
    Column("partner_watermark", Boolean, nullable=False, server_default="false"),
    Column("responsible", JSONB(none_as_null=True)),
    Column("end_known_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("valid_from < valid_until", name="validity"),
    CheckConstraint("retention_days BETWEEN 1 AND 30", name="retention"),
    CheckConstraint("retention_min_days BETWEEN 1 AND retention_days", name="retention_min"),
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    Column("uploaded_by", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_documents_authorisation_id_uploaded_at", "authorisation_id", "uploaded_at"),
)

renewals = Table(
    "renewals",
    metadata,
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("pieces", JSONB, nullable=False),
    Column("steps", JSONB, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("successor_id", Text, ForeignKey("authorisations.authorisation_id")),
    Column("revision", Integer, nullable=False),
)

authorisation_warnings = Table(
    "authorisation_warnings",
    metadata,
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id"), primary_key=True),
    Column("valid_until", DateTime(timezone=True), primary_key=True),
    Column("days_left", Integer, primary_key=True),
    Column("told_at", DateTime(timezone=True), nullable=False),
)

takeovers = Table(
    "takeovers",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id"), nullable=False),
)
"""The arrêté that covers a camera from the second on at which its present one ends."""
