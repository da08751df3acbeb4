"""Masks that the media plane burns in: which, where a head pointed when they were signed, and how its picture lies.

Sets that were signed before stay dark until the registry's loop found them a bearer, a few seconds after its start.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cameras", sa.Column("masks_burnt_in", sa.Text, nullable=False, server_default=""))
    for axis in ("pan", "tilt", "zoom"):
        op.add_column("mask_sets", sa.Column(f"aim_{axis}", sa.Float))
    op.create_table(
        "head_optics",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("pan_degrees", sa.Float, nullable=False),
        sa.Column("tilt_degrees", sa.Float, nullable=False),
        sa.Column("level_tilt", sa.Float, nullable=False),
        sa.Column("aspect", sa.Float, nullable=False),
        sa.Column("openings", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_head_optics"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_head_optics_camera_id_cameras"),
    )
