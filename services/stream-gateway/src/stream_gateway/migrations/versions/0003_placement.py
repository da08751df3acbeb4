"""Placement of cameras on media nodes: under which epoch which node recorded, for the fence."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "placement_epochs",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("camera_id", "epoch", name="pk_placement_epochs"),
    )
    op.create_index("ix_placement_epochs_ended_at", "placement_epochs", ["ended_at"])


def downgrade() -> None:
    op.drop_table("placement_epochs")
