"""Requests and responses of the registry's HTTP face. None of the responses but `Source` holds an address."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.commune import Commune
from camera_registry.domain.position import PositionPrecision
from contracts.registry import CameraKind, CameraStatus, OperatingMode


class _FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CommuneOut(BaseModel):
    """A commune; ``centre`` is [lon, lat]."""

    insee: str
    name: str
    centre: tuple[float, float]

    @classmethod
    def of(cls, commune: Commune) -> "CommuneOut":
        centre = commune.contour.centre
        return cls(insee=commune.insee, name=commune.name, centre=(round(centre.lon, 6), round(centre.lat, 6)))


class CommuneList(BaseModel):
    """Communes in the order of their codes."""

    items: list[CommuneOut]
    next_cursor: str | None = None


class AuthorisationBrief(_FromAttributes):
    """The arrêté over a camera, as a list shows it."""

    arrete_number: str
    valid_until: AwareDatetime
    mode: OperatingMode


class CameraOut(_FromAttributes):
    """A camera as an agent sees it. ``online`` is None until the media plane has said anything."""

    camera_id: str
    code: str
    label: str
    insee: str
    commune: str
    site_id: str
    kind: CameraKind
    status: CameraStatus
    lon: float
    lat: float
    has_ptz: bool
    has_stream: bool
    online: bool | None
    online_since: AwareDatetime | None
    azimuth_deg: float | None
    opening_deg: float | None
    range_m: float | None
    position_precision: PositionPrecision
    masks_signed: bool
    authorisation: AuthorisationBrief | None
    distance_m: float | None = None


class CameraList(BaseModel):
    """A page of cameras; ``next_cursor`` asks for the following one."""

    items: list[CameraOut]
    next_cursor: str | None = None


class HeadOut(BaseModel):
    """How the picture of a camera that turns lies in the world, see ``domain.head_optics.HeadOptics``."""

    model_config = ConfigDict(from_attributes=True)

    pan_degrees: float
    tilt_degrees: float
    aspect: float
    openings: list[tuple[float, float]]
    level_tilt: float


class BurntView(BaseModel):
    """What is to be hidden in one view: corners in fractions of the picture from its top left.

    ``preset`` None: the whole camera, whatever it looks at. ``aim``: pan, tilt, zoom where this was signed (ONVIF's
    generic spaces), None for a camera that does not turn. Without polygons the view may be seen as it is.
    """

    preset: str | None
    aim: tuple[float, float, float] | None
    polygons: list[list[tuple[float, float]]]


class BurntIn(BaseModel):
    """What the media plane must burn in; ``revision`` is that of the camera's state, empty where it is nothing."""

    revision: str = ""
    turns: bool = False
    views: list[BurntView] = Field(default_factory=list[BurntView])
    head: HeadOut | None = None


class Source(BaseModel):
    """How the media plane reaches a camera, and what it must hide. Machine to machine only."""

    main_url: str | None
    sub_url: str | None
    onvif_url: str | None
    username: str | None
    password: str | None
    masks: BurntIn = Field(default_factory=BurntIn)
