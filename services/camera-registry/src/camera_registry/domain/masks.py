"""Masks over private areas: what is hidden on a camera's picture, who signed it, and when it stops being true.

Sources: Code de la sécurité intérieure, livre II, titre V (the inside of homes and, specifically, their entrances are
not to be seen); Vigie's own rules: drawn on a dated still, signed by a person, looked at again every 90 days, void
as soon as the camera moved or was re-flashed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import shapely

from camera_registry.domain.head_optics import Aim, HeadOptics

REVIEW_AFTER = timedelta(days=90)
STILL_GOOD_FOR = timedelta(days=7)
"""A signature says what the camera shows today: an older still may show yesterday's scaffolding."""

UNSIGNED_STILL_LIVES = timedelta(days=1)
"""A still that nobody signed shows what is to be hidden: it is erased after a day."""

MIN_CORNERS, MAX_CORNERS = 3, 32
MAX_POLYGONS = 32
MIN_DECLARATION = 10


class MaskInvalid(ValueError):
    """A set of masks that cannot be kept or signed; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class MaskSetStatus(StrEnum):
    """Life of a set: drawn, signed, then void (the camera changed) or replaced (a newer one was signed)."""

    BROUILLON = "brouillon"
    SIGNE = "signe"
    CADUC = "caduc"
    REMPLACE = "remplace"


class Bearer(StrEnum):
    """Who burns a set's masks in: the camera itself, or the media plane before storage and before every viewer."""

    CAMERA = "camera"
    PLAN_MEDIA = "plan_media"


@dataclass(frozen=True, slots=True)
class MaskPolygon:
    """One hidden area: 3 to 32 corners ``(x, y)`` in fractions of the picture, from its top left, each 0 to 1.

    Raises MaskInvalid: corners outside the picture, too few or too many, no surface, or crossing edges.
    """

    corners: tuple[tuple[float, float], ...]
    label: str = ""

    def __post_init__(self) -> None:
        if not MIN_CORNERS <= len(self.corners) <= MAX_CORNERS:
            raise MaskInvalid("polygons", f"Un masque a de {MIN_CORNERS} à {MAX_CORNERS} sommets.")
        if not all(0.0 <= value <= 1.0 for corner in self.corners for value in corner):
            raise MaskInvalid("polygons", "Un sommet de masque est hors de l'image (coordonnées de 0 à 1).")
        shape = shapely.Polygon(self.corners)
        if not shape.is_valid or shape.area <= 0.0:
            raise MaskInvalid("polygons", "Un masque se croise lui-même ou n'a pas de surface : redessinez-le.")


@dataclass(frozen=True, slots=True)
class Still:
    """The dated picture that masks are drawn on; ``width`` and ``height`` in pixels, ``sha256`` of what was taken."""

    still_id: str
    camera_id: str
    taken_at: datetime
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MaskSet:
    """The masks of one camera, or of one of its presets (``preset`` None: whatever it looks at).

    An empty set is a statement too, "no private area is in view": ``declaration`` then says so in words. ``borne_by``
    is who burns it in, None while nobody confirmed that; ``bearing_problem`` says why the camera itself does not.
    ``aim`` is where an orientable camera pointed when a preset's set was signed: what the preset becomes later moves
    no mask. Raises MaskInvalid.
    """

    mask_set_id: str
    camera_id: str
    preset: str | None
    polygons: tuple[MaskPolygon, ...]
    declaration: str
    still_id: str | None
    drawn_by: str
    drawn_at: datetime
    status: MaskSetStatus = MaskSetStatus.BROUILLON
    signed_by: str | None = None
    signed_at: datetime | None = None
    review_due: datetime | None = None
    borne_by: Bearer | None = None
    bearing_problem: str = ""
    ended_at: datetime | None = None
    end_reason: str = ""
    aim: Aim | None = None

    def __post_init__(self) -> None:
        if len(self.polygons) > MAX_POLYGONS:
            raise MaskInvalid("polygons", f"Une vue porte {MAX_POLYGONS} masques au plus.")
        if not self.polygons and len(self.declaration.strip()) < MIN_DECLARATION:
            raise MaskInvalid(
                "declaration",
                "Sans masque, déclarez en une phrase (10 caractères au moins) qu'aucune zone privée n'est visible.",
            )
        if self.polygons and self.still_id is None:
            raise MaskInvalid("still_id", "Des masques se dessinent sur une image datée de la caméra : prenez-en une.")

    @property
    def in_force(self) -> bool:
        """Whether nothing private can be seen through it: signed, and burnt in wherever there is something to hide."""
        return self.status is MaskSetStatus.SIGNE and (not self.polygons or self.borne_by is not None)

    def signed(
        self,
        *,
        by: str,
        at: datetime,
        still: Still | None,
        voided_at: datetime | None = None,
        aim: Aim | None = None,
    ) -> "MaskSet":
        """Return the set with a person's signature; raises MaskInvalid when there is nothing to sign any more.

        ``voided_at``: when the camera's masks were last voided; a picture from before shows what it no longer sees.
        """
        if self.status is not MaskSetStatus.BROUILLON:
            raise MaskInvalid("status", f"Ce jeu de masques n'est plus un brouillon ({self.status.value}).")
        if still is not None and at - still.taken_at > STILL_GOOD_FOR:
            raise MaskInvalid("still_id", "L'image a plus de 7 jours : prenez-en une nouvelle avant de signer.")
        if still is not None:
            check_newer(still, voided_at)
        return replace(
            self,
            status=MaskSetStatus.SIGNE,
            signed_by=by,
            signed_at=at,
            review_due=at + REVIEW_AFTER,
            borne_by=None,
            aim=aim,
        )

    def reviewed(self, at: datetime) -> "MaskSet":
        """Return the set found right again, for 90 more days; raises MaskInvalid unless it is signed."""
        if self.status is not MaskSetStatus.SIGNE:
            raise MaskInvalid("status", "Seul un jeu de masques signé se réexamine.")
        return replace(self, review_due=at + REVIEW_AFTER)

    def ended(self, status: MaskSetStatus, *, reason: str, at: datetime) -> "MaskSet":
        """Return the set void or replaced."""
        return replace(self, status=status, ended_at=at, end_reason=reason)


