"""*Boutons d'alerte*: registering them is configuration; a press comes without a session and proves itself."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, Readable, require_scope
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
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound, Problem
from common.web import Caller, Now, Station, Tx
from contracts.envelope import CENTRE
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()
MAX_MESSAGE_BYTES = 4096
_LONGEST_MESSAGE_ID = 200
ButtonId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


@router.get("/alarms/buttons")
async def list_buttons(tx: Tx, readable: Readable) -> ButtonList:
    """Return the buttons of the caller's communes, retired ones too."""
    return ButtonList(items=[ButtonOut.of(button) for button in await buttons_of(tx, readable)])


@router.post("/alarms/buttons", status_code=201)
async def post_button(
    body: ButtonIn, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, vault: Vault
) -> ButtonWithSecret:
    """Register a button; this answer alone shows its secret."""
    at = clock.now()
    await _configuring(tx, guard, caller, station, clock, body.insee, f"bouton d'alerte {body.button_id}")
    try:
        button = Button(
            button_id=body.button_id,
            label=body.label.strip(),
            address=body.address.strip(),
            insee=body.insee,
            position=Position(body.lon, body.lat),
            proof=body.proof,
            registered_at=at,
            registered_by=caller.subject,
        )
        secret = new_secret()
        kept = stored(secret, button.proof, button.button_id, vault)
        await register_button(conn=tx, button=button, secret=kept)
    except ButtonInvalid as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except ButtonPlaceWrong as error:
        raise Invalid(str(error), [{"field": "insee", "message": str(error)}]) from error
    except ButtonIdTaken as error:
        raise Conflict("Un bouton porte déjà cet identifiant : choisissez-en un autre.") from error
    return ButtonWithSecret.showing(button, secret)


@router.post("/alarms/buttons/{button_id}/secret")
async def renew_secret(
    button_id: ButtonId, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, vault: Vault
) -> ButtonWithSecret:
    """Give a button another secret, shown this once; the old one is worth nothing from now on."""
    button = await _own_button(tx, guard, caller, station, clock, button_id, "nouveau secret")
    secret = new_secret()
    kept = stored(secret, button.proof, button.button_id, vault)
    await renew_button_secret(conn=tx, button_id=button_id, secret=kept)
    return ButtonWithSecret.showing(button, secret)


@router.delete("/alarms/buttons/{button_id}", status_code=204)
async def delete_button(
    button_id: ButtonId, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station
) -> None:
    """Retire a button: its presses are refused, its alarms stay."""
    await _own_button(tx, guard, caller, station, clock, button_id, "retrait")
    await retire(conn=tx, button_id=button_id, at=clock.now())


@router.post("/alarms/buttons/{button_id}", status_code=202)
async def press_button(
    button_id: ButtonId, request: Request, tx: Tx, clock: Now, vault: Vault, usual: Usual
) -> PressOut:
    """Take in a press: signed as Standard Webhooks, or with the button's secret as bearer token.

    ``webhook-id`` makes it idempotent. Whatever is wrong with the proof, the answer is the same.
    """
    body = await _bounded(request)
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
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_MESSAGE_BYTES:
            raise Problem(413, "message-trop-long", "Message trop long", "Un appui tient en 4 Kio.")
    return bytes(body)


async def _own_button(
    tx: AsyncConnection, guard: Guard, caller: Principal, station: str, clock: Now, button_id: str, why: str
) -> Button:
    """Return a button that the caller may configure; one of another commune does not exist for him."""
    found = await one_button(tx, button_id)
    insee = found[0].insee if found else CENTRE
    await _configuring(tx, guard, caller, station, clock, insee, f"bouton d'alerte {button_id} : {why}")
    if found is None:
        raise NotFound("Le bouton", button_id)
    return found[0]


async def _configuring(
    tx: AsyncConnection, guard: Guard, caller: Principal, station: str, clock: Now, insee: str, why: str
) -> None:
    if caller.kind == "service":
        require_scope(caller, SCOPE_WRITE)
        return
    await guard.check(
        tx,
        principal=caller,
        action=Action.CONFIGURE,
        at=clock.now(),
        station=station,
        context=Context(insee=None if insee == CENTRE else insee),
        motive=Motive("bouton_alerte", why),
        subject="Le bouton",
    )
