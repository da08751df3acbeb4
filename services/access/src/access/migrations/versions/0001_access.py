"""Organisations, habilitations, agents, sessions, the register, outbox, inbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from common import inbox, outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Nobody rewrites the register: the serving role has no right to, and a trigger refuses even the owner. The roles are
# found by what they were granted, so that no installation's role name stands here.
_TAKE_RIGHTS_BACK = """
DO $$
DECLARE grantee_name text;
BEGIN
    FOR grantee_name IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'register_entries' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE ALL ON register_entries FROM %s',
                       CASE grantee_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee_name) END);
        EXECUTE format('GRANT SELECT, INSERT ON register_entries TO %s',
                       CASE grantee_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee_name) END);
    END LOOP;
END
$$
"""
_REFUSE_CHANGE = """
CREATE FUNCTION refuse_register_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the register is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("communes", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisations"),
    )
    op.create_table(
        "habilitations",
        sa.Column("habilitation_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("habilitation_id", name="pk_habilitations"),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_habilitations_window")),
    )
    op.create_index("ix_habilitations_agent_id", "habilitations", ["agent_id"])
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("communes", ARRAY(sa.Text), nullable=False),
        sa.Column("habilitation_id", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("session_epoch", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agents"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.organisation_id"], name="fk_agents_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(
            ["habilitation_id"], ["habilitations.habilitation_id"], name="fk_agents_habilitation_id_habilitations"
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.agent_id"], name="fk_sessions_agent_id_agents"),
    )
    op.create_index("ix_sessions_agent_id", "sessions", ["agent_id"])
    create_register()
    outbox.create_in_migration(op)
    inbox.create_in_migration(op)


def create_register() -> None:
    op.create_table(
        "register_entries",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text),
        sa.Column("canonical", sa.LargeBinary, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_register_entries"),
        sa.UniqueConstraint("entry_id", name="uq_register_entries_entry_id"),
    )
    op.create_index("ix_register_entries_camera_id_seq", "register_entries", ["camera_id", "seq"])
    op.create_index("ix_register_entries_actor_id_seq", "register_entries", ["actor_id", "seq"])
    op.create_index("ix_register_entries_insee_seq", "register_entries", ["insee", "seq"])
    op.create_index("ix_register_entries_at", "register_entries", ["at"])
    op.execute(_TAKE_RIGHTS_BACK)
    op.execute(_REFUSE_CHANGE)
    op.execute(
        "CREATE TRIGGER register_rows_stay BEFORE UPDATE OR DELETE ON register_entries"
        " FOR EACH ROW EXECUTE FUNCTION refuse_register_change()"
    )
    op.execute(
        "CREATE TRIGGER register_table_stays BEFORE TRUNCATE ON register_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_register_change()"
    )
    # ALWAYS: session_replication_role cannot switch them off.
    op.execute("ALTER TABLE register_entries ENABLE ALWAYS TRIGGER register_rows_stay")
    op.execute("ALTER TABLE register_entries ENABLE ALWAYS TRIGGER register_table_stays")
