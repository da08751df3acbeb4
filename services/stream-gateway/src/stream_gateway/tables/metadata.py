"""The metadata that every table of the stream gateway hangs in, and the outbox."""

from sqlalchemy import DateTime

from common.database import new_metadata
from common.outbox import outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)

instant = DateTime(timezone=True)
"""Every time is an aware instant."""
