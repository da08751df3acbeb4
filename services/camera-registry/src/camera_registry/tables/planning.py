"""Surveyed needs (*besoins recensés*) and the yearly envelope of each commune. Money in cents."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

needs = Table(
    "needs",
    metadata,
    Column("need_id", Text, primary_key=True),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("camera_kind", Text, nullable=False),
    Column("finalite", Text, nullable=False),
    Column("motive", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("surveyed_on", Date, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("cost_cents", BigInteger, nullable=False),
    Column("works", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("budget_year", SmallInteger),
    Column("year_fixed", Boolean, nullable=False),
    Column("camera_id", Text, ForeignKey("cameras.camera_id")),
    Column("note", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("insee", "reference", name="uq_needs_insee_reference"),
    CheckConstraint("priority BETWEEN 1 AND 3", name="priority"),
    CheckConstraint("cost_cents >= 0", name="cost"),
    Index("ix_needs_insee_status", "insee", "status"),
)

budget_envelopes = Table(
    "budget_envelopes",
    metadata,
    Column("insee", Text, ForeignKey("communes.insee"), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("amount_cents", BigInteger, nullable=False),
    CheckConstraint("amount_cents >= 0", name="amount"),
)
