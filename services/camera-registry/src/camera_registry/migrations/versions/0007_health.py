"""Checks, troubles, outages, and who checks which share of the fleet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_checks",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("followed_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watched_by", sa.Text, nullable=False, server_default="sonde"),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("look_error", sa.Text, nullable=False, server_default=""),
        sa.Column("received_kbps", sa.Float),
        sa.Column("quality", JSONB),
        sa.Column("clock_offset_s", sa.Float),
        sa.Column("hysteresis", JSONB, nullable=False, server_default="{}"),
        sa.Column("scenes", JSONB, nullable=False, server_default="{}"),
        sa.Column("day_edges", sa.LargeBinary),
        sa.Column("night_edges", sa.LargeBinary),
        sa.Column("views_since", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("camera_id", name="pk_camera_checks"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_checks_camera_id_cameras"),
    )
    op.create_table(
        "camera_troubles",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lasting", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("losses", ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("alarm_raised", sa.Boolean, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("camera_id", "kind", name="pk_camera_troubles"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_troubles_camera_id_cameras"),
    )
    op.create_index(
        "ix_camera_troubles_due_at", "camera_troubles", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "camera_outages",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("planned", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "started_at", "planned", name="pk_camera_outages"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_outages_camera_id_cameras"),
    )
    op.create_index(
        "uq_camera_outages_open",
        "camera_outages",
        ["camera_id", "planned"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "health_leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Uuid, nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_health_leases"),
    )
