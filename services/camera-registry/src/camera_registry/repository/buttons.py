"""*Boutons d'alerte* and the messages they have sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.button import Button, ButtonProof
from camera_registry.domain.position import Position
from camera_registry.tables import alarm_buttons, button_messages

_sealing_key = func.substring(alarm_buttons.c.sealed_secret, 1, 5)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """What is kept of a button's secret: its SHA-256, and the secret itself, sealed, where a signature is checked."""

    sha256: bytes
    sealed: bytes | None


async def save_button(conn: AsyncConnection, button: Button, secret: StoredSecret) -> bool:
    """Insert a button; False when its id is taken."""
    values = {
        "button_id": button.button_id,
        "label": button.label,
        "address": button.address,
        "insee": button.insee,
        "lon": button.position.lon,
        "lat": button.position.lat,
        "proof": button.proof.value,
        "secret_sha256": secret.sha256,
        "sealed_secret": secret.sealed,
        "registered_at": button.registered_at,
        "registered_by": button.registered_by,
    }
    statement = insert(alarm_buttons).values(values).on_conflict_do_nothing()
    return (await conn.execute(statement)).rowcount == 1


async def replace_secret(conn: AsyncConnection, button_id: str, secret: StoredSecret) -> None:
    """Give a button another secret; the old one is worth nothing from now on."""
    statement = update(alarm_buttons).where(alarm_buttons.c.button_id == button_id)
    await conn.execute(statement.values(secret_sha256=secret.sha256, sealed_secret=secret.sealed))


async def retire_button(conn: AsyncConnection, button_id: str, at: datetime) -> None:
    """Refuse a button's presses from now on; its alarms stay."""
    statement = update(alarm_buttons).where(
        alarm_buttons.c.button_id == button_id, alarm_buttons.c.retired_at.is_(None)
    )
    await conn.execute(statement.values(retired_at=at))


async def one_button(conn: AsyncConnection, button_id: str) -> tuple[Button, StoredSecret] | None:
    """Return a button with what is kept of its secret, retired ones too."""
    query = select(alarm_buttons).where(alarm_buttons.c.button_id == button_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return (_button(row), StoredSecret(row["secret_sha256"], row["sealed_secret"])) if row else None


async def buttons_of(conn: AsyncConnection, insee_codes: Iterable[str]) -> list[Button]:
    """Return the buttons of some communes, in the order of their labels."""
    query = select(alarm_buttons).where(alarm_buttons.c.insee.in_(sorted(insee_codes)))
    rows = (await conn.execute(query.order_by(alarm_buttons.c.label, alarm_buttons.c.button_id))).mappings()
    return [_button(row) for row in rows]


async def alarm_of_message(conn: AsyncConnection, button_id: str, message_id: str) -> UUID | None:
    """Return the alarm that a message has raised before, None for a new message."""
    query = select(button_messages.c.alarm_id).where(
        button_messages.c.button_id == button_id, button_messages.c.message_id == message_id
    )
    return (await conn.execute(query)).scalar_one_or_none()


async def remember_message(
    conn: AsyncConnection, button_id: str, message_id: str, *, alarm_id: UUID, at: datetime, forget_before: datetime
) -> None:
    """Keep that a message was acted upon; forget those that are too old to be accepted again anyway."""
    row = {"button_id": button_id, "message_id": message_id, "alarm_id": alarm_id, "at": at}
    await conn.execute(insert(button_messages).values(row).on_conflict_do_nothing())
    await conn.execute(delete(button_messages).where(button_messages.c.at < forget_before))


async def buttons_sealed_otherwise(conn: AsyncConnection, mark: bytes) -> dict[str, bytes]:
    """Return the sealed secrets, by button, that begin otherwise than ``mark``."""
    query = select(alarm_buttons.c.button_id, alarm_buttons.c.sealed_secret).where(
        alarm_buttons.c.sealed_secret.is_not(None), _sealing_key != mark
    )
    return {row.button_id: row.sealed_secret for row in await conn.execute(query)}


async def put_button_seals(conn: AsyncConnection, values: Mapping[str, bytes]) -> None:
    """Replace sealed secrets by button: the same secrets under another key."""
    if not values:
        return
    statement = update(alarm_buttons).where(alarm_buttons.c.button_id == bindparam("of_button"))
    rows: list[dict[str, Any]] = [{"of_button": button, "sealed": sealed} for button, sealed in values.items()]
    await conn.execute(statement.values(sealed_secret=bindparam("sealed")), rows)


def _button(row: RowMapping) -> Button:
    return Button(
        button_id=row["button_id"],
        label=row["label"],
        address=row["address"],
        insee=row["insee"],
        position=Position(row["lon"], row["lat"]),
        proof=ButtonProof(row["proof"]),
        registered_at=row["registered_at"],
        registered_by=row["registered_by"],
        retired_at=row["retired_at"],
    )
