"""Tables of the access service. The register's has no right to change a row: see the migration."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid
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

register_checkpoints = Table(
    "register_checkpoints",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False),
    Column("token", Text, nullable=False),
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
    Column("canonical", LargeBinary, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_register_entries_camera_id_seq", "camera_id", "seq"),
    Index("ix_register_entries_actor_id_seq", "actor_id", "seq"),
    Index("ix_register_entries_insee_seq", "insee", "seq"),
    Index("ix_register_entries_at", "at"),
)