def check_newer(still: Still, voided_at: datetime | None) -> None:
    """Raise MaskInvalid for a picture from before the camera moved or its masks were voided."""
    if voided_at is not None and still.taken_at <= voided_at:
        raise MaskInvalid("still_id", "Cette image date d'avant l'annulation des masques : prenez-en une nouvelle.")


@dataclass(frozen=True, slots=True)
class MaskStanding:
    """What the rest of Vigie asks of a camera's masks: may it be watched, and when must somebody look again.

    ``review_due`` is the earliest of its sets; None where nothing is signed. ``burnt_in`` names all that the media
    plane must burn in, empty where that is nothing: who holds other masks than these shows and stores nothing.
    """

    signed: bool = False
    review_due: datetime | None = None
    burnt_in: str = ""


def to_burn_in(sets: Iterable[MaskSet]) -> tuple[MaskSet, ...]:
    """Return what the media plane must know to hide what it was given; nothing where it was given nothing.

    Besides the sets that it bears, all signed views of a camera that turns: those without areas are where it may be
    seen as it is.
    """
    signed = [one for one in sets if one.status is MaskSetStatus.SIGNE]
    if not any(one.borne_by is Bearer.PLAN_MEDIA for one in signed):
        return ()
    given = [one for one in signed if one.borne_by is Bearer.PLAN_MEDIA or (one.aim is not None and not one.polygons)]
    return tuple(sorted(given, key=lambda one: one.mask_set_id))


def _name_of(burnt: tuple[MaskSet, ...], head: HeadOptics | None) -> str:
    """Return a digest of what is to be burnt in: a signed set never changes, so its id stands for its areas."""
    if not burnt:
        return ""
    measures = [head.pan_degrees, head.tilt_degrees, head.level_tilt, head.aspect, head.openings] if head else None
    told = json.dumps([[one.mask_set_id for one in burnt], measures])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def standing(sets: Iterable[MaskSet], head: HeadOptics | None = None) -> MaskStanding:
    """Return where a camera stands with all its sets, whatever their status; ``head`` where it turns and was measured.

    It may be watched when the set for the whole camera is signed and every signed set is burnt in: a preset's masks
    that nobody applies would show what they hide.
    """
    all_sets = tuple(sets)
    signed = [one for one in all_sets if one.status is MaskSetStatus.SIGNE]
    whole = any(one.preset is None for one in signed)
    due = min((one.review_due for one in signed if one.review_due is not None), default=None)
    may_be_watched = whole and all(one.in_force for one in signed)
    return MaskStanding(may_be_watched, due, _name_of(to_burn_in(all_sets), head))
