"""Checks of the fleet: the last look at each camera, its troubles, and when it could not be relied on."""

from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from camera_registry.tables.base import metadata
from common.leases import leases_table

camera_checks = Table(
    "camera_checks",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("followed_since", DateTime(timezone=True), nullable=False),
    Column("watched_by", Text, nullable=False, server_default="sonde"),
    Column("checked_at", DateTime(timezone=True)),
    Column("looked_at", DateTime(timezone=True)),
    Column("look_error", Text, nullable=False, server_default=""),
    Column("received_kbps", Float),
    Column("quality", JSONB(none_as_null=True)),
    Column("clock_offset_s", Float),
    Column("hysteresis", JSONB, nullable=False, server_default="{}"),
    Column("scenes", JSONB, nullable=False, server_default="{}"),
    Column("day_edges", LargeBinary),
    Column("night_edges", LargeBinary),
    Column("views_since", DateTime(timezone=True)),
)
"""``day_edges`` and ``night_edges`` are all that is kept of a picture: 64 x 36 strengths of edges.
``views_since``: a person then said that the camera looks where it should."""

camera_troubles = Table(
    "camera_troubles",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("lasting", Boolean, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("detail", Text, nullable=False),
    Column("losses", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("alarm_raised", Boolean, nullable=False),
    Column("due_at", DateTime(timezone=True)),
)
Index("ix_camera_troubles_due_at", camera_troubles.c.due_at, postgresql_where=camera_troubles.c.due_at.is_not(None))

camera_outages = Table(
    "camera_outages",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("started_at", DateTime(timezone=True), primary_key=True),
    Column("ended_at", DateTime(timezone=True)),
    Column("planned", Boolean, primary_key=True),
    Column("reason", Text, nullable=False),
)
"""When no bytes came, and (``planned``) when works were under way; half-open, open while ``ended_at`` is null."""

Index(
    "uq_camera_outages_open",
    camera_outages.c.camera_id,
    camera_outages.c.planned,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)

health_leases = leases_table(metadata, "health_leases")
