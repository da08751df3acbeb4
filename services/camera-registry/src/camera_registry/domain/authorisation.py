"""The prefectoral authorisation, and the pure gate that says which cameras stand under it.

Sources: Code de la sécurité intérieure, livre II, titre V (purposes, recipients, duration, retention). Article
numbers are kept out of the rules: they are data for the person who reads a refusal (libs/policy).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from camera_registry.domain.camera import Camera
from camera_registry.domain.perimeter import ListedPosition
from camera_registry.domain.position import Area, Standing
from contracts.access import OrganisationKind
from contracts.registry import OperatingMode

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
MAX_YEARS = 5
FIRST_YEAR, LAST_YEAR = 1995, 2200
"""No arrêté is older than the law of 1995; a year beyond is a slip of the keyboard."""
MAX_RETENTION_DAYS = 30
RECIPIENT_KINDS = frozenset(
    {
        OrganisationKind.POLICE_NATIONALE,
        OrganisationKind.GENDARMERIE,
        OrganisationKind.DOUANES,
        OrganisationKind.SDIS,
        OrganisationKind.POLICE_MUNICIPALE,
    }
)
"""The closed list of organisations that an arrêté may name as recipients of images."""


WARNING_DAYS = (7, 30, 60, 120, 180, 240)
"""Days before the end at which people are warned (DOMAIN §2); the renewal file is due at 120."""
_RESPONSIBLE_TEXT = 200


class Finalite(StrEnum):
    """The eleven purposes for which public space may be filmed (CSI, L.251-2)."""

    BATIMENTS_PUBLICS = "batiments_publics"
    DEFENSE_NATIONALE = "defense_nationale"
    FLUX_DE_TRANSPORT = "flux_de_transport"
    INFRACTIONS_CIRCULATION = "infractions_circulation"
    SECURITE_PERSONNES_BIENS = "securite_personnes_biens"
    ACTES_DE_TERRORISME = "actes_de_terrorisme"
    RISQUES_NATURELS_TECHNOLOGIQUES = "risques_naturels_technologiques"
    SECOURS_INCENDIE = "secours_incendie"
    PARCS_ATTRACTION = "parcs_attraction"
    ASSURANCE_VEHICULES = "assurance_vehicules"
    ABANDON_ORDURES = "abandon_ordures"


class AuthorisationInvalid(ValueError):
    """An arrêté that the law or good sense refuses; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Window:
    """A dated window of an EVENEMENT authorisation, half-open [starts_at, ends_at)."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ResponsiblePerson:
    """Who answers for the system: name, function, and where to write or call (mail or telephone)."""

    name: str
    function: str
    contact: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One arrêté préfectoral. Valid in [valid_from, valid_until), five years at most.

    The protected ground is ``perimeter`` or the list of ``positions``; with neither, the contours of ``communes``.
    ``retention_days`` 1-30 is the most, ``retention_min_days`` the least that the arrêté asks for, if it does.
    ``verbalisation``: it allows vidéo-verbalisation; ``partner_watermark``: outside recipients get their pictures with
    a burnt-in watermark only. ``scan_sha256`` is the hex digest of the scanned arrêté.
    Raises AuthorisationInvalid.
    """

    authorisation_id: str
    arrete_number: str
    valid_from: datetime
    valid_until: datetime
    communes: tuple[str, ...]
    camera_count: int
    finalites: tuple[Finalite, ...]
    recipients: tuple[OrganisationKind, ...]
    retention_days: int
    mode: OperatingMode
    event_windows: tuple[Window, ...] = ()
    perimeter: Area | None = None
    scan_sha256: str | None = None
    revision: int = 0
    positions: tuple[ListedPosition, ...] = ()
    retention_min_days: int | None = None
    verbalisation: bool = False
    partner_watermark: bool = False
    responsible: ResponsiblePerson | None = None

    def __post_init__(self) -> None:
        _check_document(self)
        _check_validity(self)
        _check_retention(self)
        _check_use(self)

    def valid_at(self, at: datetime) -> bool:
        """Tell whether the arrêté is in force at that instant (half-open)."""
        return self.valid_from <= at < self.valid_until

    def warning_at(self, at: datetime) -> int | None:
        """Return the tightest warning reached, in days before the end (0: ended); None when all is quiet."""
        if at >= self.valid_until:
            return 0
        left = self.valid_until - at
        return next((days for days in WARNING_DAYS if left <= timedelta(days=days)), None)

    def changed(self, **changes: object) -> "Authorisation":
        """Return the arrêté with other terms, as its next revision; the same one when nothing is other.

        Raises AuthorisationInvalid when the terms together are not lawful.
        """
        after = replace(self, **changes)  # pyright: ignore[reportArgumentType] - fields are named by the caller
        return self if after == self else replace(after, revision=self.revision + 1)

    def ending(self, valid_until: datetime) -> "Authorisation":
        """Return the arrêté ended at another instant: brought forward (revoked) or put back (at most 5 years)."""
        return self.changed(valid_until=valid_until)

    def encloses(self, camera: Standing, contours: Mapping[str, Area]) -> bool:
        """Tell whether the camera stands in a commune and on the ground that the arrêté names.

        Without a perimeter or positions the commune's contour bounds it; a commune whose contour is not at hand
        encloses nothing, since nothing can be shown; nor does a camera stand in it whose place nobody has given.
        """
        if camera.insee not in self.communes or not camera.precision.located:
            return False
        if self.positions:
            return any(listed.holds(camera.position) for listed in self.positions)
        area = self.perimeter if self.perimeter is not None else contours.get(camera.insee)
        return area is not None and area.contains(camera.position)


