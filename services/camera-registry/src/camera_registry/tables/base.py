"""The metadata that every table of the registry hangs in, with the outbox and the inbox."""

from common.database import new_metadata
from common.inbox import inbox_table
from common.outbox import outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
