"""How the picture of an orientable camera lies in the world: what masks need to follow it."""

from dataclasses import dataclass
from itertools import pairwise

MAX_OPENINGS = 16
_FULL_TURN = 720.0
_ASPECTS = (0.3, 4.0)


class HeadOpticsInvalid(ValueError):
    """Measures that no camera has; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a head points, in ONVIF's generic spaces: pan and tilt in [-1, 1], zoom in [0, 1]."""

    pan: float
    tilt: float
    zoom: float


@dataclass(frozen=True, slots=True)
class HeadOptics:
    """Measures of a head and its lens, by a technicien.

    ``pan_degrees`` and ``tilt_degrees``: the angle from -1 to 1 of the generic space, above 0 and up to 720;
    ``level_tilt``: the generic tilt that looks at the horizon; ``aspect``: width over height of the picture;
    ``openings``: horizontal angle of view (degrees, above 0 and below 180) by zoom, 1 to 16, zoom ascending.
    Raises HeadOpticsInvalid.
    """

    pan_degrees: float
    tilt_degrees: float
    aspect: float
    openings: tuple[tuple[float, float], ...]
    level_tilt: float = 0.0

    def __post_init__(self) -> None:
        for field, value in (("pan_degrees", self.pan_degrees), ("tilt_degrees", self.tilt_degrees)):
            if not 0.0 < value <= _FULL_TURN:
                raise HeadOpticsInvalid(field, "La course de la tête va de plus de 0 à 720 degrés.")
        if not _ASPECTS[0] <= self.aspect <= _ASPECTS[1]:
            raise HeadOpticsInvalid("aspect", "Le rapport largeur sur hauteur de l'image va de 0,3 à 4.")
        if not -1.0 <= self.level_tilt <= 1.0:
            raise HeadOpticsInvalid("level_tilt", "L'inclinaison qui vise l'horizon va de -1 à 1.")
        self._check_openings()

    def _check_openings(self) -> None:
        zooms = [zoom for zoom, _ in self.openings]
        if not 1 <= len(zooms) <= MAX_OPENINGS:
            raise HeadOpticsInvalid("openings", f"Donnez de 1 à {MAX_OPENINGS} angles de vue, par zoom croissant.")
        if any(before >= after for before, after in pairwise(zooms)):
            raise HeadOpticsInvalid("openings", "Les angles de vue se donnent par zoom strictement croissant.")
        if not all(0.0 <= zoom <= 1.0 and 0.0 < degrees < 180.0 for zoom, degrees in self.openings):  # noqa: PLR2004
            raise HeadOpticsInvalid("openings", "Un zoom va de 0 à 1, un angle de vue de 0 à 180 degrés exclus.")
