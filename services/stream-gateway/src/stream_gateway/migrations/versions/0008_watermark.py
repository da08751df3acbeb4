"""Sessions and replays remember that their pictures leave with a burnt-in watermark."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("viewing_sessions", "replays"):
        op.add_column(table, sa.Column("marked", sa.Boolean, nullable=False, server_default=sa.false()))
