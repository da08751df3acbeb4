"""The presets of a camera: what the registry named and what the camera itself keeps, told as one list."""

from collections.abc import Sequence
from dataclasses import dataclass

from stream_gateway.domain.ptz.orders import AbsoluteMove, GoToPreset, Order, StoredPreset
from stream_gateway.domain.ptz.patrols import PatrolStep


@dataclass(frozen=True, slots=True)
class RegisteredPreset:
    """A preset as the registry knows it, under a number that people use."""

    number: int
    name: str
    token: str | None = None
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None


@dataclass(frozen=True, slots=True)
class RegisteredTour:
    """A tour as the registry knows it: (preset number, seconds to rest)."""

    tour_id: str
    name: str
    steps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Mounting:
    """What the registry says a camera can turn to."""

    presets: tuple[RegisteredPreset, ...] = ()
    tours: tuple[RegisteredTour, ...] = ()

    def preset(self, number: int) -> RegisteredPreset | None:
        """Return a preset by number."""
        return next((one for one in self.presets if one.number == number), None)

    def tour(self, tour_id: str) -> RegisteredTour | None:
        """Return a tour by id."""
        return next((one for one in self.tours if one.tour_id == tour_id), None)


@dataclass(frozen=True, slots=True)
class PresetChoice:
    """One line of the list. ``number`` None: only the camera knows it. ``reachable``: it can be gone to."""

    name: str
    number: int | None
    token: str | None
    pan: float | None
    tilt: float | None
    zoom: float | None
    on_camera: bool
    reachable: bool


def order_for(preset: RegisteredPreset) -> Order | None:
    """Return what the camera is told to go there: by its own token, else by figures, None when neither is known."""
    if preset.token is not None:
        return GoToPreset(preset.token)
    if preset.pan is None or preset.tilt is None:
        return None
    return AbsoluteMove(preset.pan, preset.tilt, preset.zoom)


def merged(registered: Sequence[RegisteredPreset], stored: Sequence[StoredPreset] | None) -> list[PresetChoice]:
    """Return the registry's presets by number, then those that only the camera keeps.

    ``stored`` is None when the camera could not be asked: its tokens are then believed.
    """
    by_token = {one.token: one for one in stored or ()}
    choices = [_choice(one, by_token, asked=stored is not None) for one in sorted(registered, key=lambda p: p.number)]
    named = {one.token for one in registered}
    choices += [
        PresetChoice(
            one.name or one.token, None, one.token, one.pan, one.tilt, one.zoom, on_camera=True, reachable=True
        )
        for one in stored or ()
        if one.token not in named
    ]
    return choices


def steps_of(tour: RegisteredTour, mounting: Mounting) -> tuple[PatrolStep, ...]:
    """Return the steps of a tour that can be gone to; those whose preset is unknown or has no position are left out."""
    steps: list[PatrolStep] = []
    for number, dwell in tour.steps:
        preset = mounting.preset(number)
        if preset is not None and order_for(preset) is not None:
            steps.append(PatrolStep(number, dwell, preset.token, preset.pan, preset.tilt, preset.zoom))
    return tuple(steps)


def _choice(preset: RegisteredPreset, by_token: dict[str, StoredPreset], *, asked: bool) -> PresetChoice:
    kept = by_token.get(preset.token) if preset.token is not None else None
    on_camera = kept is not None
    known_place = preset.pan is not None and preset.tilt is not None
    reachable = on_camera or (preset.token is None and known_place) or (preset.token is not None and not asked)
    pan, tilt, zoom = (
        (kept.pan, kept.tilt, kept.zoom)
        if kept is not None and not known_place
        else (
            preset.pan,
            preset.tilt,
            preset.zoom,
        )
    )
    return PresetChoice(preset.name, preset.number, preset.token, pan, tilt, zoom, on_camera, reachable)
