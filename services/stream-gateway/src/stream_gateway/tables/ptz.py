"""Who holds the motors of a camera."""

from sqlalchemy import Column, Integer, Table, Text

from stream_gateway.tables.metadata import instant, metadata

ptz_locks = Table(
    "ptz_locks",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("holder_id", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("commanded_at", instant, nullable=False),
)
