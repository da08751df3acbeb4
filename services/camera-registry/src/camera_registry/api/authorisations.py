"""Authorisations: record, read, change their terms."""

from fastapi import APIRouter

from camera_registry.api.access import Desk, TheDesk
from camera_registry.api.arretes import AuthorisationId, in_words, manage, manage_one, read, readable
from camera_registry.api.cameras import Vault
from camera_registry.domain.authorisation import Authorisation
from camera_registry.repository.authorisations import all_authorisations, covered_counts
from camera_registry.repository.renewals import renewals_of
from camera_registry.schemas.authorisations import (
    AuthorisationIn,
    AuthorisationList,
    AuthorisationOut,
    AuthorisationPatch,
)
from camera_registry.use_cases.authorisations import change_authorisation, record_authorisation
from common.ids import new_id
from common.problems import Invalid

router = APIRouter()


@router.get("/authorisations")
async def list_authorisations(desk: TheDesk) -> AuthorisationList:
    """Return the authorisations over the caller's communes, the soonest to end first."""
    found = await all_authorisations(desk.connection, await readable(desk))
    return AuthorisationList(items=await _shown(desk, list(found.values())))


@router.get("/authorisations/{authorisation_id}")
async def read_authorisation(authorisation_id: AuthorisationId, desk: TheDesk) -> AuthorisationOut:
    """Return one authorisation over the caller's communes."""
    return await _one_shown(desk, await read(desk, authorisation_id))


@router.post("/authorisations", status_code=201)
async def post_authorisation(desk: TheDesk, vault: Vault, body: AuthorisationIn) -> AuthorisationOut:
    """Record an arrêté; its cameras come under it at once."""
    with in_words():
        authorisation = body.to_domain(str(new_id()))
    await manage(desk, authorisation.communes, f"arrêté {body.arrete_number} enregistré")
    with in_words():
        await record_authorisation(conn=desk.connection, vault=vault, authorisation=authorisation, at=desk.at)
    return await _one_shown(desk, authorisation)


@router.patch("/authorisations/{authorisation_id}")
async def patch_authorisation(
    authorisation_id: AuthorisationId, desk: TheDesk, vault: Vault, body: AuthorisationPatch
) -> AuthorisationOut:
    """Change the terms of an arrêté; every service learns them with the cameras' next state."""
    with in_words():
        changes = body.changes()
    what = f"arrêté modifié : {', '.join(changes) or 'rien'}"
    if body.valid_until is not None:
        what = f"{what} (fin de validité {body.valid_until:%Y-%m-%d %H:%M} UTC)"
    await manage_one(desk, authorisation_id, what, also=body.communes or ())
    if body.revision is None and not body.only_ends:
        message = "Indiquez la révision que vous avez lue."
        raise Invalid(message, [{"field": "revision", "message": message}])
    with in_words():
        changed = await change_authorisation(
            conn=desk.connection,
            vault=vault,
            authorisation_id=authorisation_id,
            changes=changes,
            revision=body.revision,
            at=desk.at,
        )
    return await _one_shown(desk, changed)


async def _one_shown(desk: Desk, one: Authorisation) -> AuthorisationOut:
    return (await _shown(desk, [one]))[0]


async def _shown(desk: Desk, items: list[Authorisation]) -> list[AuthorisationOut]:
    """Return arrêtés with how many cameras they cover and where their renewal stands."""
    renewals = await renewals_of(desk.connection, [one.authorisation_id for one in items])
    named = any(renewal.successor_id for renewal in renewals.values())
    known = await all_authorisations(desk.connection) if named else {}
    covered = await covered_counts(desk.connection)
    shown: list[AuthorisationOut] = []
    for one in items:
        renewal = renewals.get(one.authorisation_id)
        successor = known.get(renewal.successor_id or "") if renewal else None
        count = covered.get(one.authorisation_id, 0)
        shown.append(AuthorisationOut.of(one, desk.at, covered=count, renewal=renewal, successor=successor))
    return shown
