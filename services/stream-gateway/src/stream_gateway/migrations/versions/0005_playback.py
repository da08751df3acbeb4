"""Playback: bookmarks, and the window and right that a replay was granted for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ADDED = ("insee", "starts_at", "ends_at", "opened_at", "gaps", "right", "incident_id")


def upgrade() -> None:
    # Defaults let an instance of the version before, still running during an upgrade, open replays. They show nothing
    # here (their window is empty), and it is only for minutes.
    now = sa.text("now()")
    op.add_column("replays", sa.Column("insee", sa.Text(), nullable=False, server_default=""))
    op.add_column("replays", sa.Column("starts_at", _INSTANT, nullable=False, server_default=now))
    op.add_column("replays", sa.Column("ends_at", _INSTANT, nullable=False, server_default=now))
    op.add_column("replays", sa.Column("opened_at", _INSTANT, nullable=False, server_default=now))
    op.add_column("replays", sa.Column("gaps", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.add_column("replays", sa.Column("right", sa.Text(), nullable=False, server_default="replay"))
    op.add_column("replays", sa.Column("incident_id", sa.Text()))
    op.create_table(
        "bookmarks",
        sa.Column("bookmark_id", sa.Uuid(), primary_key=True),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("insee", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text()),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_bookmarks_camera_at", "bookmarks", ["camera_id", "at"])
    op.create_index("ix_bookmarks_incident", "bookmarks", ["incident_id"])
    op.create_index("ix_bookmarks_expires_at", "bookmarks", ["expires_at"])


def downgrade() -> None:
    op.drop_table("bookmarks")
    for column in _ADDED:
        op.drop_column("replays", column)
