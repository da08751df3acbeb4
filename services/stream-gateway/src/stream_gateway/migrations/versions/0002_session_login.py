"""A viewing session remembers the log-in it was opened under, so that logging out ends it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("viewing_sessions", sa.Column("login_id", sa.Text()))
