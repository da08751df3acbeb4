"""Bookmarks (signets): one key names the instant that is on screen, live or replayed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from common.ids import new_id
from common.problems import Forbidden, Invalid
from common.web import Caller, Now, Station, Tx
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.domain.bookmarks import BookmarkRefused, NotTheAuthor
from stream_gateway.schemas.bookmarks import BookmarkChange, BookmarkIn, BookmarkList, BookmarkOut
from stream_gateway.schemas.texts import CameraId, ContextId
from stream_gateway.use_cases import bookmarks as bookmark_cases
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream/bookmarks", tags=["signets"])

_AUTHOR_ONLY = "Seul l'auteur d'un signet le modifie ou le retire, dans les douze heures : posez un nouveau signet."


@router.post("", status_code=201)
async def add_bookmark(
    body: BookmarkIn, tx: Tx, caller: Caller, guard: TheGuard, station: Station, clock: Now
) -> BookmarkOut:
    """Name an instant of a camera one may watch or replay now. The footage lives no longer for it."""
    asked = Asked(caller, station, clock.now(), Motive("signet", body.label), Context(incident_id=body.incident_id))
    try:
        bookmark = await bookmark_cases.add_bookmark(
            tx,
            guard=guard,
            asked=asked,
            bookmark_id=new_id(),
            camera_id=body.camera_id,
            at=body.at,
            label=body.label,
            color=body.color,
        )
    except BookmarkRefused as error:
        raise Invalid(str(error)) from error
    return BookmarkOut.of(bookmark)


@router.get("")
async def list_bookmarks(
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    camera_id: CameraId | None = None,
    incident_id: ContextId | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
) -> BookmarkList:
    """Return bookmarks of a camera, an incident or a window (500 at most), of the agent's communes."""
    asked = Asked(caller, station, clock.now(), Motive("signet"), Context(incident_id=incident_id))
    found = await bookmark_cases.list_bookmarks(
        tx, guard=guard, asked=asked, camera_id=camera_id, since=since, until=until
    )
    return BookmarkList(items=[BookmarkOut.of(one) for one in found])


@router.patch("/{bookmark_id}")
async def rename_bookmark(
    bookmark_id: UUID,
    body: BookmarkChange,
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
) -> BookmarkOut:
    """Give one's own bookmark another name, within twelve hours."""
    asked = Asked(caller, station, clock.now(), Motive("signet"), Context())
    try:
        renamed = await bookmark_cases.rename_bookmark(
            tx, guard=guard, asked=asked, bookmark_id=bookmark_id, label=body.label, color=body.color
        )
    except NotTheAuthor as error:
        raise Forbidden(_AUTHOR_ONLY, rule="auteur_du_signet") from error
    return BookmarkOut.of(renamed)


@router.delete("/{bookmark_id}", status_code=204)
async def remove_bookmark(
    bookmark_id: UUID, tx: Tx, caller: Caller, guard: TheGuard, station: Station, clock: Now
) -> Response:
    """Take one's own bookmark away, within twelve hours."""
    asked = Asked(caller, station, clock.now(), Motive("signet"), Context())
    try:
        await bookmark_cases.remove_bookmark(tx, guard=guard, asked=asked, bookmark_id=bookmark_id)
    except NotTheAuthor as error:
        raise Forbidden(_AUTHOR_ONLY, rule="auteur_du_signet") from error
    return Response(status_code=204)
