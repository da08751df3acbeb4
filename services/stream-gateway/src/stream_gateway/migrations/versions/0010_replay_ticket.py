"""A replay remembers the ticket that it was opened under, so that every read is judged with it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replays", sa.Column("ticket_id", sa.Text()))


def downgrade() -> None:
    op.drop_column("replays", "ticket_id")
