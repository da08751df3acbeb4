"""The recorded-seconds ledger, what is written with each segment, and recorders of several nodes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "recorded_time",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded", TSTZMULTIRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "day", name="pk_recorded_time"),
    )
    op.create_index("ix_recorded_time_day", "recorded_time", ["day"])
    op.create_table(
        "expected_time",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("insee", sa.Text(), nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("camera_id", "began_at", name="pk_expected_time"),
    )
    op.create_index(
        "ux_expected_time_open",
        "expected_time",
        ["camera_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "declared_gaps",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "started_at", "ended_at", name="pk_declared_gaps"),
    )
    op.create_index("ix_declared_gaps_ended_at", "declared_gaps", ["ended_at"])
    op.add_column("uploads", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("uploads", sa.Column("label", JSONB()))
    # reports of before say nothing of nodes: each recorder reports anew within seconds
    op.execute("DELETE FROM recorders")
    op.drop_constraint("pk_recorders", "recorders", type_="primary")
    op.add_column("recorders", sa.Column("node_id", sa.Text(), nullable=False))
    for name, kind in (
        ("engine", sa.Text()),
        ("engine_reason", sa.Text()),
        ("width", sa.Integer()),
        ("height", sa.Integer()),
        ("fps", sa.Float()),
        ("kbps", sa.Integer()),
        ("clock_offset_ms", sa.Integer()),
    ):
        op.add_column("recorders", sa.Column(name, kind))
    op.create_primary_key("pk_recorders", "recorders", ["camera_id", "node_id"])


def downgrade() -> None:
    op.execute("DELETE FROM recorders")
    op.drop_constraint("pk_recorders", "recorders", type_="primary")
    for name in ("node_id", "engine", "engine_reason", "width", "height", "fps", "kbps", "clock_offset_ms"):
        op.drop_column("recorders", name)
    op.create_primary_key("pk_recorders", "recorders", ["camera_id"])
    op.drop_column("uploads", "label")
    op.drop_column("uploads", "epoch")
    for table in ("declared_gaps", "expected_time", "recorded_time"):
        op.drop_table(table)
