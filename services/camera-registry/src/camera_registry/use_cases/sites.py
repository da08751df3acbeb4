"""Commands on sites: make one, change it, take an empty one away."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera_edit import BORDER_TOLERANCE_M
from camera_registry.domain.commune import Site
from camera_registry.repository.communes import all_communes
from camera_registry.repository.sites import cameras_at, delete_site, one_site, save_site


class SiteUnknown(LookupError):
    """No site has this id."""

    def __init__(self, site_id: str) -> None:
        super().__init__(f"site {site_id}")
        self.site_id = site_id


class SiteRefused(ValueError):
    """A site that cannot be kept so, or not now; the text is French and tells what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class SiteStale(ValueError):
    """The site changed since the person read it."""


class SiteInUse(ValueError):
    """Cameras stand there; ``cameras`` is how many."""

    def __init__(self, cameras: int) -> None:
        super().__init__(f"{cameras} cameras")
        self.cameras = cameras


class SiteAlreadyRegistered(ValueError):
    """A site with this id is registered with other content."""


async def register_site(*, conn: AsyncConnection, site: Site) -> Site:
    """Keep a new site; the same one again changes nothing. Raises SiteRefused, SiteAlreadyRegistered."""
    known = await one_site(conn, site.site_id)
    if known is not None:
        if replace(known, revision=site.revision) != site:
            raise SiteAlreadyRegistered(site.site_id)
        return known
    await _check(conn, site)
    await save_site(conn, site)
    return site


async def edit_site(*, conn: AsyncConnection, site_id: str, change: Callable[[Site], Site], revision: int) -> Site:
    """Change a site that a person read at ``revision``; its cameras stay where they are.

    Raises SiteUnknown, SiteStale, SiteRefused.
    """
    before = await _known(conn, site_id)
    if before.revision != revision:
        raise SiteStale(site_id)
    after = change(before)
    if after == before:
        return before
    await _check(conn, after)
    after = replace(after, revision=before.revision + 1)
    await save_site(conn, after)
    return after


async def remove_site(*, conn: AsyncConnection, site_id: str) -> None:
    """Take a site away. Raises SiteUnknown, SiteInUse."""
    await _known(conn, site_id)
    standing = await cameras_at(conn, site_id)
    if standing:
        raise SiteInUse(standing)
    await delete_site(conn, site_id)


async def _known(conn: AsyncConnection, site_id: str) -> Site:
    site = await one_site(conn, site_id)
    if site is None:
        raise SiteUnknown(site_id)
    return site


async def _check(conn: AsyncConnection, site: Site) -> None:
    if not site.label.strip():
        raise SiteRefused("label", "Donnez un nom au point d'implantation.")
    commune = (await all_communes(conn, [site.insee])).get(site.insee)
    if commune is None:
        raise SiteRefused("insee", "Cette commune n'est pas enregistrée ici.")
    if not commune.contour.within_reach(site.position, BORDER_TOLERANCE_M):
        raise SiteRefused("position", f"Ce point est hors de {commune.name} : corrigez sa position ou sa commune.")
