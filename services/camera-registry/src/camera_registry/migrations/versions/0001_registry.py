"""Communes, sites, authorisations, cameras, outbox, inbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from common import inbox, outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "communes",
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("contour", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("insee", name="pk_communes"),
    )
    op.create_table(
        "sites",
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("site_id", name="pk_sites"),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_sites_insee_communes"),
    )
    op.create_index("ix_sites_insee", "sites", ["insee"])
    op.create_table(
        "authorisations",
        sa.Column("authorisation_id", sa.Text, nullable=False),
        sa.Column("arrete_number", sa.Text, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("communes", ARRAY(sa.Text), nullable=False),
        sa.Column("camera_count", sa.Integer, nullable=False),
        sa.Column("finalites", ARRAY(sa.Text), nullable=False),
        sa.Column("recipients", ARRAY(sa.Text), nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("event_windows", JSONB, nullable=False),
        sa.Column("perimeter", JSONB),
        sa.Column("scan_sha256", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("authorisation_id", name="pk_authorisations"),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_authorisations_validity")),
        sa.CheckConstraint("retention_days BETWEEN 1 AND 30", name=op.f("ck_authorisations_retention")),
    )
    op.create_index("ix_authorisations_valid_until", "authorisations", ["valid_until"])
    op.create_table(
        "cameras",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("east_m", sa.Float, nullable=False),
        sa.Column("north_m", sa.Float, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_ptz", sa.Boolean, nullable=False),
        sa.Column("main_url", sa.Text),
        sa.Column("sub_url", sa.Text),
        sa.Column("onvif_url", sa.Text),
        sa.Column("sealed_credentials", sa.LargeBinary),
        sa.Column("authorisation_id", sa.Text),
        sa.Column("online", sa.Boolean),
        sa.Column("online_since", sa.DateTime(timezone=True)),
        sa.Column("online_reason", sa.Text, nullable=False, server_default=""),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_cameras"),
        sa.UniqueConstraint("code", name="uq_cameras_code"),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_cameras_insee_communes"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.site_id"], name="fk_cameras_site_id_sites"),
        sa.ForeignKeyConstraint(
            ["authorisation_id"],
            ["authorisations.authorisation_id"],
            name="fk_cameras_authorisation_id_authorisations",
        ),
    )
    for column in ("insee", "site_id", "authorisation_id"):
        op.create_index(f"ix_cameras_{column}", "cameras", [column])
    op.execute("CREATE INDEX ix_cameras_ground ON cameras USING gist (point(east_m, north_m))")
    op.execute("CREATE INDEX ix_cameras_degrees ON cameras USING gist (point(lon, lat))")
    outbox.create_in_migration(op)
    inbox.create_in_migration(op)