def places(authorisation: Authorisation, cameras: Iterable[Camera], contours: Mapping[str, Area]) -> frozenset[str]:
    """Return the ids of the cameras that hold one of the arrêté's places.

    First registered, first served; ties by id, so that everybody counts alike. A camera beyond the authorised
    number is not covered: it may neither be watched nor recorded.
    """
    enclosed = [camera for camera in cameras if camera.counted and authorisation.encloses(camera, contours)]
    enclosed.sort(key=lambda camera: (camera.registered_at, camera.camera_id))
    return frozenset(camera.camera_id for camera in enclosed[: authorisation.camera_count])


def authorisation_for(
    camera: Camera,
    authorisations: Iterable[Authorisation],
    at: datetime,
    held: Mapping[str, frozenset[str]],
) -> Authorisation | None:
    """Return the arrêté that lets this camera run at that second, or None: the gate.

    ``held`` gives, by authorisation id, who holds its places (see `places`). Of several, the one that ends last.
    """
    candidates = [
        authorisation
        for authorisation in authorisations
        if authorisation.valid_at(at) and camera.camera_id in held.get(authorisation.authorisation_id, ())
    ]
    return max(candidates, key=_preference, default=None)


def authorisation_shown(
    camera: Camera,
    authorisations: Iterable[Authorisation],
    at: datetime,
    held: Mapping[str, frozenset[str]],
) -> Authorisation | None:
    """Return the arrêté to publish with the camera: the one in force, else the last ended, else the next one.

    An ended arrêté is still published so that a refusal can say *expired on such a day* and old footage keeps
    its retention; whoever decides judges the dates at the second of the act.
    """
    known = list(authorisations)
    current = authorisation_for(camera, known, at, held)
    if current is not None:
        return current
    mine = [one for one in known if camera.camera_id in held.get(one.authorisation_id, ())]
    ended = [one for one in mine if one.valid_until <= at]
    if ended:
        return max(ended, key=_preference)
    return min(mine, key=lambda one: (one.valid_from, one.authorisation_id), default=None)


def coverage(
    cameras: Iterable[Camera],
    authorisations: Iterable[Authorisation],
    contours: Mapping[str, Area],
    at: datetime,
) -> dict[str, Authorisation | None]:
    """Return, by camera id, the arrêté to publish with each camera (see `authorisation_shown`)."""
    known = list(cameras)
    arretes = list(authorisations)
    held = {one.authorisation_id: places(one, known, contours) for one in arretes}
    return {camera.camera_id: authorisation_shown(camera, arretes, at, held) for camera in known}


