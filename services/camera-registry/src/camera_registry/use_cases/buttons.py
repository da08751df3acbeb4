"""*Boutons d'alerte*: register, renew the secret, retire; and what a press does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.alarm import Origin
from camera_registry.domain.button import Button
from camera_registry.domain.field_of_view import UsualOpticsByKind
from camera_registry.repository.buttons import (
    StoredSecret,
    alarm_of_message,
    remember_message,
    replace_secret,
    retire_button,
    save_button,
)
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.communes import all_communes
from camera_registry.use_cases.alarms import take_press
from camera_registry.use_cases.geography import nearest_usable
from contracts.registry import AlarmSource

CAMERAS_SHOWN = 4
"""Nearest cameras that an alarm names: what fits one tile of a console (DOMAIN §7: at most 4 are shared)."""

REMEMBER_MESSAGES = timedelta(days=2)
"""Far longer than the five minutes within which a signed message is accepted."""


class ButtonIdTaken(ValueError):
    """Another button has this id."""


class ButtonPlaceWrong(ValueError):
    """The commune is not of this town, or the place is not in it; French, says which."""


Sealing = Callable[[], StoredSecret]
"""Makes what is kept of a secret, with the key that seals now."""


async def register_button(*, conn: AsyncConnection, button: Button, secret: Sealing) -> None:
    """Register a button; raises ButtonIdTaken and ButtonPlaceWrong."""
    await lock_register(conn)  # a change of keys waits, and so does a secret: none is sealed by a key that goes
    commune = (await all_communes(conn, [button.insee])).get(button.insee)
    if commune is None:
        raise ButtonPlaceWrong(f"La commune {button.insee} n'est pas de ce centre.")
    if not commune.contour.contains(button.position):
        raise ButtonPlaceWrong(f"Cette position n'est pas à {commune.name} : vérifiez longitude et latitude.")
    if not await save_button(conn, button, secret()):
        raise ButtonIdTaken(button.button_id)


async def renew_button_secret(*, conn: AsyncConnection, button_id: str, secret: Sealing) -> None:
    """Give a button another secret; a change of keys under way can neither lose it nor bring the old one back."""
    await lock_register(conn)
    await replace_secret(conn, button_id, secret())


async def retire(*, conn: AsyncConnection, button_id: str, at: datetime) -> None:
    """Refuse a button's presses from now on."""
    await retire_button(conn, button_id, at)


async def take_button_message(
    *,
    conn: AsyncConnection,
    button: Button,
    message_id: str,
    usual: UsualOpticsByKind,
    at: datetime,
    alarm_id: UUID,
) -> tuple[UUID, bool]:
    """Take in a press whose proof was checked; return its alarm and whether this message began it.

    The same message again is the same press; presses within 60 s of each other are one alarm.
    """
    known = await alarm_of_message(conn, button.button_id, message_id)
    if known is not None:
        return known, False
    sighted = await nearest_usable(
        conn=conn, insee_codes=[button.insee], usual=usual, place=button.position, limit=CAMERAS_SHOWN, at=at
    )
    origin = Origin(
        source=AlarmSource.BOUTON,
        source_id=button.button_id,
        insee=button.insee,
        label=button.label,
        position=button.position,
        camera_ids=tuple(one.camera.camera_id for one in sighted),
    )
    alarm, new = await take_press(conn=conn, origin=origin, at=at, alarm_id=alarm_id, detail=button.address)
    await remember_message(
        conn,
        button.button_id,
        message_id,
        alarm_id=alarm.alarm_id,
        at=at,
        forget_before=at - REMEMBER_MESSAGES,
    )
    return alarm.alarm_id, new
