"""Mask sets, their stills and signatures.

Cameras registered before this have no signed masks, so none of them may be watched until a person signed: what
nobody looked at is not known to hide anything.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cameras", sa.Column("masks_signed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("cameras", sa.Column("masks_review_due", sa.DateTime(timezone=True)))
    op.create_table(
        "mask_stills",
        sa.Column("still_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("picture", sa.LargeBinary),
        sa.PrimaryKeyConstraint("still_id", name="pk_mask_stills"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_mask_stills_camera_id_cameras"),
    )
    op.create_index("ix_mask_stills_camera_id", "mask_stills", ["camera_id"])
    op.create_table(
        "mask_sets",
        sa.Column("mask_set_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("preset", sa.Text),
        sa.Column("polygons", JSONB, nullable=False),
        sa.Column("declaration", sa.Text, nullable=False),
        sa.Column("still_id", sa.Text),
        sa.Column("drawn_by", sa.Text, nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("signed_by", sa.Text),
        sa.Column("signed_at", sa.DateTime(timezone=True)),
        sa.Column("review_due", sa.DateTime(timezone=True)),
        sa.Column("borne_by", sa.Text),
        sa.Column("bearing_problem", sa.Text, nullable=False, server_default=""),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("mask_set_id", name="pk_mask_sets"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_mask_sets_camera_id_cameras"),
        sa.ForeignKeyConstraint(["still_id"], ["mask_stills.still_id"], name="fk_mask_sets_still_id_mask_stills"),
    )
    op.create_index("ix_mask_sets_camera_id_status", "mask_sets", ["camera_id", "status"])
    op.create_index("ix_mask_sets_status_review_due", "mask_sets", ["status", "review_due"])
    op.execute(
        "CREATE UNIQUE INDEX uq_mask_sets_signed ON mask_sets (camera_id, coalesce(preset, '')) WHERE status = 'signe'"
    )
