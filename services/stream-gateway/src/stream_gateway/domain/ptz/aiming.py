"""Pointing a camera at a place of the map: from two or more places that it was pointed at by hand.

A dome's pan and tilt in ONVIF's generic spaces are linear in angle: bearing = pan_zero + pan_gain · pan (modulo 360°),
elevation = tilt_zero + tilt_gain · tilt. Both lines are fitted by least squares; the ground is taken as level with the
camera's foot. A pan axis turns by 370° at most, which tells apart the gains that fit two bearings modulo 360°.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stream_gateway.domain.ptz.geodesy import Place, elevation_deg, sight
from stream_gateway.domain.ptz.orders import AbsoluteMove

FEWEST_REFERENCES = 2
MOST_REFERENCES = 32
MOVED_M = 5.0
"""A camera that stands farther than this from where it was calibrated was moved."""

_LARGEST_GAIN = 185.0
_SMALLEST_GAIN = 5.0
_LEAST_SPREAD = 0.02
_LEAST_TURN_DEG = 2.0
_ALIKE_DEG = 1.0
_SLACK_DEG = 1.0
_NEAREST_M = 1.0
_FARTHEST_M = 5_000.0
_FRAME_M = 40.0
"""Width of street that fills the picture after a slew: a junction, with people still to be made out."""


class CalibrationInvalid(ValueError):
    """References that give no calibration; ``message`` is French and tells what to mend."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAimable(Exception):
    """The camera cannot point there; ``message`` is French and tells why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that the camera was pointed at, and what its motors said then."""

    pan: float
    tilt: float
    place: Place


