"""Identifiers: UUID version 7 (RFC 9562 §5.7), so that ids sort by the time they were made."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, 74 random bits."""
    millis = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (millis & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= (random >> 62 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)
