"""The life of PTZ control: fences, moves not seen stopped, rondes under way, calibrations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("DELETE FROM ptz_locks")  # a lock lives 60 s: none of before the upgrade is worth keeping
    op.add_column("ptz_locks", sa.Column("insee", sa.Text(), nullable=False))
    op.add_column("ptz_locks", sa.Column("taken_at", _INSTANT, nullable=False))
    op.add_column("ptz_locks", sa.Column("fence", sa.BigInteger(), nullable=False))
    op.add_column("ptz_locks", sa.Column("moving_until", _INSTANT))
    op.add_column("ptz_locks", sa.Column("released_at", _INSTANT))
    op.add_column("ptz_locks", sa.Column("homed_at", _INSTANT))
    op.add_column("ptz_locks", sa.Column("gesture", sa.Text(), nullable=False))
    op.add_column("ptz_locks", sa.Column("gesture_order", sa.BigInteger(), nullable=False))
    op.create_index("ix_ptz_locks_held", "ptz_locks", ["commanded_at"], postgresql_where=sa.text("released_at IS NULL"))
    op.create_index(
        "ix_ptz_locks_moving", "ptz_locks", ["moving_until"], postgresql_where=sa.text("moving_until IS NOT NULL")
    )
    op.create_table(
        "ptz_patrols",
        sa.Column("camera_id", sa.Text(), primary_key=True),
        sa.Column("insee", sa.Text(), nullable=False),
        sa.Column("tour_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_ptz_patrols_due_at", "ptz_patrols", ["due_at"])
    op.create_table(
        "ptz_calibrations",
        sa.Column("camera_id", sa.Text(), primary_key=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("height_m", sa.Float(), nullable=False),
        sa.Column("pan_zero_deg", sa.Float(), nullable=False),
        sa.Column("pan_gain_deg", sa.Float(), nullable=False),
        sa.Column("tilt_zero_deg", sa.Float(), nullable=False),
        sa.Column("tilt_gain_deg", sa.Float(), nullable=False),
        sa.Column("residual_deg", sa.Float(), nullable=False),
        sa.Column("points", JSONB(), nullable=False),
        sa.Column("wide_deg", sa.Float()),
        sa.Column("tele_deg", sa.Float()),
        sa.Column("calibrated_by", sa.Text(), nullable=False),
        sa.Column("calibrated_at", _INSTANT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("ptz_calibrations")
    op.drop_table("ptz_patrols")
    op.drop_index("ix_ptz_locks_moving", "ptz_locks")
    op.drop_index("ix_ptz_locks_held", "ptz_locks")
    for column in (
        "insee",
        "taken_at",
        "fence",
        "moving_until",
        "released_at",
        "homed_at",
        "gesture",
        "gesture_order",
    ):
        op.drop_column("ptz_locks", column)
