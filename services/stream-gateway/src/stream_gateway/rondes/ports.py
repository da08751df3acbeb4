"""What a ronde and a wall need of the media plane: a camera turned, a picture looked at, cameras kept warm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stream_gateway.domain.ronde_runs import Picture, PresetOutcome
from stream_gateway.use_cases.asking import Asked


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the motors meanwhile, as others are told; ``role`` gives the rank (DOMAIN §7)."""

    holder_id: str
    name: str
    role: str


class PresetMover(Protocol):
    """Sends cameras to stored positions. Never raises for what a camera, a holder or the policy says."""

    async def go(self, asked: Asked, camera_id: str, preset: str, holder: Holder) -> tuple[PresetOutcome, str]:
        """Go to a preset in an agent's name, unless a person holds the camera; returns the outcome and why, in French.

        Taking the motors writes a register row before the camera moves.
        """
        ...


class PictureProbe(Protocol):
    """Looks whether a camera gives a picture; no image leaves the house, so there is no register row."""

    async def look(self, camera_id: str) -> tuple[Picture, str]:
        """Return the verdict and why, in French; bounded in time."""
        ...


class Warmth(Protocol):
    """Keeps cameras warm that are about to be watched, so that their first picture is there at once."""

    def want(self, camera_ids: Iterable[str], until: datetime) -> frozenset[str]:
        """Keep these warm until then; returns those that are, for there is room for so many only."""
        ...
