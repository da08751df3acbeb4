"""Alarms, buttons, listeners to cameras' events, discoveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cameras", sa.Column("events_enabled", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("camera_ids", ARRAY(sa.Text), nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True)),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("judged_by", sa.Text),
        sa.Column("judged_by_name", sa.Text),
        sa.Column("judged_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarms"),
        sa.CheckConstraint("(status = 'nouvelle') = (judged_at IS NULL)", name=op.f("ck_alarms_judged")),
    )
    op.create_index("ix_alarms_insee_alarm_id", "alarms", ["insee", "alarm_id"])
    op.create_index("ix_alarms_source_id_kind_last_at", "alarms", ["source_id", "kind", "last_at"])
    op.create_table(
        "alarm_buttons",
        sa.Column("button_id", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("button_id", name="pk_alarm_buttons"),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_alarm_buttons_insee_communes"),
        sa.CheckConstraint("proof IN ('signature', 'jeton')", name=op.f("ck_alarm_buttons_proof")),
        sa.CheckConstraint("(proof = 'signature') = (sealed_secret IS NOT NULL)", name=op.f("ck_alarm_buttons_secret")),
    )
    op.create_index("ix_alarm_buttons_insee", "alarm_buttons", ["insee"])
    op.create_table(
        "button_messages",
        sa.Column("button_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("alarm_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("button_id", "message_id", name="pk_button_messages"),
        sa.ForeignKeyConstraint(
            ["button_id"], ["alarm_buttons.button_id"], name="fk_button_messages_button_id_alarm_buttons"
        ),
    )
    op.create_index("ix_button_messages_at", "button_messages", ["at"])
    op.create_table(
        "event_listeners",
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("listening", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_event_listeners"),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.camera_id"], name="fk_event_listeners_camera_id_cameras"),
    )
    op.create_table(
        "discoveries",
        sa.Column("discovery_id", sa.Uuid, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("ports", ARRAY(sa.Integer), nullable=False),
        sa.Column("motive", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("found", JSONB, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("discovery_id", name="pk_discoveries"),
    )
    op.create_table(
        "event_leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Uuid, nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_event_leases"),
    )
