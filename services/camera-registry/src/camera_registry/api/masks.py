"""Masks: draw, sign, look at again, void; and what the media plane must burn in."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from camera_registry.api.access import SCOPE_SOURCE, Readable
from camera_registry.api.cameras import PRINTABLE, CameraId, Vault
from camera_registry.domain.head_optics import HeadOpticsInvalid
from camera_registry.domain.masks import MaskInvalid, standing
from camera_registry.ports import StillTaker, StillUnavailable
from camera_registry.repository import masks as repository
from camera_registry.repository.cameras import one_camera
from camera_registry.schemas.masks import (
    CameraMasks,
    DeclarationIn,
    HeadIn,
    MaskSetIn,
    MaskSetList,
    MaskSetOut,
    ReasonIn,
    ReviewList,
    ReviewOut,
    StillIn,
    StillOut,
    UnsignedCameraList,
    UnsignedCameraOut,
)
from camera_registry.use_cases import masks as use_cases
from camera_registry.use_cases.cameras import CameraUnknown
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound
from common.web import Caller, Now, Station, Tx, service_scope
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()
MaskSetId = Annotated[str, Path(pattern=PRINTABLE, max_length=100)]
_REVIEW_SOON_DAYS = 15


@dataclass(frozen=True, slots=True)
class Masker:
    """Who works on masks, and the transaction it is written in; ``at`` is the instant of the request."""

    connection: AsyncConnection
    caller: Principal
    guard: Guard
    station: str
    at: datetime

    async def on(self, camera_id: str, why: str, *, action: Action = Action.MASK, ticket_id: str | None = None) -> str:
        """Let pass who may work on this camera's masks, leaving a register row; returns the person's id."""
        grant = await self.guard.check(
            self.connection,
            principal=self.caller,
            action=action,
            camera_id=camera_id,
            at=self.at,
            station=self.station,
            context=Context(ticket_id=ticket_id),
            motive=Motive("masques", why),
        )
        return grant.agent.agent_id

    async def on_all(self, camera_ids: Sequence[str], why: str) -> str:
        """Same for several cameras: one that is refused leaves its row alone, as if nothing else had been asked."""
        agent = self.guard.agent(self.caller)
        for camera_id in camera_ids:
            if not self.guard.decide(agent, Action.MASK, camera_id, Context(), self.at)[1].allowed:
                return await self.on(camera_id, why)
        for camera_id in camera_ids:
            await self.on(camera_id, why)
        return agent.agent_id

    async def on_set(self, mask_set_id: str, why: str) -> str:
        """Same, by the set; an unknown one is a 404 like one of another commune."""
        found = await repository.commune_of_set(self.connection, mask_set_id)
        if found is None:
            raise NotFound("Le jeu de masques", mask_set_id)
        return await self.on(found[0], why)


def masker(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> Masker:
    """Return who works on masks."""
    return Masker(tx, caller, guard, station, clock.now())


TheMasker = Annotated[Masker, Depends(masker, scope="function")]


def still_taker(connection: HTTPConnection) -> StillTaker:
    """Return the application's taker of stills (``app.state.stills``)."""
    stills: StillTaker = connection.app.state.stills
    return stills


Stills = Annotated[StillTaker, Depends(still_taker)]


@contextmanager
def _told() -> Generator[None]:
    """Turn what the domain refuses into problems."""
    try:
        yield
    except (MaskInvalid, HeadOpticsInvalid) as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except CameraUnknown as error:
        raise NotFound("La caméra", error.camera_id) from error
    except StillUnavailable as error:
        raise Conflict(str(error)) from error
    except use_cases.MaskSetUnknown as error:
        raise NotFound("Le jeu de masques", error.mask_set_id) from error


@router.get("/cameras/{camera_id}/masks")
async def read_masks(camera_id: CameraId, who: TheMasker) -> CameraMasks:
    """Return every set of a camera, past ones too; the reading leaves a row, since masks tell what is private."""
    await who.on(camera_id, "lecture des masques")
    sets = await repository.sets_of(who.connection, camera_id)
    return CameraMasks.of(standing(sets), sets, who.at)


@router.post("/cameras/{camera_id}/masks/stills", status_code=201)
async def post_still(
    camera_id: CameraId, request: Request, caller: Caller, station: Station, stills: Stills, body: StillIn | None = None
) -> StillOut:
    """Take a dated picture to draw on, from the camera's own stream, while its masks keep it dark.

    It is an image: arrêté in force, agrément, and for a technicien the ticket. The register row is committed before
    the camera is asked; no transaction waits for a camera.
    """
    state = request.app.state
    async with state.database.transaction() as conn:
        who = Masker(conn, caller, state.guard, station, state.clock.now())
        ticket_id = body.ticket_id if body else None
        await who.on(camera_id, "image pour dessiner des masques", action=Action.MASK_STILL, ticket_id=ticket_id)
        camera = await one_camera(conn, state.vault, camera_id)
    url = camera.endpoints.main_url if camera else None
    if camera is None or url is None:
        raise Conflict("Cette caméra n'a pas de flux : renseignez d'abord son adresse.")
    with _told():
        picture = await stills.take(url, camera.credentials)
    async with state.database.transaction() as conn:
        still = await use_cases.keep_still(
            conn, still_id=str(new_id()), camera_id=camera_id, picture=picture, at=state.clock.now()
        )
    return StillOut.of(still)


