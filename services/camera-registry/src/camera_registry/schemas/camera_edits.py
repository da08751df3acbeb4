"""What a person writes of a camera: a new one, a change, credentials. Credentials have no response anywhere."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from camera_registry.domain.camera import (
    Camera,
    CameraInvalid,
    Credentials,
    Endpoints,
    Equipment,
    Optics,
    StreamProfile,
)
from camera_registry.domain.position import Position, PositionPrecision
from camera_registry.schemas.texts import Key, Line, LongText, Url
from contracts.envelope import Insee
from contracts.registry import CameraKind, CameraStatus


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpticsIn(_Written):
    """Degrees clockwise from north, degrees of opening, metres; null: nobody knows. Absent fields stay."""

    azimuth_deg: float | None = None
    opening_deg: float | None = None
    range_m: float | None = None
    height_m: float | None = None

    def applied(self, before: Optics | None) -> Optics | None:
        """Return the optics with what was written; None when nothing is known; raises CameraInvalid."""
        after = replace(before or Optics(), **self.model_dump(exclude_unset=True))
        return after if after != Optics() else None


class StreamIn(_Written):
    """One stream as the camera is set up to send it."""

    role: Literal["main", "sub"]
    codec: Line | None = None
    width: int | None = Field(default=None, ge=1, le=20_000)
    height: int | None = Field(default=None, ge=1, le=20_000)
    fps: float | None = Field(default=None, gt=0, le=240)
    gop_s: float | None = Field(default=None, gt=0, le=600)
    bitrate_kbps: int | None = Field(default=None, ge=1, le=1_000_000)

    def to_domain(self) -> StreamProfile:
        return StreamProfile(**self.model_dump())


class EquipmentIn(_Written):
    """Maker, model, firmware, serial number (null: unknown) and streams; absent fields stay."""

    manufacturer: Line | None = None
    model: Line | None = None
    firmware: Line | None = None
    serial: Line | None = None
    streams: list[StreamIn] = Field(default_factory=list[StreamIn], max_length=2)

    def applied(self, before: Equipment) -> Equipment:
        """Return the equipment with what was written; raises CameraInvalid."""
        written: dict[str, Any] = self.model_dump(exclude_unset=True, exclude={"streams"})
        if "streams" in self.model_fields_set:
            written["streams"] = tuple(stream.to_domain() for stream in self.streams)
        return replace(before, **written)


class EndpointsIn(_Written):
    """Addresses without user name or password; null: none. Absent fields stay."""

    rtsp_main: Url | None = None
    rtsp_sub: Url | None = None
    onvif: Url | None = None

    def applied(self, before: Endpoints) -> Endpoints:
        """Return the endpoints with what was written; raises CameraInvalid."""
        names = {"rtsp_main": "main_url", "rtsp_sub": "sub_url", "onvif": "onvif_url"}
        written = self.model_dump(exclude_unset=True)
        return replace(before, **{names[name]: url for name, url in written.items()})


class CameraIn(_Written):
    """A camera to register. ``code`` becomes its id for ever; without ``site_id`` it gets a site of its own."""

    code: Key
    label: Line
    insee: Insee
    kind: CameraKind
    status: CameraStatus = CameraStatus.PROJET
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    site_id: Key | None = None
    has_ptz: bool | None = None
    optics: OpticsIn | None = None
    equipment: EquipmentIn | None = None
    endpoints: EndpointsIn | None = None
    installed_on: date | None = None
    notes: LongText = ""

    def to_domain(self, own_site_id: str, registered_at: datetime) -> Camera:
        """Return the camera; ``has_ptz`` not given follows from the kind. Raises CameraInvalid."""
        return Camera(
            camera_id=self.code,
            code=self.code,
            label=self.label,
            insee=self.insee,
            site_id=self.site_id or own_site_id,
            kind=self.kind,
            status=self.status,
            position=Position(self.lon, self.lat),
            registered_at=registered_at,
            has_ptz=self.has_ptz if self.has_ptz is not None else self.kind is CameraKind.PTZ,
            optics=self.optics.applied(None) if self.optics else None,
            equipment=self.equipment.applied(Equipment()) if self.equipment else Equipment(),
            endpoints=self.endpoints.applied(Endpoints()) if self.endpoints else Endpoints(),
            installed_on=self.installed_on,
            notes=self.notes,
        )


class CameraPatch(_Written):
    """What changes; absent fields stay. ``revision`` is the one that was read (or the header If-Match)."""

    revision: int | None = Field(default=None, ge=0, le=2**31 - 1)
    label: Line | None = None
    code: Key | None = None
    kind: CameraKind | None = None
    status: CameraStatus | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    site_id: Key | None = None
    has_ptz: bool | None = None
    optics: OpticsIn | None = None
    equipment: EquipmentIn | None = None
    endpoints: EndpointsIn | None = None
    installed_on: date | None = None
    notes: LongText | None = None

    def applied(self, camera: Camera) -> Camera:
        """Return the camera with what was written; a place given by a person is exact. Raises CameraInvalid."""
        if (self.lon is None) != (self.lat is None):
            raise CameraInvalid("position", "Donnez la longitude et la latitude ensemble.")
        plain = ("label", "code", "kind", "status", "site_id", "has_ptz", "notes")
        written: dict[str, Any] = {name: value for name in plain if (value := getattr(self, name)) is not None}
        if "installed_on" in self.model_fields_set:
            written["installed_on"] = self.installed_on
        if self.lon is not None and self.lat is not None:
            written |= {"position": Position(self.lon, self.lat), "precision": PositionPrecision.EXACT}
        if self.optics is not None:
            written["optics"] = self.optics.applied(camera.optics)
        if self.equipment is not None:
            written["equipment"] = self.equipment.applied(camera.equipment)
        if self.endpoints is not None:
            written["endpoints"] = self.endpoints.applied(camera.endpoints)
        return replace(camera, **written)


class CredentialsIn(_Written):
    """What the camera asks of who connects. Goes in, never comes out."""

    username: SecretStr = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=500)

    @field_validator("username", "password")
    @classmethod
    def _printable(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isprintable():
            message = "caractères imprimables seulement"
            raise ValueError(message)
        return value

    def to_domain(self) -> Credentials:
        return Credentials(self.username.get_secret_value(), self.password.get_secret_value())
