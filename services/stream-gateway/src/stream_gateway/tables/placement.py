"""Under which epochs cameras were recorded, and by which media node."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from stream_gateway.tables.metadata import instant, metadata

placement_epochs = Table(
    "placement_epochs",
    metadata,
    Column("camera_id", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("began_at", instant, nullable=False),
    Column("ended_at", instant),
    PrimaryKeyConstraint("camera_id", "epoch", name="pk_placement_epochs"),
    Index("ix_placement_epochs_ended_at", "ended_at"),
)
"""``ended_at``: when the next epoch began, or the camera was released; None while it lasts."""
