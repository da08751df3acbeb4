"""What an orientable camera can turn to: presets, and tours that visit them one after the other."""

from collections.abc import Collection
from dataclasses import dataclass

MAX_PRESETS = 256
MAX_STEPS = 64
MIN_DWELL_S, MAX_DWELL_S = 5, 30
"""Seconds a tour rests on a preset (DOMAIN §5, ronde)."""
_MAX_NAME = 80


class PresetInvalid(ValueError):
    """A preset or a tour that cannot be kept; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Preset:
    """A view of a camera under a number (1-256) and a name.

    ``token`` is the camera's own name for it (ONVIF). ``pan``, ``tilt`` in [-1, 1] and ``zoom`` in [0, 1] are ONVIF's
    generic spaces; None where only the camera knows. Raises PresetInvalid.
    """

    preset_id: str
    camera_id: str
    number: int
    name: str
    token: str | None = None
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MAX_PRESETS:
            raise PresetInvalid("number", f"Le numéro d'un préréglage va de 1 à {MAX_PRESETS}.")
        _check_name("name", self.name, "Donnez au préréglage un nom de 1 à 80 caractères.")
        if any(value is not None and not -1.0 <= value <= 1.0 for value in (self.pan, self.tilt)):
            raise PresetInvalid("pan", "Les angles d'un préréglage vont de -1 à 1.")
        if self.zoom is not None and not 0.0 <= self.zoom <= 1.0:
            raise PresetInvalid("zoom", "Le zoom d'un préréglage va de 0 à 1.")


@dataclass(frozen=True, slots=True)
class TourStep:
    """One stop: a preset by number, and how many seconds to rest there (5-30)."""

    preset: int
    dwell_s: int


@dataclass(frozen=True, slots=True)
class Tour:
    """An ordered visit of presets of one camera, over and over. Raises PresetInvalid."""

    tour_id: str
    camera_id: str
    name: str
    steps: tuple[TourStep, ...]

    def __post_init__(self) -> None:
        _check_name("name", self.name, "Donnez à la tournée un nom de 1 à 80 caractères.")
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise PresetInvalid("steps", f"Une tournée a de 1 à {MAX_STEPS} étapes.")
        if any(not MIN_DWELL_S <= step.dwell_s <= MAX_DWELL_S for step in self.steps):
            raise PresetInvalid("steps", f"Une étape dure de {MIN_DWELL_S} à {MAX_DWELL_S} secondes.")

    def check_presets(self, known: Collection[int]) -> None:
        """Raise PresetInvalid unless every stop is a preset of the camera."""
        missing = sorted({step.preset for step in self.steps} - set(known))
        if missing:
            names = ", ".join(str(number) for number in missing)
            raise PresetInvalid("steps", f"Préréglages inconnus de cette caméra : {names}. Créez-les d'abord.")

    def visits(self, number: int) -> bool:
        """Tell whether the tour stops at a preset."""
        return any(step.preset == number for step in self.steps)


def _check_name(field: str, name: str, message: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME:
        raise PresetInvalid(field, message)
