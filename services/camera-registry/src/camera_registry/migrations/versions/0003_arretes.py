"""Scans of arrêtés, renewal files, warnings told, takeovers; surveyed needs and yearly envelopes.

A scan lies in the row's own storage, uncompressed (a PDF is compressed already).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _authorisations()
    _documents()
    _following()
    _planning()


def _authorisations() -> None:
    op.add_column("authorisations", sa.Column("positions", JSONB, nullable=False, server_default="[]"))
    op.add_column("authorisations", sa.Column("retention_min_days", sa.Integer))
    op.add_column("authorisations", sa.Column("verbalisation", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("authorisations", sa.Column("responsible", JSONB))
    op.add_column(
        "authorisations",
        sa.Column("end_known_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_check_constraint(
        op.f("ck_authorisations_retention_min"), "authorisations", "retention_min_days BETWEEN 1 AND retention_days"
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("authorisation_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_documents"),
        _to_authorisation("documents", "authorisation_id"),
    )
    op.execute("ALTER TABLE documents ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_index("ix_documents_authorisation_id_uploaded_at", "documents", ["authorisation_id", "uploaded_at"])


def _following() -> None:
    op.create_table(
        "renewals",
        sa.Column("authorisation_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("pieces", JSONB, nullable=False),
        sa.Column("steps", JSONB, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("successor_id", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("authorisation_id", name="pk_renewals"),
        _to_authorisation("renewals", "authorisation_id"),
        _to_authorisation("renewals", "successor_id"),
    )
    op.create_table(
        "authorisation_warnings",
        sa.Column("authorisation_id", sa.Text, nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days_left", sa.Integer, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("authorisation_id", "valid_until", "days_left", name="pk_authorisation_warnings"),
        _to_authorisation("authorisation_warnings", "authorisation_id"),
    )
    op.create_table(
        "takeovers",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("authorisation_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_takeovers"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_takeovers_camera_id_cameras"),
        _to_authorisation("takeovers", "authorisation_id"),
    )


def _planning() -> None:
    op.create_table(
        "needs",
        sa.Column("need_id", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("camera_kind", sa.Text, nullable=False),
        sa.Column("finalite", sa.Text, nullable=False),
        sa.Column("motive", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("surveyed_on", sa.Date, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("cost_cents", sa.BigInteger, nullable=False),
        sa.Column("works", JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("budget_year", sa.SmallInteger),
        sa.Column("year_fixed", sa.Boolean, nullable=False),
        sa.Column("camera_id", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("need_id", name="pk_needs"),
        sa.UniqueConstraint("insee", "reference", name="uq_needs_insee_reference"),
        sa.CheckConstraint("priority BETWEEN 1 AND 3", name=op.f("ck_needs_priority")),
        sa.CheckConstraint("cost_cents >= 0", name=op.f("ck_needs_cost")),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_needs_insee_communes"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_needs_camera_id_cameras"),
    )
    op.create_index("ix_needs_insee_status", "needs", ["insee", "status"])
    op.create_table(
        "budget_envelopes",
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("insee", "year", name="pk_budget_envelopes"),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_budget_envelopes_amount")),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_budget_envelopes_insee_communes"),
    )


def _to_authorisation(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["authorisations.authorisation_id"], name=f"fk_{table}_{column}_authorisations"
    )
