"""Requests and responses about sites (*points d'implantation*)."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from camera_registry.domain.commune import Link, Site, Support
from camera_registry.domain.position import Position
from camera_registry.repository.sites import SiteOverview
from camera_registry.schemas.texts import Key, Line, LongText, ShortText
from contracts.envelope import Insee

Longitude = Field(ge=-180, le=180)
Latitude = Field(ge=-90, le=90)


class SiteIn(BaseModel):
    """A site to register."""

    model_config = ConfigDict(extra="forbid")

    site_id: Key
    insee: Insee
    label: Line
    lon: float = Longitude
    lat: float = Latitude
    support: Support | None = None
    link: Link | None = None
    works: LongText = ""
    address: ShortText = ""

    def to_domain(self) -> Site:
        return Site(
            site_id=self.site_id,
            insee=self.insee,
            label=self.label,
            position=Position(self.lon, self.lat),
            support=self.support,
            link=self.link,
            works=self.works,
            address=self.address,
        )


class SitePatch(BaseModel):
    """What changes; absent fields stay. ``revision`` is the one that was read (or the header If-Match)."""

    model_config = ConfigDict(extra="forbid")

    revision: int | None = Field(default=None, ge=0, le=2**31 - 1)
    label: Line | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    support: Support | None = None
    link: Link | None = None
    works: LongText | None = None
    address: ShortText | None = None

    def applied(self, site: Site) -> Site:
        """Return the site with what was written; ``support`` and ``link`` null: nobody knows any more."""
        written = self.model_dump(exclude_unset=True, exclude={"revision", "lon", "lat"})
        for name in ("label", "works", "address"):
            if name in written and written[name] is None:
                del written[name]
        lon = self.lon if self.lon is not None else site.position.lon
        lat = self.lat if self.lat is not None else site.position.lat
        return replace(site, position=Position(lon, lat), **written)


class SiteOut(BaseModel):
    """A site; ``cameras`` counts those that stand there, None where it was not asked."""

    site_id: str
    insee: str
    label: str
    lon: float
    lat: float
    support: Support | None
    link: Link | None
    works: str
    address: str
    revision: int
    cameras: int | None = None

    @classmethod
    def of(cls, site: Site, cameras: int | None = None) -> "SiteOut":
        return cls(
            site_id=site.site_id,
            insee=site.insee,
            label=site.label,
            lon=site.position.lon,
            lat=site.position.lat,
            support=site.support,
            link=site.link,
            works=site.works,
            address=site.address,
            revision=site.revision,
            cameras=cameras,
        )


class SiteList(BaseModel):
    """A page of sites; ``next_cursor`` asks for the following one."""

    items: list[SiteOut]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: list[SiteOverview], next_cursor: str | None) -> "SiteList":
        return cls(items=[SiteOut.of(one.site, one.cameras) for one in found], next_cursor=next_cursor)
