"""Sets of masks and the stills they were drawn on. A still's picture is kept only with its masks burnt in."""

from sqlalchemy import Column, DateTime, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

mask_stills = Table(
    "mask_stills",
    metadata,
    Column("still_id", Text, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False, index=True),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("picture", LargeBinary),
)

mask_sets = Table(
    "mask_sets",
    metadata,
    Column("mask_set_id", Text, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False),
    Column("preset", Text),
    Column("polygons", JSONB, nullable=False),
    Column("declaration", Text, nullable=False),
    Column("still_id", Text, ForeignKey("mask_stills.still_id")),
    Column("drawn_by", Text, nullable=False),
    Column("drawn_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("signed_by", Text),
    Column("signed_at", DateTime(timezone=True)),
    Column("review_due", DateTime(timezone=True)),
    Column("borne_by", Text),
    Column("bearing_problem", Text, nullable=False, server_default=""),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text, nullable=False),
    Column("aim_pan", Float),
    Column("aim_tilt", Float),
    Column("aim_zoom", Float),
    Index("ix_mask_sets_camera_id_status", "camera_id", "status"),
    Index("ix_mask_sets_status_review_due", "status", "review_due"),
)

head_optics = Table(
    "head_optics",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("pan_degrees", Float, nullable=False),
    Column("tilt_degrees", Float, nullable=False),
    Column("level_tilt", Float, nullable=False),
    Column("aspect", Float, nullable=False),
    Column("openings", JSONB, nullable=False),
)
