"""*Boutons d'alerte*: registering them is configuration; a press comes without a session and proves itself."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, Desk, Readable, TheDesk
from camera_registry.api.cameras import Vault
from camera_registry.api.geography import Usual
from camera_registry.button_proof import ProofRefused, check_proof, new_secret, stored
from camera_registry.domain.button import Button, ButtonInvalid
from camera_registry.domain.position import Position
from camera_registry.repository.buttons import buttons_of, one_button
from camera_registry.schemas.alarms import ButtonIn, ButtonList, ButtonOut, ButtonWithSecret, PressOut
from camera_registry.use_cases.buttons import (
    ButtonIdTaken,
    ButtonPlaceWrong,
    register_button,
    renew_button_secret,
    retire,
    take_button_message,
)
from common.database import Database
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound, Problem
from common.web import Now, Tx
from policy import Action

router = APIRouter()
_MOTIVE = "bouton_alerte"
MAX_MESSAGE_BYTES = 4096
MESSAGE_WITHIN_SECONDS = 5.0
_LONGEST_MESSAGE_ID = 200
ButtonId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


@router.get("/alarms/buttons")
async def list_buttons(tx: Tx, readable: Readable) -> ButtonList:
    """Return the buttons of the caller's communes, retired ones too."""
    return ButtonList(items=[ButtonOut.of(button) for button in await buttons_of(tx, readable)])


@router.post("/alarms/buttons", status_code=201)
async def post_button(body: ButtonIn, desk: TheDesk, vault: Vault) -> ButtonWithSecret:
    """Register a button; this answer alone shows its secret."""
    why = f"bouton d'alerte {body.button_id}"
    await desk.configure(body.insee, why, subject="Cette commune", code=_MOTIVE)
    try:
        button = Button(
            button_id=body.button_id,
            label=body.label.strip(),
            address=body.address.strip(),
            insee=body.insee,
            position=Position(body.lon, body.lat),
            proof=body.proof,
            registered_at=desk.at,
            registered_by=desk.caller.subject,
        )
        secret = new_secret()
        await register_button(
            conn=desk.connection,
            button=button,
            secret=lambda: stored(secret, button.proof, button.button_id, vault),
        )
    except ButtonInvalid as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except ButtonPlaceWrong as error:
        raise Invalid(str(error), [{"field": "insee", "message": str(error)}]) from error
    except ButtonIdTaken as error:
        raise Conflict("Un bouton porte déjà cet identifiant : choisissez-en un autre.") from error
    return ButtonWithSecret.showing(button, secret)


@router.post("/alarms/buttons/{button_id}/secret")
async def renew_secret(button_id: ButtonId, desk: TheDesk, vault: Vault) -> ButtonWithSecret:
    """Give a button another secret, shown this once; the old one is worth nothing from now on."""
    button = await _own_button(desk, button_id, "nouveau secret")
    secret = new_secret()
    await renew_button_secret(
        conn=desk.connection,
        button_id=button_id,
        secret=lambda: stored(secret, button.proof, button.button_id, vault),
    )
    return ButtonWithSecret.showing(button, secret)


@router.delete("/alarms/buttons/{button_id}", status_code=204)
async def delete_button(button_id: ButtonId, desk: TheDesk) -> None:
    """Retire a button: its presses are refused, its alarms stay."""
    await _own_button(desk, button_id, "retrait")
    await retire(conn=desk.connection, button_id=button_id, at=desk.at)


@router.post("/alarms/buttons/{button_id}", status_code=202)
async def press_button(button_id: ButtonId, request: Request, clock: Now, vault: Vault, usual: Usual) -> PressOut:
    """Take in a press: signed as Standard Webhooks, or with the button's secret as bearer token.

    ``webhook-id`` makes it idempotent. Whatever is wrong with the proof, the answer is the same. Whoever sends it is
    nobody yet: no connection to the database is held while the message comes in.
    """
    body = await _bounded(request)
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        return await _pressed(tx, request, body, button_id, clock, vault, usual)


async def _pressed(
    tx: AsyncConnection, request: Request, body: bytes, button_id: str, clock: Now, vault: Vault, usual: Usual
) -> PressOut:
    found = await one_button(tx, button_id)
    if found is None or found[0].retired_at is not None:
        raise _unproved()
    button, kept = found
    try:
        check_proof(button, kept, vault, headers=request.headers, body=body)
    except ProofRefused:
        raise _unproved() from None
    message_id = request.headers.get("webhook-id", "")[:_LONGEST_MESSAGE_ID] or str(new_id())
    alarm_id, new = await take_button_message(
        conn=tx, button=button, message_id=message_id, usual=usual, at=clock.now(), alarm_id=new_id()
    )
    return PressOut(alarm_id=alarm_id, new=new)


def _unproved() -> Problem:
    detail = "Ce message ne prouve pas qu'il vient d'un bouton enregistré."
    return Problem(401, "preuve-refusee", "Message refusé", detail)


async def _bounded(request: Request) -> bytes:
    """Return the message; raises a Problem when it is longer than a press, or slower."""
    body = bytearray()
    try:
        async with asyncio.timeout(MESSAGE_WITHIN_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_MESSAGE_BYTES:
                    raise Problem(413, "message-trop-long", "Message trop long", "Un appui tient en 4 Kio.")
    except TimeoutError:
        detail = f"Un appui arrive en {MESSAGE_WITHIN_SECONDS:g} s : envoyez-le de nouveau."
        raise Problem(408, "message-trop-lent", "Message trop lent", detail) from None
    return bytes(body)


async def _own_button(desk: Desk, button_id: str, why: str) -> Button:
    """Return a button that the caller may configure; one of another commune does not exist for him."""
    found = await one_button(desk.connection, button_id)
    if found is None:
        await desk.reads((Action.CONFIGURE,), SCOPE_WRITE)
        raise NotFound("Le bouton", button_id)
    about = f"bouton d'alerte {button_id} : {why}"
    await desk.configure(found[0].insee, about, subject=f"Le bouton « {button_id} »", code=_MOTIVE)
    return found[0]