@router.get("/masks/stills/{still_id}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def read_still(
    still_id: MaskSetId,
    who: TheMasker,
    ticket_id: Annotated[str | None, Query(max_length=100, pattern=PRINTABLE)] = None,
) -> Response:
    """Return a still's picture: as it was taken while masks are drawn, painted over once they are signed."""
    still = await repository.one_still(who.connection, still_id)
    if still is None:
        raise NotFound("L'image", still_id)
    why = f"lecture de l'image du {still.taken_at:%d/%m/%Y}"
    await who.on(still.camera_id, why, action=Action.MASK_STILL, ticket_id=ticket_id)
    picture = await repository.picture_of(who.connection, still_id)
    if picture is None:
        raise NotFound("L'image", still_id)
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post("/cameras/{camera_id}/masks", status_code=201)
async def post_masks(camera_id: CameraId, who: TheMasker, body: MaskSetIn) -> MaskSetOut:
    """Keep a draft of masks for a camera or one of its presets."""
    by = await who.on(camera_id, "dessin de masques")
    with _told():
        drawn = await use_cases.draw_masks(
            who.connection,
            mask_set_id=str(new_id()),
            camera_id=camera_id,
            preset=body.preset,
            polygons=[area.to_domain() for area in body.polygons],
            declaration=body.declaration,
            still_id=body.still_id,
            by=by,
            at=who.at,
        )
    return MaskSetOut.of(drawn, who.at)


@router.post("/masks/declarations", status_code=201)
async def post_declaration(who: TheMasker, vault: Vault, body: DeclarationIn) -> MaskSetList:
    """Sign for several cameras at once that no private area is in view: one register row for each camera."""
    camera_ids = list(dict.fromkeys(body.camera_ids))
    by = await who.on_all(camera_ids, f"déclaration sans masque : {body.declaration}")
    with _told():
        signed = await use_cases.declare_without_masks(
            who.connection,
            vault=vault,
            mask_set_ids=[str(new_id()) for _ in camera_ids],
            camera_ids=camera_ids,
            declaration=body.declaration,
            by=by,
            at=who.at,
        )
    return MaskSetList(items=[MaskSetOut.of(one, who.at) for one in signed])


@router.post("/masks/{mask_set_id}/signature")
async def post_signature(mask_set_id: MaskSetId, who: TheMasker, vault: Vault, stills: Stills) -> MaskSetOut:
    """Sign a draft; it replaces the signed set of the same view."""
    by = await who.on_set(mask_set_id, "signature de masques")
    with _told():
        signed = await use_cases.sign_masks(
            who.connection, vault=vault, stills=stills, mask_set_id=mask_set_id, by=by, at=who.at
        )
    return MaskSetOut.of(signed, who.at)


@router.post("/masks/{mask_set_id}/reviews")
async def post_review(mask_set_id: MaskSetId, who: TheMasker, vault: Vault) -> MaskSetOut:
    """Find a signed set right for 90 more days."""
    await who.on_set(mask_set_id, "réexamen de masques")
    with _told():
        reviewed = await use_cases.review_masks(who.connection, vault=vault, mask_set_id=mask_set_id, at=who.at)
    return MaskSetOut.of(reviewed, who.at)


@router.post("/cameras/{camera_id}/masks/voidings")
async def post_voiding(camera_id: CameraId, who: TheMasker, vault: Vault, body: ReasonIn) -> CameraMasks:
    """Void every set of a camera: it may not be watched until masks are signed again."""
    await who.on(camera_id, f"annulation de masques : {body.reason}")
    with _told():
        await use_cases.void_masks(who.connection, vault=vault, camera_id=camera_id, reason=body.reason, at=who.at)
    sets = await repository.sets_of(who.connection, camera_id)
    return CameraMasks.of(standing(sets), sets, who.at)


@router.put("/cameras/{camera_id}/masks/head", status_code=204)
async def put_head(camera_id: CameraId, who: TheMasker, vault: Vault, body: HeadIn) -> Response:
    """Keep how a turning camera's picture lies in the world: its masks then follow it wherever it looks."""
    await who.on(camera_id, "mesures de la tête pour les masques")
    with _told():
        await use_cases.measure_head(who.connection, vault=vault, camera_id=camera_id, head=body.to_domain(), at=who.at)
    return Response(status_code=204)


@router.get("/masks/reviews")
async def list_reviews(
    tx: Tx, clock: Now, readable: Readable, within_days: Annotated[int, Query(ge=0, le=90)] = _REVIEW_SOON_DAYS
) -> ReviewList:
    """Return which signed sets somebody must look at again within so many days, the most urgent first.

    Only that: what a set hides is read camera by camera, with a register row.
    """
    due = await repository.sets_to_review(tx, readable, clock.now() + timedelta(days=within_days))
    return ReviewList(items=[ReviewOut.model_validate(one) for one in due])


@router.get("/masks/unsigned")
async def list_unsigned(
    tx: Tx,
    readable: Readable,
    cursor: Annotated[str, Query(max_length=100, pattern=PRINTABLE)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> UnsignedCameraList:
    """Return the running cameras that nobody may watch because their masks are not signed or not applied."""
    found = await repository.cameras_without_masks(tx, readable, after=cursor, limit=limit)
    items = [UnsignedCameraOut.model_validate(one) for one in found]
    return UnsignedCameraList(items=items, next_cursor=items[-1].camera_id if len(items) == limit else None)


@router.get("/internal/cameras/{camera_id}/masks", dependencies=[Depends(service_scope(SCOPE_SOURCE))])
async def read_masks_to_burn(camera_id: CameraId, tx: Tx, clock: Now) -> MaskSetList:
    """Return a camera's signed sets to the media plane."""
    living = (await repository.living_sets(tx, [camera_id]))[camera_id]
    at = clock.now()
    return MaskSetList(items=[MaskSetOut.of(one, at) for one in living if one.signed_at is not None])
