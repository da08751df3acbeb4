"""Which commune a line is in: by INSEE code, name, postcode, or where its point lies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from camera_registry.domain.commune import Commune
from camera_registry.domain.importing.issues import CellProblem
from camera_registry.domain.importing.places import Extent
from camera_registry.domain.importing.words import is_nothing, plain
from camera_registry.domain.position import Position, distance_m

BORDER_TOLERANCE_M = 300
"""Contours are generalised: a camera this far outside its commune is still taken as in it."""
_ARRONDISSEMENTS = {"751": "75056", "6938": "69123", "132": "13055"}
_CITIES = {"paris": "751", "lyon": "6938", "marseille": "132"}
_ORDINAL = re.compile(r"^(paris|lyon|marseille) (\d{1,2})(?: ?(?:er|e|eme|ere|nd))?(?: arr(?:ondissement)?)?$")
_ARTICLES = re.compile(r"^(?:commune de|ville de|mairie de|city of|comune di|ayuntamiento de|gemeente) ")
_SAINT = {"st": "saint", "ste": "sainte", "sts": "saints", "s": "sur"}
_CLOSE = 0.88


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The commune of a line; ``doubt`` tells a person (French) what was supposed, with the field it concerns."""

    commune: Commune
    doubt: tuple[str, str] | None = None


