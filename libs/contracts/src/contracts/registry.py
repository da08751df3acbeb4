"""Facts and state that the camera registry owns: cameras under their authorisation."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.access import OrganisationKind
from contracts.envelope import Insee, Payload

OWNER = "registry"
FACT_CAMERA_CHANGED = "camera_changed"
FACT_AUTHORISATION_RECORDED = "authorisation_recorded"
FACT_CAMERA_HEALTH_CHANGED = "camera_health_changed"
FACT_AUTHORISATION_WARNING = "authorisation_warning"
FACT_ALARM_RAISED = "alarm_raised"
FACT_MASKS_CHANGED = "masks_changed"


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

    ``valid_from``/``valid_until``: half-open. ``retention_days`` 1–30 (L.252-5 CSI: one month at most);
    ``retention_min_days`` where the arrêté names a minimum. ``verbalisation``: it allows vidéo-verbalisation.
    ``partner_watermark``: pictures for outside recipients leave with a burnt-in watermark.
    """

    authorisation_id: str
    arrete_number: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    mode: OperatingMode
    event_windows: tuple[EventWindow, ...] = ()
    retention_days: int
    recipients: tuple[OrganisationKind, ...]
    retention_min_days: int | None = None
    verbalisation: bool = False
    partner_watermark: bool = False


class CameraState(Payload):
    """What every service must know of a camera to decide and to show it. Value of the ``cameras`` bucket.

    Never an address or a password: the media plane asks the registry for those with a service token.
    ``authorisation`` is None where no arrêté covers the camera (absent, outside the perimeter, over the count).
    ``next_authorisation`` covers it from the very instant on at which that one ends: ask ``authorisation_at``.
    ``has_stream`` tells that the camera has an endpoint to pull. ``masks_signed``: a person signed the masks (perhaps
    none) for where the camera stands now, and the camera's own picture shows nothing private; ``masks_review_due``
    when they must be looked at again (90 days). ``masks_by_media_plane``: signed as well, but the camera's own picture
    shows it: the media plane burns in what ``masks_revision`` names (opaque), or shows and stores nothing. Both are
    told apart so that a reader which does not know of it keeps the camera dark; who does asks ``masks_in_force``.
    ``azimuth_deg`` is the bearing of the optical axis (0 = north, clockwise), ``opening_deg`` the horizontal angle
    of view (0-360), ``range_m`` how far a person can be made out; None where nobody said.
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
    masks_signed: bool = False
    masks_review_due: AwareDatetime | None = None
    masks_by_media_plane: bool = False
    masks_revision: str = ""
    azimuth_deg: float | None = None
    opening_deg: float | None = None
    range_m: float | None = None
    next_authorisation: AuthorisationState | None = None
    revision: int = 0

    @property
    def masks_in_force(self) -> bool:
        """Whether masks let the camera be watched and recorded, by whoever bears them."""
        return self.masks_signed or (self.masks_by_media_plane and self.masks_revision != "")

    def authorisation_at(self, at: datetime) -> AuthorisationState | None:
        """Return the arrêté to judge by at an instant: the next one as soon as the present one has ended."""
        following = self.next_authorisation
        if self.authorisation is None or following is None or at < self.authorisation.valid_until:
            return self.authorisation
        return following if following.valid_from <= at else self.authorisation


class CameraChanged(Payload):
    """A camera was registered or changed; the state is in the ``cameras`` bucket."""

    camera_id: str
    status: CameraStatus
    revision: int


class AuthorisationRecorded(Payload):
    """An arrêté was recorded, or its end was moved (revoked, extended); its cameras' states follow at once."""

    authorisation_id: str
    arrete_number: str
    communes: tuple[Insee, ...]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    revision: int


class AuthorisationWarning(Payload):
    """An arrêté comes near its end: ``days_left`` is 240, 180, 120 (renewal file due), 60, 30, 7 or 0 (ended)."""

    authorisation_id: str
    arrete_number: str
    communes: tuple[Insee, ...]
    valid_until: AwareDatetime
    days_left: int


class AlarmSource(StrEnum):
    """Who raised an alarm: a camera by itself, a *bouton d'alerte*, or our own checks of the fleet."""

    CAMERA = "camera"
    BOUTON = "bouton"
    SURVEILLANCE_TECHNIQUE = "surveillance_technique"


class AlarmKind(StrEnum):
    """What was raised. The last eight are the state of the fleet, the others are of the street."""

    MOUVEMENT = "mouvement"
    FRANCHISSEMENT = "franchissement"
    SABOTAGE = "sabotage"
    ENTREE_CONTACT = "entree_contact"
    BOUTON_ALERTE = "bouton_alerte"
    CAMERA_HS = "camera_hs"
    IMAGE_FIGEE = "image_figee"
    IMAGE_NOIRE = "image_noire"
    IMAGE_FLOUE = "image_floue"
    CAMERA_DEPLACEE = "camera_deplacee"
    HORLOGE = "horloge"
    QUALITE = "qualite"
    MASQUE_DEFAILLANT = "masque_defaillant"


class CameraHealthChanged(Payload):
    """A camera was lost or came back, judged by bytes received, or something else began or ceased to be wrong.

    ``findings``: all that is wrong with it now, loss included.
    """

    camera_id: str
    online: bool
    since: AwareDatetime
    reason: str
    findings: tuple[AlarmKind, ...] = ()


class AlarmRaised(Payload):
    """Something happened that a camera, a button or the checks of the fleet reported.

    ``camera_ids``: the camera itself, or the nearest usable cameras of a button (best first). ``source_id`` names the
    camera, button or check; ``detail`` is French and holds no address and no secret. ``ended_at``: the same alarm
    (same ``alarm_id``) is over; None while it lasts.
    """

    alarm_id: UUID
    source: AlarmSource
    source_id: str
    kind: AlarmKind
    camera_ids: tuple[str, ...]
    insee: Insee
    label: str
    lon: float | None
    lat: float | None
    raised_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    detail: str = ""


class MasksChanged(Payload):
    """The masks of a camera were signed, or became void (moved, re-flashed); ``reason`` is French."""

    camera_id: str
    signed: bool
    reason: str


class TicketState(Payload):
    """A maintenance ticket: the reason for which a technicien may see a camera. Value of the ``tickets`` bucket.

    Open while ``closed_at`` is None; it covers ``camera_ids`` only.
    """

    ticket_id: str
    insee: Insee
    camera_ids: tuple[str, ...]
    title: str
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
