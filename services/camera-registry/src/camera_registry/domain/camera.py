"""A camera: what it is, where it stands, how the media plane reaches it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from urllib.parse import urlsplit

from camera_registry.domain.masks import MaskStanding
from camera_registry.domain.position import Position, PositionPrecision
from contracts.registry import CameraKind, CameraStatus

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
NOT_COUNTED = frozenset({CameraStatus.PROJET, CameraStatus.ETUDE, CameraStatus.DEPOSEE})
"""Statuses that take no place of an arrêté."""
STREAM_ROLES = frozenset({"main", "sub"})
MAX_RANGE_M = 5000
MAX_HEIGHT_M = 300
_TURN = 360


class CameraInvalid(ValueError):
    """A camera that cannot be registered; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses on the camera network: RTSP main and sub stream, ONVIF device service; each may be absent.

    User name and password never stand in an address: they are kept apart, encrypted. Raises CameraInvalid.
    """

    main_url: str | None = None
    sub_url: str | None = None
    onvif_url: str | None = None

    def __post_init__(self) -> None:
        _check_url("rtsp_main", self.main_url, {"rtsp", "rtsps"})
        _check_url("rtsp_sub", self.sub_url, {"rtsp", "rtsps"})
        _check_url("onvif", self.onvif_url, {"http", "https"})

    @property
    def on_this_machine(self) -> bool:
        """Whether the stream comes from a loopback address: a simulated camera, not one in a street."""
        host = urlsplit(self.main_url).hostname if self.main_url else None
        return host in {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a camera asks of who connects. Never in a log, an event or a read API."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class Optics:
    """Where a camera looks and how far. Each part None where nobody said.

    ``azimuth_deg``: bearing of the optical axis, 0 = north, clockwise, in [0, 360). ``opening_deg``: horizontal angle
    of view in (0, 360]. ``range_m``: how far a person can be made out, (0, 5000]. ``height_m``: of the lens over the
    ground, [0, 300]. Raises CameraInvalid.
    """

    azimuth_deg: float | None = None
    opening_deg: float | None = None
    range_m: float | None = None
    height_m: float | None = None

    def __post_init__(self) -> None:
        _check_number("azimuth_deg", self.azimuth_deg, lambda deg: 0 <= deg < _TURN, "L'azimut va de 0 à 360° exclu.")
        _check_number("opening_deg", self.opening_deg, lambda deg: 0 < deg <= _TURN, "L'ouverture va de 0 à 360°.")
        _check_number("range_m", self.range_m, lambda m: 0 < m <= MAX_RANGE_M, "La portée va de 0 à 5000 m.")
        _check_number("height_m", self.height_m, lambda m: 0 <= m <= MAX_HEIGHT_M, "La hauteur va de 0 à 300 m.")


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """One stream as the camera is set up to send it: pixels, frames per second, seconds between two keyframes.

    ``role`` is ``main`` (recorded) or ``sub`` (mosaics). Raises CameraInvalid.
    """

    role: str
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    gop_s: float | None = None
    bitrate_kbps: int | None = None

    def __post_init__(self) -> None:
        if self.role not in STREAM_ROLES:
            raise CameraInvalid("streams", "Un flux est « main » (enregistré) ou « sub » (mosaïque).")
        sizes = (self.width, self.height, self.fps, self.gop_s, self.bitrate_kbps)
        if any(value is not None and not (math.isfinite(value) and value > 0) for value in sizes):
            raise CameraInvalid("streams", "Taille, cadence, GOP et débit d'un flux sont des nombres positifs.")


@dataclass(frozen=True, slots=True)
class Equipment:
    """What hangs on the mast: maker, model, firmware, serial number (None: unknown), and its streams, one a role.

    Raises CameraInvalid.
    """

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    streams: tuple[StreamProfile, ...] = ()

    def __post_init__(self) -> None:
        if len({stream.role for stream in self.streams}) != len(self.streams):
            raise CameraInvalid("streams", "Décrivez chaque flux une seule fois : « main », « sub ».")


@dataclass(frozen=True, slots=True)
class Health:
    """Whether bytes come: ``online`` is None until the media plane has said anything."""

    online: bool | None = None
    since: datetime | None = None
    reason: str = ""

    def reported(self, *, online: bool, since: datetime, reason: str) -> "Health":
        """Return the health with the media plane's news; older or repeated news changes nothing."""
        if self.online == online or (self.since is not None and since <= self.since):
            return self
        return Health(online=online, since=since, reason=reason)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of the register.

    ``camera_id`` is the readable code under which it was first registered and never changes; ``code`` is what
    the town calls it today. ``authorisation_id`` is the arrêté that covers it (None: none does). ``revision``
    grows by one at each change that others must know. ``optics`` None: nobody said where it looks. A camera whose
    ``precision`` is not located stands under no arrêté until somebody gives its place.
    """

    camera_id: str
    code: str
    label: str
    insee: str
    site_id: str
    kind: CameraKind
    status: CameraStatus
    position: Position
    registered_at: datetime
    has_ptz: bool = False
    endpoints: Endpoints = field(default_factory=Endpoints)
    credentials: Credentials | None = None
    authorisation_id: str | None = None
    health: Health = field(default_factory=Health)
    masks: MaskStanding = field(default_factory=MaskStanding)
    revision: int = 0
    optics: Optics | None = None
    equipment: Equipment = field(default_factory=Equipment)
    notes: str = ""
    precision: PositionPrecision = PositionPrecision.EXACT
    installed_on: date | None = None

    def __post_init__(self) -> None:
        check_code(self.camera_id)
        check_code(self.code)
        if not self.label.strip():
            raise CameraInvalid("label", "Donnez un libellé à la caméra.")

    @property
    def counted(self) -> bool:
        """Whether it takes one of the places of the arrêté: not while planned, not once removed."""
        return self.status not in NOT_COUNTED

    @property
    def has_stream(self) -> bool:
        """Whether there is an address to pull."""
        return self.endpoints.main_url is not None

    def covered_by(self, authorisation_id: str | None) -> "Camera":
        """Return the camera under another arrêté (or none), as its next revision."""
        return replace(self, authorisation_id=authorisation_id, revision=self.revision + 1)

    def revised(self) -> "Camera":
        """Return the camera as its next revision: something that others must know of has changed."""
        return replace(self, revision=self.revision + 1)


def check_code(code: str) -> None:
    """Raise CameraInvalid unless the code can be a key everywhere (letters, digits, ``-`` and ``_``; 64 at most)."""
    if not _ID.match(code):
        raise CameraInvalid("code", "Un code a 1 à 64 caractères : lettres sans accent, chiffres, « - » et « _ ».")


def _check_number(field: str, value: float | None, holds: Callable[[float], bool], message: str) -> None:
    if value is not None and not (math.isfinite(value) and holds(value)):
        raise CameraInvalid(field, message)


def _check_url(field: str, url: str | None, schemes: set[str]) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or url.split() != [url]:
        wanted = " ou ".join(f"{scheme}://" for scheme in sorted(schemes))
        raise CameraInvalid(field, f"Adresse illisible : écrivez {wanted} hôte[:port]/chemin.")
    if parts.username is not None or parts.password is not None:
        raise CameraInvalid(
            field, "Retirez l'identifiant et le mot de passe de l'adresse : mettez-les dans leurs colonnes."
        )
