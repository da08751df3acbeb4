"""How well a camera's place is known, since when it stands there, and the column mappings people confirmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cameras", sa.Column("position_precision", sa.Text, nullable=False, server_default="exact"))
    op.add_column("cameras", sa.Column("installed_on", sa.Date))
    op.create_check_constraint(
        op.f("ck_cameras_position_precision"),
        "cameras",
        "position_precision IN ('exact', 'street', 'commune', 'unknown')",
    )
    op.create_table(
        "import_mappings",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("mapping", JSONB, nullable=False),
        sa.Column("confirmed_by", sa.Text, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_import_mappings"),
    )