@dataclass(frozen=True, slots=True)
class Optics:
    """Horizontal opening in degrees at zoom 0 and at zoom 1; the magnification is taken as linear in zoom."""

    wide_deg: float
    tele_deg: float

    def __post_init__(self) -> None:
        if not 0.5 <= self.tele_deg <= self.wide_deg <= 120.0:  # noqa: PLR2004 - lenses of dome cameras; refuses NaN
            raise CalibrationInvalid("L'ouverture va de 0,5° à 120°, la plus grande en grand angle.")

    def zoom_for(self, opening_deg: float) -> float:
        """Return the zoom 0…1 whose opening comes nearest to the one asked."""
        wide, tele, asked = (math.tan(math.radians(a / 2)) for a in (self.wide_deg, self.tele_deg, opening_deg))
        if wide / tele <= 1.0 or asked <= 0.0:
            return 0.0
        return min(1.0, max(0.0, (wide / asked - 1.0) / (wide / tele - 1.0)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a camera's motors lie in the world, for where it stood. Angles in degrees, ``height_m`` above its foot.

    ``residual_deg``: the largest angle by which a reference is missed; with two references nothing is left to miss.
    """

    place: Place
    height_m: float
    pan_zero_deg: float
    pan_gain_deg: float
    tilt_zero_deg: float
    tilt_gain_deg: float
    residual_deg: float
    references: tuple[Reference, ...]
    optics: Optics | None = None

    def aim(self, target: Place, *, camera: Place) -> AbsoluteMove:
        """Return the move that points at a place.

        Raises:
            NotAimable: the camera was moved since, the place is too near or too far, or out of its motors' range.
        """
        if sight(self.place, camera).distance_m > MOVED_M:
            raise NotAimable("La caméra a été déplacée depuis son calage : refaites le calage.")
        line = sight(self.place, target)
        if not _NEAREST_M <= line.distance_m <= _FARTHEST_M:
            raise NotAimable("Ce point est au pied de la caméra ou à plus de 5 km : choisissez-en un autre.")
        pan = self._pan(line.bearing_deg)
        tilt = _reached(elevation_deg(self.height_m, line.distance_m), self.tilt_zero_deg, self.tilt_gain_deg)
        if pan is None or tilt is None:
            raise NotAimable("Ce point est hors de la course de la caméra : choisissez une autre caméra.")
        opening = 2.0 * math.degrees(math.atan2(_FRAME_M / 2, line.distance_m))
        return AbsoluteMove(pan, tilt, self.optics.zoom_for(opening) if self.optics else None)

    def bearing_deg(self, pan: float) -> float:
        """Return the bearing 0-360 that a pan position looks to."""
        return (self.pan_zero_deg + self.pan_gain_deg * pan) % 360.0

    def elevation_deg(self, tilt: float) -> float:
        """Return the angle above the horizon that a tilt position looks to."""
        return self.tilt_zero_deg + self.tilt_gain_deg * tilt

    def _pan(self, bearing_deg: float) -> float | None:
        """Return the pan nearest to the middle of the range that looks to a bearing, None when there is none."""
        turn = turned(bearing_deg - self.pan_zero_deg)
        turns = (turn, turn - 360.0, turn + 360.0)
        found = (_reached(self.pan_zero_deg + one, self.pan_zero_deg, self.pan_gain_deg) for one in turns)
        return min((pan for pan in found if pan is not None), key=abs, default=None)


def calibrate(
    place: Place, height_m: float, references: Sequence[Reference], optics: Optics | None = None
) -> Calibration:
    """Fit a calibration to at least two references.

    Raises:
        CalibrationInvalid: too few, too much alike, or they leave two answers open.
    """
    if not FEWEST_REFERENCES <= len(references) <= MOST_REFERENCES:
        raise CalibrationInvalid("Donnez de 2 à 32 points de repère.")
    if not 1.0 <= height_m <= 300.0:  # noqa: PLR2004 - from a low pole to the highest tower; refuses NaN
        raise CalibrationInvalid("La hauteur de la caméra va de 1 à 300 m.")
    lines = [sight(place, one.place) for one in references]
    if any(not _NEAREST_M <= line.distance_m <= _FARTHEST_M for line in lines):
        raise CalibrationInvalid("Un point de repère est au pied de la caméra ou à plus de 5 km.")
    pans, tilts = [one.pan for one in references], [one.tilt for one in references]
    bearings = [line.bearing_deg for line in lines]
    elevations = [elevation_deg(height_m, line.distance_m) for line in lines]
    _refuse_alike(pans, "Les points de repère sont dans la même direction : prenez-en à gauche et à droite.")
    _refuse_alike(tilts, "Les points de repère sont à la même inclinaison : prenez-en un proche et un lointain.")
    if max(elevations) - min(elevations) < _LEAST_TURN_DEG:
        raise CalibrationInvalid("Les points de repère sont à la même distance : prenez-en un proche et un lointain.")
    pan_zero, pan_gain = _fitted_pan(pans, bearings)
    tilt_zero, tilt_gain = _line(tilts, elevations)
    missed = [abs(turned(b - pan_zero - pan_gain * pan)) for b, pan in zip(bearings, pans, strict=True)]
    missed += [abs(e - tilt_zero - tilt_gain * tilt) for e, tilt in zip(elevations, tilts, strict=True)]
    return Calibration(
        place, height_m, pan_zero % 360.0, pan_gain, tilt_zero, tilt_gain, max(missed), tuple(references), optics
    )


def turned(degrees: float) -> float:
    """Return the same direction as an angle in [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


def _refuse_alike(values: Sequence[float], message: str) -> None:
    if max(values) - min(values) < _LEAST_SPREAD:
        raise CalibrationInvalid(message)


def _fitted_pan(pans: Sequence[float], bearings: Sequence[float]) -> tuple[float, float]:
    """Fit the pan line for every gain that the two outermost references leave open; the best must stand out."""
    low = min(range(len(pans)), key=pans.__getitem__)
    high = max(range(len(pans)), key=pans.__getitem__)
    span, turn = pans[high] - pans[low], turned(bearings[high] - bearings[low])
    gains = [(turn + 360.0 * k) / span for k in (-1, 0, 1)]
    fits: list[tuple[float, float, float]] = []
    for gain in (one for one in gains if _SMALLEST_GAIN <= abs(one) <= _LARGEST_GAIN):
        unrolled = [
            bearings[low] + gain * (pan - pans[low]) + turned(bearing - bearings[low] - gain * (pan - pans[low]))
            for pan, bearing in zip(pans, bearings, strict=True)
        ]
        zero, fitted = _line(pans, unrolled)
        worst = max(abs(one - zero - fitted * pan) for one, pan in zip(unrolled, pans, strict=True))
        fits.append((worst, zero, fitted))
    fits.sort()
    if not fits:
        raise CalibrationInvalid("Les points de repère se contredisent : vérifiez-les sur la carte.")
    if len(fits) > 1 and fits[1][0] - fits[0][0] < _ALIKE_DEG:
        raise CalibrationInvalid("Deux calages sont possibles : ajoutez un point de repère entre les autres.")
    return fits[0][1], fits[0][2]


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return intercept and slope by least squares; the xs differ."""
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    return mean_y - slope * mean_x, slope


def _reached(angle_deg: float, zero_deg: float, gain_deg: float) -> float | None:
    """Return the position for an angle; one degree past the end counts as the end."""
    if abs(gain_deg) < _SMALLEST_GAIN / 10:
        return None
    position = (angle_deg - zero_deg) / gain_deg
    if abs(position) > 1.0 + _SLACK_DEG / abs(gain_deg):
        return None
    return min(1.0, max(-1.0, position))
