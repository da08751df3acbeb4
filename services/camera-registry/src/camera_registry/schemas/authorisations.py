"""Requests and responses about arrêtés."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.authorisation import Authorisation, Finalite, Window
from camera_registry.domain.position import Area
from contracts.access import OrganisationKind
from contracts.envelope import Insee
from contracts.registry import EventWindow, OperatingMode


class AuthorisationIn(BaseModel):
    """An arrêté to record. ``perimeter``: GeoJSON Polygon or MultiPolygon, absent: the communes' contours."""

    model_config = ConfigDict(extra="forbid")

    authorisation_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    arrete_number: str = Field(max_length=100, pattern=r"^[^\x00]*$")
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    communes: list[Insee] = Field(max_length=500)
    camera_count: int
    finalites: list[Finalite]
    recipients: list[OrganisationKind]
    retention_days: int
    mode: OperatingMode
    event_windows: list[EventWindow] = Field(default_factory=list[EventWindow])
    perimeter: dict[str, Any] | None = None
    scan_sha256: str | None = None

    def to_domain(self, new_id: str) -> Authorisation:
        """Return the arrêté; raises domain.AuthorisationInvalid, domain.AreaInvalid."""
        return Authorisation(
            authorisation_id=self.authorisation_id or new_id,
            arrete_number=self.arrete_number,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            communes=tuple(dict.fromkeys(self.communes)),
            camera_count=self.camera_count,
            finalites=tuple(dict.fromkeys(self.finalites)),
            recipients=tuple(dict.fromkeys(self.recipients)),
            retention_days=self.retention_days,
            mode=self.mode,
            event_windows=tuple(Window(one.starts_at, one.ends_at) for one in self.event_windows),
            perimeter=Area.from_geojson(self.perimeter) if self.perimeter is not None else None,
            scan_sha256=self.scan_sha256,
        )


class AuthorisationPatch(BaseModel):
    """The end of an arrêté, moved: brought forward (revoked) or put back, five years at most."""

    model_config = ConfigDict(extra="forbid")

    valid_until: AwareDatetime


class AuthorisationOut(BaseModel):
    """An arrêté. ``warning_days``: the tightest warning reached before its end (0: ended), None when quiet."""

    authorisation_id: str
    arrete_number: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    communes: list[str]
    camera_count: int
    finalites: list[Finalite]
    recipients: list[OrganisationKind]
    retention_days: int
    mode: OperatingMode
    event_windows: list[EventWindow]
    perimeter: dict[str, Any] | None
    scan_sha256: str | None
    revision: int
    in_force: bool
    warning_days: int | None

    @classmethod
    def of(cls, one: Authorisation, at: AwareDatetime) -> "AuthorisationOut":
        return cls(
            authorisation_id=one.authorisation_id,
            arrete_number=one.arrete_number,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            communes=list(one.communes),
            camera_count=one.camera_count,
            finalites=list(one.finalites),
            recipients=list(one.recipients),
            retention_days=one.retention_days,
            mode=one.mode,
            event_windows=[EventWindow(starts_at=w.starts_at, ends_at=w.ends_at) for w in one.event_windows],
            perimeter=one.perimeter.to_geojson() if one.perimeter else None,
            scan_sha256=one.scan_sha256,
            revision=one.revision,
            in_force=one.valid_at(at),
            warning_days=one.warning_at(at),
        )


class AuthorisationList(BaseModel):
    """Authorisations, the soonest to end first."""

    items: list[AuthorisationOut]
    next_cursor: str | None = None
