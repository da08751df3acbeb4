"""Authorisations: record, read, end."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, Readable, require_scope
from camera_registry.api.cameras import PRINTABLE, Vault
from camera_registry.domain.authorisation import Authorisation, AuthorisationInvalid
from camera_registry.domain.position import AreaInvalid
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.schemas.authorisations import (
    AuthorisationIn,
    AuthorisationList,
    AuthorisationOut,
    AuthorisationPatch,
)
from camera_registry.use_cases.authorisations import (
    AuthorisationAlreadyRecorded,
    AuthorisationUnknown,
    CommunesUnknown,
    end_authorisation,
    record_authorisation,
)
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()


@router.get("/authorisations")
async def list_authorisations(tx: Tx, clock: Now, readable: Readable) -> AuthorisationList:
    """Return the authorisations over the caller's communes, the soonest to end first."""
    at = clock.now()
    found = await all_authorisations(tx, readable)
    return AuthorisationList(items=[AuthorisationOut.of(one, at) for one in found.values()])


@router.post("/authorisations", status_code=201)
async def post_authorisation(
    tx: Tx,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    vault: Vault,
    body: AuthorisationIn,
) -> AuthorisationOut:
    """Record an arrêté; its cameras come under it at once."""
    at = clock.now()
    authorisation = _parsed(body)
    await _managing(guard, tx, caller, authorisation.communes, at, station, f"arrêté {body.arrete_number}")
    try:
        await record_authorisation(conn=tx, vault=vault, authorisation=authorisation, at=at)
    except AuthorisationAlreadyRecorded as error:
        raise Conflict("Cette autorisation est déjà enregistrée : modifiez-la.") from error
    except CommunesUnknown as error:
        names = ", ".join(error.insee_codes)
        raise Invalid(f"Communes inconnues ici : {names}.", [{"field": "communes", "message": names}]) from error
    return AuthorisationOut.of(authorisation, at)


@router.patch("/authorisations/{authorisation_id}")
async def patch_authorisation(
    authorisation_id: Annotated[str, Path(pattern=PRINTABLE, max_length=100)],
    tx: Tx,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    vault: Vault,
    body: AuthorisationPatch,
) -> AuthorisationOut:
    """Move the end of an arrêté; every service learns it with the cameras' next state."""
    at = clock.now()
    known = (await all_authorisations(tx)).get(authorisation_id)
    communes = known.communes if known else ()
    await _managing(guard, tx, caller, communes, at, station, f"fin de validité {body.valid_until:%Y-%m-%d}")
    try:
        changed = await end_authorisation(
            conn=tx, vault=vault, authorisation_id=authorisation_id, valid_until=body.valid_until, at=at
        )
    except AuthorisationUnknown as error:
        raise NotFound("L'autorisation", authorisation_id) from error
    except AuthorisationInvalid as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    return AuthorisationOut.of(changed, at)


def _parsed(body: AuthorisationIn) -> Authorisation:
    try:
        return body.to_domain(str(new_id()))
    except AuthorisationInvalid as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except AreaInvalid as error:
        raise Invalid(f"Périmètre : {error}.", [{"field": "perimeter", "message": str(error)}]) from error


async def _managing(
    guard: Guard,
    tx: AsyncConnection,
    caller: Principal,
    communes: Iterable[str],
    at: datetime,
    station: str,
    why: str,
) -> None:
    """Let pass who may manage the arrêtés of these communes: one register row for each commune."""
    if caller.kind == "service":
        require_scope(caller, SCOPE_WRITE)
        return
    for insee in communes or (None,):
        await guard.check(
            tx,
            principal=caller,
            action=Action.MANAGE_AUTHORISATIONS,
            at=at,
            station=station,
            context=Context(insee=insee),
            motive=Motive("autorisation", why),
            subject="Cette autorisation",
        )
