"""Viewing sessions, uploads, recording ledger, PTZ locks, replays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from common import outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    outbox.create_in_migration(op)
    op.create_table(
        "uploads",
        sa.Column("segment_id", sa.Uuid(), primary_key=True),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_uploads_uploaded_at", "uploads", ["uploaded_at"])
    op.create_table(
        "coverage",
        sa.Column("camera_id", sa.Text(), primary_key=True),
        sa.Column("covered_until", _INSTANT, nullable=False),
    )
    op.create_table(
        "recorders",
        sa.Column("camera_id", sa.Text(), primary_key=True),
        sa.Column("insee", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("last_byte_at", _INSTANT),
        sa.Column("last_segment_at", _INSTANT),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "viewing_sessions",
        sa.Column("session_id", sa.Uuid(), primary_key=True),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("insee", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text()),
        sa.Column("ticket_id", sa.Text()),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("lease_until", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT),
        sa.Column("close_reason", sa.Text()),
    )
    op.create_index(
        "ix_viewing_sessions_open_lease",
        "viewing_sessions",
        ["lease_until"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "ptz_locks",
        sa.Column("camera_id", sa.Text(), primary_key=True),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("commanded_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "replays",
        sa.Column("replay_id", sa.Uuid(), primary_key=True),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("closes_at", _INSTANT, nullable=False),
        sa.Column("segments", JSONB(), nullable=False),
    )
    op.create_index("ix_replays_closes_at", "replays", ["closes_at"])


def downgrade() -> None:
    for table in ("replays", "ptz_locks", "viewing_sessions", "recorders", "coverage", "uploads"):
        op.drop_table(table)
    op.drop_table("outbox")
    op.drop_table("outbox_leases")
