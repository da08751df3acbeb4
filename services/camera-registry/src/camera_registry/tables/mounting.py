"""What a camera can turn to (presets, tours) and where a nomad stood (placements)."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Float, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

camera_presets = Table(
    "camera_presets",
    metadata,
    Column("preset_id", Text, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("token", Text),
    Column("pan", Float),
    Column("tilt", Float),
    Column("zoom", Float),
    Index("uq_camera_presets_camera_id_number", "camera_id", "number", unique=True),
)

camera_tours = Table(
    "camera_tours",
    metadata,
    Column("tour_id", Text, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("steps", JSONB, nullable=False),
)

camera_placements = Table(
    "camera_placements",
    metadata,
    Column("placement_id", Text, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False),
    Column("site_id", Text, ForeignKey("sites.site_id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True)),
    Column("prefet_informed_on", Date),
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id")),
    Column("moved_by", Text, nullable=False),
    CheckConstraint("until_at IS NULL OR from_at < until_at", name="interval"),
    Index("uq_camera_placements_camera_id_from_at", "camera_id", "from_at", unique=True),
)