class CommuneFinder:
    """Finds communes among those the caller may write; ``postcodes`` gives INSEE codes by French postcode."""

    def __init__(
        self, communes: Mapping[str, Commune], postcodes: Mapping[str, tuple[str, ...]], default: str | None = None
    ) -> None:
        self._communes = communes
        self._postcodes = postcodes
        self._default = communes.get(default) if default else None
        self._by_name = {_name(commune.name): commune for commune in communes.values()}
        self._centres = {insee: commune.contour.centre for insee, commune in communes.items()}
        self._read: dict[str, Whereabouts | None] = {}
        self._last: Commune | None = None

    @property
    def extent(self) -> Extent:
        """The box that holds the communes, in degrees; all the Earth when there is none."""
        bounds = [commune.contour.geometry.bounds for commune in self._communes.values()]
        if not bounds:
            return Extent(-180, -90, 180, 90)
        return Extent(
            min(b[0] for b in bounds), min(b[1] for b in bounds), max(b[2] for b in bounds), max(b[3] for b in bounds)
        )

    def find(self, named: str, postcode: str, position: Position | None) -> Whereabouts:
        """Return the commune of a line; raises CellProblem with how to mend it."""
        if not is_nothing(named):
            found = self._named(named)
            if found is not None:
                return self._rather_by_postcode(named, found, position)
        by_code = self._by_postcode(postcode if not is_nothing(postcode) else named, position)
        if by_code is not None:
            return by_code
        around = self._around(position) if position is not None else None
        if around is not None:
            return Whereabouts(around, self._doubt(named, around))
        if self._default is not None:
            return Whereabouts(self._default, self._doubt(named, self._default))
        raise self._nowhere(named, postcode, position)

    def farness(self, position: Position) -> str:
        """Tell how far a point is from the nearest commune, for a person."""
        if not self._centres:
            return ""
        insee, metres = min(
            ((insee, distance_m(centre, position)) for insee, centre in self._centres.items()), key=lambda each: each[1]
        )
        return f"à environ {max(1, round(metres / 1000))} km de {self._communes[insee].name}, la commune la plus proche"

    def _named(self, text: str) -> Whereabouts | None:
        if text not in self._read:
            self._read[text] = self._look_up(text)
        return self._read[text]

    def _look_up(self, text: str) -> Whereabouts | None:
        for code in re.findall(r"(?<![0-9A-Za-z])(\d{4,5}|2[ABab]\d{3})(?:\.0)?(?![0-9A-Za-z])", text):
            insee = code.upper().rjust(5, "0")
            commune = self._communes.get(insee) or self._communes.get(_parent(insee))
            if commune is not None:
                return Whereabouts(commune)
        name = _name(re.sub(r"\(.*?\)|\d{5}", " ", text))
        if not name:
            return None
        if match := _ORDINAL.match(name):
            code = _CITIES[match[1]] + match[2].rjust(5 - len(_CITIES[match[1]]), "0")
            commune = self._communes.get(code) or self._communes.get(_parent(code))
            return Whereabouts(commune) if commune else None
        if name in self._by_name:
            return Whereabouts(self._by_name[name])
        return self._alike(text, name)

    def _alike(self, text: str, name: str) -> Whereabouts | None:
        begun = [known for known in self._by_name if known.startswith(f"{name} ") or name.startswith(f"{known} ")]
        close = begun or get_close_matches(name, self._by_name, n=2, cutoff=_CLOSE)
        if len(close) != 1:
            return None
        commune = self._by_name[close[0]]
        return Whereabouts(
            commune, ("commune", f"« {text} » compris comme {commune.name} ({commune.insee}) : vérifiez.")
        )

    def _rather_by_postcode(self, named: str, found: Whereabouts, position: Position | None) -> Whereabouts:
        """95210 is the INSEE code of Enghien and the postcode of Saint-Gratien: the point decides."""
        code = named.strip()
        if (
            position is None
            or code not in self._postcodes
            or found.commune.contour.within_reach(position, BORDER_TOLERANCE_M)
        ):
            return found
        other = self._by_postcode(code, position)
        return other if other is not None and other.commune.contour.contains(position) else found

    def _by_postcode(self, text: str, position: Position | None) -> Whereabouts | None:
        digits = text.replace(" ", "").removesuffix(".0")
        if not digits.isdigit() or len(digits) not in {4, 5}:
            return None
        served = self._postcodes.get(digits.rjust(5, "0"), ())
        known = {insee: self._communes[insee] for insee in served if insee in self._communes}
        for insee in served:
            parent = _parent(insee)
            if parent in self._communes:
                known.setdefault(parent, self._communes[parent])
        if len(known) == 1:
            return Whereabouts(next(iter(known.values())))
        if known and position is None:
            names = ", ".join(f"{commune.name} ({commune.insee})" for commune in known.values())
            raise CellProblem(
                "commune", f"Le code postal {digits} est celui de {names} : ajoutez le nom ou le code INSEE.", text
            )
        return None

    def _around(self, position: Position) -> Commune | None:
        if self._last is not None and self._last.contour.contains(position):
            return self._last
        for metres in (0, BORDER_TOLERANCE_M):
            for commune in self._communes.values():
                if commune.contour.within_reach(position, metres) if metres else commune.contour.contains(position):
                    self._last = commune
                    return commune
        return None

    def _doubt(self, named: str, commune: Commune) -> tuple[str, str] | None:
        if is_nothing(named):
            return None
        return "commune", f"Commune inconnue ici : la ligne est prise à {commune.name} ({commune.insee}). Vérifiez."

    def _nowhere(self, named: str, postcode: str, position: Position | None) -> CellProblem:
        mend = (
            "écrivez le nom exact ou le code INSEE d'une commune de votre périmètre, ou choisissez une commune pour "
            "l'import"
        )
        if not is_nothing(named):
            return CellProblem("commune", f"Commune inconnue ou hors de votre périmètre : {mend}.")
        if position is not None:
            return CellProblem(
                "commune",
                f"Hors du territoire : ce point est {self.farness(position)}. Vérifiez la position, ou {mend}.",
                f"{position.lon:.6f}, {position.lat:.6f}",
            )
        if not is_nothing(postcode):
            return CellProblem(
                "postcode", f"Hors du territoire : ce code postal n'est d'aucune commune d'ici ; {mend}."
            )
        return CellProblem("commune", f"Ni commune ni position : {mend}.")


def _name(text: str) -> str:
    """Return a commune's name as it is compared: plain, *St* written out, without what stands before it."""
    words = [_SAINT.get(word, word) for word in _ARTICLES.sub("", plain(text)).split()]
    return " ".join(words)


def _parent(insee: str) -> str:
    return next((city for prefix, city in _ARRONDISSEMENTS.items() if insee.startswith(prefix)), "")
