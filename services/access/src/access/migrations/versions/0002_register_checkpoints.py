"""Signed checkpoints of the register, as unchangeable as the register itself."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TAKE_RIGHTS_BACK = """
DO $$
DECLARE grantee_name text;
BEGIN
    FOR grantee_name IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'register_checkpoints' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON register_checkpoints FROM %s',
                       CASE grantee_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee_name) END);
    END LOOP;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "register_checkpoints",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_register_checkpoints"),
    )
    op.execute(_TAKE_RIGHTS_BACK)
    op.execute(
        "CREATE TRIGGER checkpoint_rows_stay BEFORE UPDATE OR DELETE ON register_checkpoints"
        " FOR EACH ROW EXECUTE FUNCTION refuse_register_change()"
    )
    op.execute(
        "CREATE TRIGGER checkpoint_table_stays BEFORE TRUNCATE ON register_checkpoints"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_register_change()"
    )
    op.execute("ALTER TABLE register_checkpoints ENABLE ALWAYS TRIGGER checkpoint_rows_stay")
    op.execute("ALTER TABLE register_checkpoints ENABLE ALWAYS TRIGGER checkpoint_table_stays")
