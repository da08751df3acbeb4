"""Where a nomad camera stood, and when: half-open intervals without overlap, the last one open.

Source: DOMAIN §2 (Code de la sécurité intérieure, livre II, titre V): a nomad moves inside the perimeter of its
arrêté; a move needs the new position and the date on which the préfet was informed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.camera import Camera
from camera_registry.domain.position import Area, Position
from contracts.registry import CameraKind


class PlacementRefused(ValueError):
    """A move that may not be; the text is French and tells what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Placement:
    """A stay at one place in [from_at, until_at); ``until_at`` None: it stands there now.

    ``prefet_informed_on`` and ``authorisation_id`` are None for the first one: it was not moved there.
    """

    placement_id: str
    camera_id: str
    site_id: str
    label: str
    position: Position
    from_at: datetime
    until_at: datetime | None
    prefet_informed_on: date | None
    authorisation_id: str | None
    moved_by: str

    def holds(self, at: datetime) -> bool:
        """Tell whether the camera stood there at that instant."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)

    def ended(self, at: datetime) -> "Placement":
        """Return the stay ended at an instant, which the next one begins with."""
        return replace(self, until_at=at)


def moved(history: Sequence[Placement], following: Placement) -> tuple[Placement, ...]:
    """Return the history with the open stay ended where the following one begins. Raises PlacementRefused.

    ``history`` in any order; the answer is by time.
    """
    ordered = sorted(history, key=lambda stay: stay.from_at)
    if ordered and following.from_at <= ordered[-1].from_at:
        since = f"{ordered[-1].from_at:%d/%m/%Y %H:%M} UTC"
        raise PlacementRefused("from", f"Un emplacement ultérieur est déjà enregistré (depuis le {since}).")
    kept = [stay if stay.until_at is not None else stay.ended(following.from_at) for stay in ordered]
    return (*kept, following)


def check_move(camera: Camera, *, from_at: datetime, at: datetime, prefet_informed_on: date, today: date) -> None:
    """Raise PlacementRefused unless the camera is a nomad, has moved already, and the préfet knew. ``today``: Paris."""
    if camera.kind is not CameraKind.NOMADE:
        raise PlacementRefused("camera_id", "Seule une caméra nomade a des emplacements : modifiez la caméra.")
    if not camera.counted:
        raise PlacementRefused(
            "camera_id", "Cette caméra n'est pas en exploitation : corrigez sa position dans sa fiche."
        )
    if from_at > at:
        raise PlacementRefused("from", "Enregistrez le déplacement quand il a lieu : sa date est dans le futur.")
    if prefet_informed_on > today:
        raise PlacementRefused(
            "prefet_informed_on",
            "Informez le préfet avant de déplacer la caméra : la date d'information est dans le futur.",
        )


def check_ground(
    after: Camera, covering: Authorisation | None, contours: Mapping[str, Area], at: datetime
) -> Authorisation:
    """Return the arrêté that lets the camera stand at its new place. Raises PlacementRefused.

    ``covering`` is the arrêté that covers the camera before it moves: a move never changes arrêtés by itself.
    """
    if covering is None or not covering.valid_at(at):
        raise PlacementRefused(
            "camera_id",
            "Aucun arrêté en vigueur ne couvre cette caméra : faites enregistrer l'autorisation avant de la déplacer.",
        )
    if not covering.encloses(after, contours):
        raise PlacementRefused(
            "position",
            f"Ce point est hors du périmètre de l'arrêté {covering.arrete_number} : choisissez un point à "
            "l'intérieur, ou demandez au préfet un arrêté modificatif.",
        )
    return covering
