"""Who holds the motors of a camera, the rondes under way, how cameras lie in the world."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from stream_gateway.tables.metadata import instant, metadata

ptz_locks = Table(
    "ptz_locks",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("insee", Text, nullable=False),
    Column("holder_id", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("taken_at", instant, nullable=False),
    Column("commanded_at", instant, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("moving_until", instant),
    Column("released_at", instant),
    Column("homed_at", instant),
    Column("gesture", Text, nullable=False),
    Column("gesture_order", BigInteger, nullable=False),
    Index("ix_ptz_locks_held", "commanded_at", postgresql_where=text("released_at IS NULL")),
    Index("ix_ptz_locks_moving", "moving_until", postgresql_where=text("moving_until IS NOT NULL")),
)

ptz_patrols = Table(
    "ptz_patrols",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("insee", Text, nullable=False),
    Column("tour_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("steps", JSONB, nullable=False),
    Column("position", Integer, nullable=False),
    Column("due_at", instant, nullable=False, index=True),
    Column("started_by", Text, nullable=False),
    Column("started_at", instant, nullable=False),
)

ptz_calibrations = Table(
    "ptz_calibrations",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("height_m", Float, nullable=False),
    Column("pan_zero_deg", Float, nullable=False),
    Column("pan_gain_deg", Float, nullable=False),
    Column("tilt_zero_deg", Float, nullable=False),
    Column("tilt_gain_deg", Float, nullable=False),
    Column("residual_deg", Float, nullable=False),
    Column("points", JSONB, nullable=False),
    Column("wide_deg", Float),
    Column("tele_deg", Float),
    Column("calibrated_by", Text, nullable=False),
    Column("calibrated_at", instant, nullable=False),
)
