"""Renewal files."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.renewal import Piece, Renewal, RenewalState, Step
from camera_registry.tables import renewals


async def renewals_of(conn: AsyncConnection, authorisation_ids: Iterable[str]) -> dict[str, Renewal]:
    """Return the renewal files of these arrêtés by authorisation id."""
    query = select(renewals).where(renewals.c.authorisation_id.in_(list(authorisation_ids)))
    return {row.authorisation_id: _renewal(row) for row in (await conn.execute(query)).all()}


async def locked_renewal(conn: AsyncConnection, authorisation_id: str) -> Renewal | None:
    """Return the renewal file of an arrêté, locked until the transaction ends."""
    query = select(renewals).where(renewals.c.authorisation_id == authorisation_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return _renewal(row) if row else None


async def save_renewal(conn: AsyncConnection, one: Renewal) -> None:
    """Insert or replace a renewal file."""
    values = {
        "authorisation_id": one.authorisation_id,
        "state": one.state.value,
        "pieces": [asdict(piece) for piece in one.pieces],
        "steps": [_step_row(step) for step in one.steps],
        "receipt": one.receipt,
        "successor_id": one.successor_id,
        "revision": one.revision,
    }
    statement = insert(renewals).values(values)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["authorisation_id"],
            set_={name: statement.excluded[name] for name in values if name != "authorisation_id"},
        )
    )


def _step_row(step: Step) -> dict[str, str]:
    return {
        "state": step.state.value,
        "on": step.on.isoformat(),
        "at": step.at.isoformat(),
        "by": step.by,
        "note": step.note,
    }


def _renewal(row: Row[Any]) -> Renewal:
    return Renewal(
        authorisation_id=row.authorisation_id,
        state=RenewalState(row.state),
        pieces=tuple(Piece(**piece) for piece in row.pieces),
        steps=tuple(
            Step(
                RenewalState(step["state"]),
                date.fromisoformat(step["on"]),
                datetime.fromisoformat(step["at"]),
                step["by"],
                step["note"],
            )
            for step in row.steps
        ),
        receipt=row.receipt,
        successor_id=row.successor_id,
        revision=row.revision,
    )
