"""Communes and the places in them where cameras stand."""

import unicodedata
from dataclasses import dataclass

from camera_registry.domain.position import Area, Position


@dataclass(frozen=True, slots=True)
class Commune:
    """A member commune: INSEE code, name, contour (IGN or approximate, as the town's data says)."""

    insee: str
    name: str
    contour: Area


@dataclass(frozen=True, slots=True)
class Site:
    """A *point d'implantation*: the mast or façade that one or several cameras share."""

    site_id: str
    insee: str
    label: str
    position: Position


def folded(text: str) -> str:
    """Return text without accents, case, hyphens or doubled blanks, to compare names as people write them."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(bare.replace("-", " ").replace("'", " ").replace("’", " ").casefold().split())
