"""A recorded stream against the technical minima of the arrêté of 3 August 2007."""

from dataclasses import dataclass

from camera_registry.domain.health_rules import HealthRules, Minimum
from contracts.registry import CameraKind


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """What a stream measured: pixels, pictures/s, seconds between keyframes, kbit/s; None where it did not tell."""

    codec: str
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    gop_s: float | None = None
    bitrate_kbps: float | None = None


def minimum_for(kind: CameraKind, opening_deg: float | None, rules: HealthRules) -> Minimum:
    """Return the minimum that a camera must meet, by its angle of view or, where nobody gave it, by its kind."""
    by_kind = kind.value in rules.narrow_when_unknown
    narrow = by_kind if opening_deg is None else opening_deg < rules.narrow_below_deg
    return rules.minima["plan_etroit" if narrow else "plan_large"]


def shortfalls(quality: StreamQuality, minimum: Minimum, rules: HealthRules) -> list[str]:
    """Return in words what is below the minimum; what was not measured is not held against the camera.

    A picture turned by a quarter ("corridor") counts by its long and its short side.
    """
    found: list[str] = []
    if quality.width is not None and quality.height is not None:
        sides = sorted((quality.width, quality.height), reverse=True)
        if sides[0] < minimum.width or sides[1] < minimum.height:
            found.append(f"{quality.width} x {quality.height} pour {minimum.width} x {minimum.height} au moins")
    if quality.fps is not None and quality.fps < minimum.fps * (1 - rules.rate_tolerance):
        found.append(f"{quality.fps:.1f} images/s pour {minimum.fps:g} au moins".replace(".", ","))
    if quality.gop_s is not None and quality.gop_s > minimum.max_gop_s:
        every = f"{quality.gop_s:.1f}".replace(".", ",")
        found.append(f"une image clé toutes les {every} s pour {minimum.max_gop_s:g} s au plus")
    return found
