"""Column mappings that people confirmed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.tables import import_mappings


async def remembered_mapping(conn: AsyncConnection, fingerprint: str) -> dict[str, list[str]] | None:
    """Return the mapping confirmed last for files with this header, None when nobody has."""
    query = select(import_mappings.c.mapping).where(import_mappings.c.fingerprint == fingerprint)
    return (await conn.execute(query)).scalar_one_or_none()


async def remember_mapping(
    conn: AsyncConnection, fingerprint: str, mapping: Mapping[str, Sequence[str]], *, by: str, at: datetime
) -> None:
    """Keep a confirmed mapping for the next file with this header."""
    statement = insert(import_mappings).values(
        fingerprint=fingerprint,
        mapping={field: list(columns) for field, columns in mapping.items()},
        confirmed_by=by,
        confirmed_at=at,
    )
    names = ("mapping", "confirmed_by", "confirmed_at")
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["fingerprint"], set_={name: statement.excluded[name] for name in names}
        )
    )
