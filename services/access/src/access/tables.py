"""Tables of the access service. The register's has no right to change a row: see the migration."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from common.database import new_metadata
from common.inbox import inbox_table
from common.outbox import outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)

organisations = Table(
    "organisations",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
)

habilitations = Table(
    "habilitations",
    metadata,
    Column("habilitation_id", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("granted_by", Text, nullable=False),
    Index("ix_habilitations_agent_id", "agent_id"),
)

agrements = Table(
    "agrements",
    metadata,
    Column("number", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Text, nullable=False),
    Index("ix_agrements_agent_id", "agent_id"),
)

trainings = Table(
    "trainings",
    metadata,
    Column("agent_id", Text, nullable=False),
    Column("trained_on", Date, nullable=False),
    Column("title", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("agent_id", "trained_on"),
)

paper_warnings = Table(
    "paper_warnings",
    metadata,
    Column("agent_id", Text, nullable=False),
    Column("paper", Text, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("days_left", Integer, nullable=False),
    Column("warned_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("agent_id", "paper", "ends_at", "days_left"),
)

machine_clients = Table(
    "machine_clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("organisation_id", Text, ForeignKey("organisations.organisation_id"), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

agents = Table(
    "agents",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("organisation_id", Text, ForeignKey("organisations.organisation_id"), nullable=False),
    Column("communes", ARRAY(Text), nullable=False),
    Column("habilitation_id", Text, ForeignKey("habilitations.habilitation_id")),
    Column("active", Boolean, nullable=False),
    Column("session_epoch", Integer, nullable=False),
    Column("agrement_number", Text, ForeignKey("agrements.number")),
    Column("trained_on", Date),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("agent_id", Text, ForeignKey("agents.agent_id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_sessions_agent_id", "agent_id"),
)

register_checkpoints = Table(  # signed before there was a tree; read for ever, written no more
    "register_checkpoints",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False),
    Column("token", Text, nullable=False),
)

register_heads = Table(
    "register_heads",
    metadata,
    Column("size", BigInteger, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("size", "signed_at"),
)

register_tiles = Table(
    "register_tiles",
    metadata,
    Column("height", SmallInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    PrimaryKeyConstraint("height", "place"),
)

register_forgettings = Table(
    "register_forgettings",
    metadata,
    Column("up_to", BigInteger, primary_key=True, autoincrement=False),
    Column("forgotten_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
)

register_entries = Table(
    "register_entries",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", Uuid, nullable=False, unique=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("camera_id", Text),
    Column("organisation", Text, nullable=False),
    Column("motive_code", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("canonical", LargeBinary, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_register_entries_camera_id_seq", "camera_id", "seq"),
    Index("ix_register_entries_actor_id_seq", "actor_id", "seq"),
    Index("ix_register_entries_insee_seq", "insee", "seq"),
    Index("ix_register_entries_action_seq", "action", "seq"),
    Index("ix_register_entries_refused", "seq", postgresql_where=text("result = 'refused'")),
    Index("ix_register_entries_organisation_seq", "organisation", "seq"),
    Index("ix_register_entries_motive_code_seq", "motive_code", "seq"),
    Index("ix_register_entries_at_seq", "at", "seq"),
    Index(
        "ix_register_entries_why",
        text("array_to_tsvector(string_to_array(why, ' '))"),
        postgresql_using="gin",
    ),
)
