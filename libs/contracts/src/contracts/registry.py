"""Facts and state that the camera registry owns: cameras under their authorisation."""

from enum import StrEnum

from pydantic import AwareDatetime

from contracts.access import OrganisationKind
from contracts.envelope import Insee, Payload

OWNER = "registry"
FACT_CAMERA_CHANGED = "camera_changed"
FACT_AUTHORISATION_RECORDED = "authorisation_recorded"
FACT_CAMERA_HEALTH_CHANGED = "camera_health_changed"


class CameraStatus(StrEnum):
    """Life-cycle of a camera (French words of the trade)."""

    PROJET = "projet"
    ETUDE = "etude"
    AUTORISEE = "autorisee"
    EN_TRAVAUX = "en_travaux"
    EN_SERVICE = "en_service"
    EN_PANNE = "en_panne"
    DEPOSEE = "deposee"


class CameraKind(StrEnum):
    """Optical kind of a camera."""

    FIXE = "fixe"
    PTZ = "ptz"
    PANORAMIQUE = "panoramique"
    MULTI_CAPTEUR = "multi_capteur"
    NOMADE = "nomade"


class OperatingMode(StrEnum):
    """How the arrêté lets images be watched (DOMAIN §2)."""

    DIRECT = "DIRECT"
    DIFFERE_SUR_REQUISITION = "DIFFERE_SUR_REQUISITION"
    EVENEMENT = "EVENEMENT"


class EventWindow(Payload):
    """A dated window in which an EVENEMENT camera may be watched live; half-open."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class AuthorisationState(Payload):
    """The prefectoral authorisation a camera hangs under, as much as a decision needs.

    ``valid_from``/``valid_until``: half-open. ``retention_days`` 1–30 (L.252-5 CSI: one month at most).
    """

    authorisation_id: str
    arrete_number: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    mode: OperatingMode
    event_windows: tuple[EventWindow, ...] = ()
    retention_days: int
    recipients: tuple[OrganisationKind, ...]


class CameraState(Payload):
    """What every service must know of a camera to decide and to show it. Value of the ``cameras`` bucket.

    Never an address or a password: the media plane asks the registry for those with a service token.
    ``authorisation`` is None where no arrêté covers the camera (absent, outside the perimeter, over the count).
    ``has_stream`` tells that the camera has an endpoint to pull.
    """

    camera_id: str
    label: str
    insee: Insee
    commune: str
    site_id: str
    kind: CameraKind
    status: CameraStatus
    lon: float
    lat: float
    has_ptz: bool
    has_stream: bool
    authorisation: AuthorisationState | None
    masks_signed: bool = True
    revision: int = 0


class CameraChanged(Payload):
    """A camera was registered or changed; the state is in the ``cameras`` bucket."""

    camera_id: str
    status: CameraStatus
    revision: int


class CameraHealthChanged(Payload):
    """A camera was lost or came back, judged by bytes received."""

    camera_id: str
    online: bool
    since: AwareDatetime
    reason: str


class AuthorisationRecorded(Payload):
    """An arrêté was recorded, or its end was moved (revoked, extended); its cameras' states follow at once."""

    authorisation_id: str
    arrete_number: str
    communes: tuple[Insee, ...]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    revision: int
