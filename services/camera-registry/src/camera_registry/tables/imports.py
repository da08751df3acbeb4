"""Column mappings that people confirmed, by the fingerprint of the header they confirmed them for."""

from sqlalchemy import Column, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

import_mappings = Table(
    "import_mappings",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("mapping", JSONB, nullable=False),
    Column("confirmed_by", Text, nullable=False),
    Column("confirmed_at", DateTime(timezone=True), nullable=False),
)
