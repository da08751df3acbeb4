"""An arrêté may ask for a burnt-in watermark in what outside recipients see."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "authorisations", sa.Column("partner_watermark", sa.Boolean, nullable=False, server_default=sa.false())
    )
