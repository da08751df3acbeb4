"""All that is told of one camera: everything but its secrets."""

from datetime import date
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel

from camera_registry.domain.camera_status import next_statuses
from camera_registry.repository.sheets import Sheet
from camera_registry.repository.visible import CameraOverview
from camera_registry.schemas.cameras import CameraOut
from camera_registry.schemas.sites import SiteOut
from contracts.registry import CameraStatus


class StreamOut(BaseModel):
    """One stream as the camera is set up to send it."""

    role: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    gop_s: float | None
    bitrate_kbps: int | None


class Hosts(BaseModel):
    """Where the camera is reached: scheme, host and port. A path may hold a secret: it is written, never read."""

    rtsp_main: str | None
    rtsp_sub: str | None
    onvif: str | None


class CameraSheet(CameraOut):
    """A camera whole. ``hosts`` only for who may configure it; ``next_statuses``: where it may go from its status."""

    revision: int
    authorisation_id: str | None
    manufacturer: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    streams: list[StreamOut]
    height_m: float | None
    notes: str
    has_sub_stream: bool
    has_onvif: bool
    credentials_set: bool
    masks_review_due: AwareDatetime | None
    registered_at: AwareDatetime
    installed_on: date | None
    site: SiteOut
    next_statuses: list[CameraStatus]
    hosts: Hosts | None

    @classmethod
    def whole(cls, overview: CameraOverview, sheet: Sheet, *, with_hosts: bool) -> "CameraSheet":
        """Put the two together."""
        hosts = Hosts(rtsp_main=_host(sheet.main_url), rtsp_sub=_host(sheet.sub_url), onvif=_host(sheet.onvif_url))
        return cls(
            **CameraOut.model_validate(overview).model_dump(),
            revision=sheet.revision,
            authorisation_id=sheet.authorisation_id,
            manufacturer=sheet.manufacturer,
            model=sheet.model,
            firmware=sheet.firmware,
            serial=sheet.serial,
            streams=[StreamOut(**stream) for stream in sheet.streams],
            height_m=sheet.height_m,
            notes=sheet.notes,
            has_sub_stream=sheet.sub_url is not None,
            has_onvif=sheet.onvif_url is not None,
            credentials_set=sheet.credentials_set,
            masks_review_due=sheet.masks_review_due,
            registered_at=sheet.registered_at,
            installed_on=sheet.installed_on,
            site=SiteOut.of(sheet.site),
            next_statuses=list(next_statuses(CameraStatus(overview.status))),
            hosts=hosts if with_hosts else None,
        )


class CameraEdited(CameraSheet):
    """A camera after a change. ``credentials``: French, what became of them by it; null: nothing."""

    credentials: str | None


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
