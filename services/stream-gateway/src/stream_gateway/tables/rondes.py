"""Scenes, screens of the wall, rondes and their runs."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from stream_gateway.tables.metadata import instant, metadata

scenes = Table(
    "scenes",
    metadata,
    Column("scene_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("layout", Integer, nullable=False),
    Column("tiles", JSONB, nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("changed_at", instant, nullable=False),
)

screens = Table(
    "screens",
    metadata,
    Column("screen_id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("wall", Text, nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
    Column("layout", Integer, nullable=False),
    Column("tiles", JSONB, nullable=False),
    Column("origin", Text, nullable=False),
    Column("pushed_by", Text, nullable=False),
    Column("pushed_by_name", Text, nullable=False),
    Column("pushed_at", instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("scene_id", Uuid),
    Column("scene_name", Text, nullable=False),
    Column("seat", JSONB),
)

rondes = Table(
    "rondes",
    metadata,
    Column("ronde_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("steps", JSONB, nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
    Column("days", ARRAY(Integer), nullable=False),
    Column("times", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", instant, nullable=False),
    Column("screen_id", Text),
    Column("place", Integer, nullable=False),
    # Its schedule was carried out up to due_from (included); next_due_at is what comes after.
    Column("due_from", instant, nullable=False),
    Column("next_due_at", instant),
    Column("archived", Boolean, nullable=False, server_default=text("false")),
    Index("ix_rondes_next_due", "next_due_at"),
)

ronde_runs = Table(
    "ronde_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("ronde_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", instant, nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
    Column("sheet", JSONB, nullable=False),
    Column("scheduled", Boolean, nullable=False),
    # Which process drives it, by the database's clock; effects_of: the step whose camera was turned and looked at.
    Column("executor", Uuid),
    Column("executor_until", instant),
    Column("effects_of", Integer),
    Index("ix_ronde_runs_state", "state"),
    Index("ix_ronde_runs_due", "ronde_id", "due_at"),
    Index("uq_ronde_runs_scheduled", "ronde_id", "due_at", unique=True, postgresql_where=text("scheduled")),
)
