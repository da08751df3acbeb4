"""The usual optics of each kind of camera: data in a TOML file, the package's own or one that the town names."""

import tomllib
from importlib.resources import files
from pathlib import Path

from camera_registry.domain.camera import CameraInvalid, Optics
from camera_registry.domain.field_of_view import UsualOptics, UsualOpticsByKind
from contracts.registry import CameraKind


class UsualOpticsUnusable(ValueError):
    """The file lacks a kind, or holds a range or an opening that no camera has; the text says which."""


def load_usual_optics(file: Path | None = None) -> UsualOpticsByKind:
    """Read range (metres) and opening (degrees) by kind; None reads the package's own. Raises UsualOpticsUnusable."""
    source = file if file is not None else files("camera_registry") / "usual_optics.toml"
    document = tomllib.loads(source.read_text(encoding="utf-8"))
    try:
        return {kind: _usual(document[kind.value]) for kind in CameraKind}
    except (KeyError, TypeError, ValueError) as error:
        raise UsualOpticsUnusable(f"{source}: {error}") from error


def _usual(entry: dict[str, float]) -> UsualOptics:
    optics = Optics(range_m=float(entry["range_m"]), opening_deg=float(entry["opening_deg"]))
    if optics.range_m is None or optics.opening_deg is None:
        raise CameraInvalid("range_m", "La portée et l'ouverture sont nécessaires.")
    return UsualOptics(optics.range_m, optics.opening_deg)
