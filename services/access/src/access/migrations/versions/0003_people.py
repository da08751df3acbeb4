"""Agréments, training, machine clients."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agrements",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_agrements"),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_agrements_window")),
    )
    op.create_index("ix_agrements_agent_id", "agrements", ["agent_id"])
    op.create_table(
        "trainings",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("trained_on", sa.Date, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "trained_on", name="pk_trainings"),
    )
    op.create_table(
        "paper_warnings",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("paper", sa.Text, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days_left", sa.Integer, nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "paper", "ends_at", "days_left", name="pk_paper_warnings"),
    )
    op.create_table(
        "machine_clients",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("client_id", name="pk_machine_clients"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_machine_clients_organisation_id_organisations",
        ),
    )
    op.add_column("agents", sa.Column("agrement_number", sa.Text))
    op.add_column("agents", sa.Column("trained_on", sa.Date))
    op.create_foreign_key("fk_agents_agrement_number_agrements", "agents", "agrements", ["agrement_number"], ["number"])
