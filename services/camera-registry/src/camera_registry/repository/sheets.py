"""All that is kept of one camera but its secrets: no query here reads a password, sealed or not."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import Site
from camera_registry.repository.communes import site_of
from camera_registry.tables import cameras, sites


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a list does not show of a camera. ``main_url`` and the like may hold a secret in their path."""

    revision: int
    authorisation_id: str | None
    manufacturer: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    streams: list[dict[str, Any]]
    height_m: float | None
    notes: str
    main_url: str | None
    sub_url: str | None
    onvif_url: str | None
    credentials_set: bool
    masks_review_due: datetime | None
    registered_at: datetime
    installed_on: date | None
    site: Site


_PLAIN = (
    "revision",
    "authorisation_id",
    "manufacturer",
    "model",
    "firmware",
    "serial",
    "streams",
    "height_m",
    "main_url",
    "sub_url",
    "onvif_url",
    "masks_review_due",
    "registered_at",
    "installed_on",
)


async def sheet_of(conn: AsyncConnection, camera_id: str) -> Sheet | None:
    """Return a camera's sheet; the caller has made sure that the person may see the camera."""
    query = select(
        *(cameras.c[name] for name in _PLAIN),
        cameras.c.notes,
        cameras.c.site_id,
        cameras.c.sealed_credentials.is_not(None).label("credentials_set"),
    ).where(cameras.c.camera_id == camera_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    site = (await conn.execute(select(sites).where(sites.c.site_id == row.site_id))).one()
    return Sheet(
        **{name: getattr(row, name) for name in _PLAIN},
        notes=row.notes or "",
        credentials_set=row.credentials_set,
        site=site_of(site),
    )