def followers(
    cameras: Iterable[Camera],
    authorisations: Iterable[Authorisation],
    contours: Mapping[str, Area],
    at: datetime,
) -> dict[str, Authorisation]:
    """Return, by camera id, the arrêté that covers the camera at the very instant at which the present one ends.

    Published beforehand, so that a renewal takes over without a second of gap even while the registry or the bus is
    away. A camera under no arrêté now, or under none from that instant on, is not in the answer.
    """
    known = list(cameras)
    arretes = list(authorisations)
    held = {one.authorisation_id: places(one, known, contours) for one in arretes}
    found: dict[str, Authorisation] = {}
    for camera in known:
        current = authorisation_for(camera, arretes, at, held)
        following = authorisation_for(camera, arretes, current.valid_until, held) if current else None
        if following is not None:
            found[camera.camera_id] = following
    return found


def years_later(at: datetime, years: int) -> datetime:
    """Return the same instant ``years`` later; 29 February becomes 28 February."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, day=28)


def _preference(authorisation: Authorisation) -> tuple[datetime, str]:
    return authorisation.valid_until, authorisation.authorisation_id


def _check_document(one: Authorisation) -> None:
    if not one.arrete_number.strip():
        raise AuthorisationInvalid("arrete_number", "Indiquez le numéro de l'arrêté préfectoral.")
    if one.scan_sha256 is not None and not _SHA256.match(one.scan_sha256):
        raise AuthorisationInvalid("scan_sha256", "L'empreinte SHA-256 a 64 chiffres hexadécimaux.")
    if not one.communes:
        raise AuthorisationInvalid("communes", "Nommez au moins une commune.")
    if one.camera_count < 1:
        raise AuthorisationInvalid("camera_count", "Le nombre de caméras autorisées est au moins 1.")
    if one.perimeter is not None and one.positions:
        raise AuthorisationInvalid("positions", "Donnez un périmètre ou une liste de positions, pas les deux.")
    if one.responsible is not None:
        _check_responsible(one.responsible)


def _check_responsible(person: ResponsiblePerson) -> None:
    for name, text in (("name", person.name), ("function", person.function), ("contact", person.contact)):
        if not text.strip() or len(text) > _RESPONSIBLE_TEXT:
            raise AuthorisationInvalid(
                f"responsible.{name}", "Le responsable a un nom, une fonction et un contact (200 caractères au plus)."
            )


def _check_validity(one: Authorisation) -> None:
    if one.valid_from.tzinfo is None or one.valid_until.tzinfo is None:
        raise AuthorisationInvalid("valid_from", "Les dates portent leur fuseau horaire.")
    if not all(FIRST_YEAR <= at.year <= LAST_YEAR for at in (one.valid_from, one.valid_until)):
        raise AuthorisationInvalid("valid_from", f"Les dates vont de {FIRST_YEAR} à {LAST_YEAR} : vérifiez l'année.")
    if one.valid_until <= one.valid_from:
        raise AuthorisationInvalid("valid_until", "La fin doit suivre le début.")
    if one.valid_until > years_later(one.valid_from, MAX_YEARS):
        raise AuthorisationInvalid("valid_until", "Une autorisation vaut cinq ans au plus.")


def _check_retention(one: Authorisation) -> None:
    if not 1 <= one.retention_days <= MAX_RETENTION_DAYS:
        raise AuthorisationInvalid("retention_days", "La conservation va de 1 à 30 jours.")
    least = one.retention_min_days
    if least is not None and not 1 <= least <= one.retention_days:
        raise AuthorisationInvalid(
            "retention_min_days", "La conservation minimale va de 1 jour à la conservation maximale de l'arrêté."
        )


def _check_use(one: Authorisation) -> None:
    if not one.finalites:
        raise AuthorisationInvalid("finalites", "Indiquez au moins une finalité.")
    refused = [kind.value for kind in one.recipients if kind not in RECIPIENT_KINDS]
    if refused:
        raise AuthorisationInvalid(
            "recipients",
            f"Ne peut pas être destinataire d'images : {', '.join(refused)}. La liste légale est fermée "
            "(police nationale, gendarmerie, douanes, SDIS, police municipale).",
        )
    if (one.mode is OperatingMode.EVENEMENT) != bool(one.event_windows):
        raise AuthorisationInvalid(
            "event_windows", "Le mode EVENEMENT a au moins une fenêtre datée ; les autres modes n'en ont pas."
        )
    if any(window.ends_at <= window.starts_at for window in one.event_windows):
        raise AuthorisationInvalid("event_windows", "Une fenêtre finit après avoir commencé.")
