"""Equipment, optics, presets, tours, placements and tickets of cameras; what carries and links a site."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _equipment()
    _mounting()
    _tickets()


def _equipment() -> None:
    for name in ("manufacturer", "model", "firmware", "serial", "notes"):
        op.add_column("cameras", sa.Column(name, sa.Text))
    for name in ("azimuth_deg", "opening_deg", "range_m", "height_m"):
        op.add_column("cameras", sa.Column(name, sa.Float))
    op.add_column("cameras", sa.Column("streams", JSONB, nullable=False, server_default="[]"))
    op.execute("CREATE INDEX ix_cameras_sealing_key ON cameras (substring(sealed_credentials, 1, 5), camera_id)")
    op.add_column("sites", sa.Column("support", sa.Text))
    op.add_column("sites", sa.Column("link", sa.Text))
    op.add_column("sites", sa.Column("works", sa.Text, nullable=False, server_default=""))
    op.add_column("sites", sa.Column("address", sa.Text, nullable=False, server_default=""))
    op.add_column("sites", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))


def _mounting() -> None:
    op.create_table(
        "camera_presets",
        sa.Column("preset_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("pan", sa.Float),
        sa.Column("tilt", sa.Float),
        sa.Column("zoom", sa.Float),
        sa.PrimaryKeyConstraint("preset_id", name="pk_camera_presets"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_presets_camera_id_cameras"),
    )
    op.create_index("uq_camera_presets_camera_id_number", "camera_presets", ["camera_id", "number"], unique=True)
    op.create_table(
        "camera_tours",
        sa.Column("tour_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("steps", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tour_id", name="pk_camera_tours"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_tours_camera_id_cameras"),
    )
    op.create_index("ix_camera_tours_camera_id", "camera_tours", ["camera_id"])
    op.create_table(
        "camera_placements",
        sa.Column("placement_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("prefet_informed_on", sa.Date),
        sa.Column("authorisation_id", sa.Text),
        sa.Column("moved_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("placement_id", name="pk_camera_placements"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_camera_placements_camera_id_cameras"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.site_id"], name="fk_camera_placements_site_id_sites"),
        sa.ForeignKeyConstraint(
            ["authorisation_id"],
            ["authorisations.authorisation_id"],
            name="fk_camera_placements_authorisation_id_authorisations",
        ),
        sa.CheckConstraint("until_at IS NULL OR from_at < until_at", name=op.f("ck_camera_placements_interval")),
    )
    op.create_index(
        "uq_camera_placements_camera_id_from_at", "camera_placements", ["camera_id", "from_at"], unique=True
    )
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE camera_placements ADD CONSTRAINT ex_camera_placements_overlap EXCLUDE USING gist "
        "(camera_id WITH =, tstzrange(from_at, until_at, '[)') WITH &&)"
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("camera_ids", ARRAY(sa.Text), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_tickets"),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_tickets_insee_communes"),
    )
    op.create_index("ix_tickets_insee_opened_at", "tickets", ["insee", "opened_at"])
    op.create_index("ix_tickets_camera_ids", "tickets", ["camera_ids"], postgresql_using="gin")
    op.create_table(
        "ticket_comments",
        sa.Column("comment_id", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("comment_id", name="pk_ticket_comments"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name="fk_ticket_comments_ticket_id_tickets"),
    )
    op.create_index("ix_ticket_comments_ticket_id_at", "ticket_comments", ["ticket_id", "at"])
