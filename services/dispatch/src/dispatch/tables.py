"""Tables of the dispatch service. ``partners.sealed_secret`` is the only place a webhook secret is kept."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from common.database import new_metadata
from common.inbox import inbox_table
from common.outbox import outbox_table

metadata = new_metadata()

partners = Table(
    "partners",
    metadata,
    Column("partner_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("communes", ARRAY(Text), nullable=False),
    Column("webhook_url", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("reachable", Boolean),
    Column("reachability_at", DateTime(timezone=True)),
)

# No foreign key to partners: a message to an unknown partner is kept as a visible failure.
dispatches = Table(
    "dispatches",
    metadata,
    Column("dispatch_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False, index=True),
    Column("incident_number", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("transmission_id", Uuid, nullable=False),
    Column("partner_id", Text, nullable=False),
    Column("partner_name", Text, nullable=False),
    Column("partner_kind", Text),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("text", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("transmitted_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("acknowledged_by", Text),
    Column("reference", Text),
    UniqueConstraint("transmission_id", "partner_id"),
    Index("ix_dispatches_due", "next_attempt_at", postgresql_where=text("status = 'DEMANDE'")),
    Index("ix_dispatches_commune", "insee", "dispatch_id"),
    Index("ix_dispatches_partner", "partner_id", "dispatch_id"),
)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
