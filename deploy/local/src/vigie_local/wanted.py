"""What the person at the terminal asked for."""

from dataclasses import dataclass
from pathlib import Path

TOWNS = ("plaine-vallee", "valenciennes", "lievin", "bethune")
"""Towns whose communes, contours and organisations are shipped with the services."""


class UnknownTown(RuntimeError):
    """The services know no such town."""

    def __init__(self, town: str) -> None:
        super().__init__(f"Ville inconnue : {town}. Connues : {', '.join(TOWNS)}.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One start: ``cameras`` of them with a picture, ``demo`` with simulated cameras, partners and people."""

    town: str
    data: Path
    port: int
    cameras: int
    demo: bool
