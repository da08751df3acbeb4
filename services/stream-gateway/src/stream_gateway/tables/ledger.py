"""The recorded-seconds ledger."""

from sqlalchemy import BigInteger, Column, Date, Index, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from stream_gateway.tables.metadata import instant, metadata

recorded_time = Table(
    "recorded_time",
    metadata,
    Column("camera_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("recorded", TSTZMULTIRANGE, nullable=False),
    PrimaryKeyConstraint("camera_id", "day", name="pk_recorded_time"),
    Index("ix_recorded_time_day", "day"),
)
"""Footage that is in the object store, a row per camera and UTC day."""

expected_time = Table(
    "expected_time",
    metadata,
    Column("camera_id", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("began_at", instant, nullable=False),
    Column("ended_at", instant),
    Column("revision", BigInteger),
    PrimaryKeyConstraint("camera_id", "began_at", name="pk_expected_time"),
    Index("ux_expected_time_open", "camera_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)
"""When a camera had to be recorded: in service, under an arrêté in force, its masks signed; and as of which revision of
the camera, where that was noted: nothing about it changed in between."""

declared_gaps = Table(
    "declared_gaps",
    metadata,
    Column("camera_id", Text, nullable=False),
    Column("started_at", instant, nullable=False),
    Column("ended_at", instant, nullable=False),
    Column("cause", Text, nullable=False),
    PrimaryKeyConstraint("camera_id", "started_at", "ended_at", name="pk_declared_gaps"),
    Index("ix_declared_gaps_ended_at", "ended_at"),
)
