"""Sites (*points d'implantation*): list, read, register, change, take away."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from camera_registry.api.access import Desk, Readable, TheDesk
from camera_registry.api.cameras import PRINTABLE, Limit
from camera_registry.api.fleet import IfMatch, read_revision, told
from camera_registry.api.paging import after_cursor, cursor_of
from camera_registry.repository.sites import cameras_at, one_site, sites_in
from camera_registry.schemas.sites import SiteIn, SiteList, SiteOut, SitePatch
from camera_registry.use_cases.sites import edit_site, register_site, remove_site
from common.problems import NotFound
from common.web import Tx
from contracts.envelope import Insee
from policy import Action

router = APIRouter()
SiteId = Annotated[str, Path(pattern=PRINTABLE, max_length=100)]


@router.get("/sites")
async def list_sites(
    tx: Tx,
    readable: Readable,
    insee: Insee | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 500,
) -> SiteList:
    """Return the sites of the caller's communes, by page, with how many cameras stand at each."""
    wanted = readable & {insee} if insee is not None else readable
    found = await sites_in(tx, wanted, after=after_cursor(cursor), limit=limit + 1)
    more = len(found) > limit
    return SiteList.of(found[:limit], cursor_of(found[limit - 1].site.site_id) if more else None)


@router.get("/sites/{site_id}")
async def read_site(site_id: SiteId, who: TheDesk, readable: Readable) -> SiteOut:
    """Return one site; one of another commune does not exist for the caller, and his asking is written down."""
    site = await one_site(who.connection, site_id)
    if site is None or site.insee not in readable:
        actions = (Action.VIEW_CAMERA,)
        raise await who.hidden(actions, "Le point d'implantation", site_id, site.insee if site else None)
    return SiteOut.of(site, await cameras_at(who.connection, site_id))


@router.post("/sites", status_code=201)
async def post_site(who: TheDesk, body: SiteIn) -> SiteOut:
    """Register a site; the same one again is answered as it stands."""
    await who.configure(body.insee, f"enregistrement du point d'implantation {body.site_id}", subject="Cette commune")
    with told():
        site = await register_site(conn=who.connection, site=body.to_domain())
    return SiteOut.of(site, await cameras_at(who.connection, site.site_id))


@router.patch("/sites/{site_id}")
async def patch_site(site_id: SiteId, who: TheDesk, body: SitePatch, if_match: IfMatch = None) -> SiteOut:
    """Change a site read at a revision; its cameras stay where they are."""
    await _allowed(who, site_id, "modification")
    revision = read_revision(body.revision, if_match)
    with told():
        site = await edit_site(conn=who.connection, site_id=site_id, change=body.applied, revision=revision)
    return SiteOut.of(site, await cameras_at(who.connection, site_id))


@router.delete("/sites/{site_id}", status_code=204)
async def delete_site(site_id: SiteId, who: TheDesk) -> Response:
    """Take away a site where no camera stands."""
    await _allowed(who, site_id, "suppression")
    with told():
        await remove_site(conn=who.connection, site_id=site_id)
    return Response(status_code=204)


async def _allowed(who: Desk, site_id: str, what: str) -> None:
    site = await one_site(who.connection, site_id)
    if site is None:
        raise NotFound("Le point d'implantation", site_id)
    about = f"{what} du point d'implantation {site_id}"
    await who.configure(site.insee, about, subject=f"Le point d'implantation « {site_id} »")
