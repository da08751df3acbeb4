"""A dispatch remembers what kind of partner it was sent to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatches", sa.Column("partner_kind", sa.Text()))
    op.execute(
        "UPDATE dispatches SET partner_kind = partners.kind FROM partners"
        " WHERE partners.partner_id = dispatches.partner_id"
    )
