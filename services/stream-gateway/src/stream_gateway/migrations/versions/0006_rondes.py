"""Scenes, screens of the wall, rondes and their runs; where a viewing session was asked from and how it travels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("viewing_sessions", sa.Column("station", sa.Text(), nullable=False, server_default=""))
    op.add_column("viewing_sessions", sa.Column("transport", sa.Text()))
    op.create_index("ix_viewing_sessions_camera", "viewing_sessions", ["camera_id", "opened_at"])
    op.create_table(
        "scenes",
        sa.Column("scene_id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("layout", sa.Integer(), nullable=False),
        sa.Column("tiles", JSONB(), nullable=False),
        sa.Column("communes", ARRAY(sa.Text()), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "screens",
        sa.Column("screen_id", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("wall", sa.Text(), nullable=False),
        sa.Column("communes", ARRAY(sa.Text()), nullable=False),
        sa.Column("layout", sa.Integer(), nullable=False),
        sa.Column("tiles", JSONB(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("pushed_by", sa.Text(), nullable=False),
        sa.Column("pushed_by_name", sa.Text(), nullable=False),
        sa.Column("pushed_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Uuid()),
        sa.Column("scene_name", sa.Text(), nullable=False),
        sa.Column("seat", JSONB()),
    )
    op.create_table(
        "rondes",
        sa.Column("ronde_id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("communes", ARRAY(sa.Text()), nullable=False),
        sa.Column("days", ARRAY(sa.Integer()), nullable=False),
        sa.Column("times", ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("screen_id", sa.Text()),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("due_from", _INSTANT, nullable=False),
        sa.Column("next_due_at", _INSTANT),
        sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_rondes_next_due", "rondes", ["next_due_at"])
    op.create_table(
        "ronde_runs",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("ronde_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("communes", ARRAY(sa.Text()), nullable=False),
        sa.Column("sheet", JSONB(), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.Column("executor", sa.Uuid()),
        sa.Column("executor_until", _INSTANT),
        sa.Column("effects_of", sa.Integer()),
    )
    op.create_index("ix_ronde_runs_state", "ronde_runs", ["state"])
    op.create_index("ix_ronde_runs_due", "ronde_runs", ["ronde_id", "due_at"])
    op.create_index(
        "uq_ronde_runs_scheduled",
        "ronde_runs",
        ["ronde_id", "due_at"],
        unique=True,
        postgresql_where=sa.text("scheduled"),
    )
    # A result sheet is evidence: once its run ended, not even a mistake of ours changes it.
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_ended_ronde() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'ronde run % has ended: its result sheet never changes', OLD.run_id;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER ended_ronde_never_changes BEFORE UPDATE ON ronde_runs FOR EACH ROW
        WHEN (OLD.state IN ('terminee', 'arretee', 'manquee'))
        EXECUTE FUNCTION refuse_change_of_ended_ronde()
        """
    )


def downgrade() -> None:
    for table in ("ronde_runs", "rondes", "screens", "scenes"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change_of_ended_ronde()")
    op.drop_index("ix_viewing_sessions_camera", "viewing_sessions")
    op.drop_column("viewing_sessions", "transport")
    op.drop_column("viewing_sessions", "station")
