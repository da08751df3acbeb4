"""What cameras were asked for of their own recordings, and as of which revision they were expected to be recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("expected_time", sa.Column("revision", sa.BigInteger()))
    op.create_table(
        "edge_asked",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "started_at", "ended_at", name="pk_edge_asked"),
    )
    op.create_index("ix_edge_asked_ended_at", "edge_asked", ["ended_at"])


def downgrade() -> None:
    op.drop_table("edge_asked")
    op.drop_column("expected_time", "revision")
