"""Communes and the places in them where cameras stand."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from camera_registry.domain.position import Area, Position


@dataclass(frozen=True, slots=True)
class Commune:
    """A member commune: INSEE code, name, contour (IGN or approximate, as the town's data says)."""

    insee: str
    name: str
    contour: Area


class Support(StrEnum):
    """What a camera hangs on."""

    MAT = "mat"
    FACADE = "facade"
    CANDELABRE = "candelabre"
    TOITURE = "toiture"
    AUTRE = "autre"


class Link(StrEnum):
    """What carries its stream to the centre."""

    FIBRE = "fibre"
    RADIO = "radio"
    MOBILE_4G = "4g"
    CUIVRE = "cuivre"
    AUTRE = "autre"


@dataclass(frozen=True, slots=True)
class Site:
    """A *point d'implantation*: the mast or façade that one or several cameras share.

    ``support`` and ``link`` None: nobody said. ``works``: what is still to be done there, in words. ``address``: as a
    person finds it. ``revision`` grows by one at each change by a person.
    """

    site_id: str
    insee: str
    label: str
    position: Position
    support: Support | None = None
    link: Link | None = None
    works: str = ""
    address: str = ""
    revision: int = 0


def folded(text: str) -> str:
    """Return text without accents, case, hyphens or doubled blanks, to compare names as people write them."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(bare.replace("-", " ").replace("'", " ").replace("’", " ").casefold().split())
