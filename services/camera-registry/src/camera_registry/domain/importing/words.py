"""The words people use for a kind, a state, a precision, a number or a day."""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeVar

from camera_registry.domain.position import PositionPrecision
from contracts.registry import CameraKind, CameraStatus

_T = TypeVar("_T")
_KEPT = re.compile(r"[^a-z0-9]+")


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


_NOTHING = frozenset(
    {
        *("", "-", "--", "/", "?", "nc", "n c", "na", "n a", "nd", "ns", "so", "neant", "inconnu", "inconnue", "null"),
        *("none", "nil", "unknown", "desconocido", "desconocida", "unbekannt", "sconosciuto", "onbekend"),
        *("non renseigne", "non renseignee", "non communique", "non defini", "a definir", "a determiner", "vide"),
        *("ref", "value", "div 0", "name", "num", "valeur", "nan", "sans objet", "desconhecido", "nom", "x x"),
    }
) - {"nom"}
"""Ways of leaving a cell empty, error values of spreadsheets among them."""

_KINDS: tuple[tuple[CameraKind, tuple[str, ...]], ...] = (
    (
        CameraKind.MULTI_CAPTEUR,
        _words(
            "multi capteur, multi capteurs, multicapteur, multicapteurs, multi objectif, multi objectifs, "
            "multi sensor, multisensor, multi sensore, multisensore, multisensorial, multi sensorial, quadri "
            "capteur, quadricapteur, bi capteur, bicapteur, multi optique, multi optiques, multi"
        ),
    ),
    (
        CameraKind.PANORAMIQUE,
        _words(
            "panoramique, panoramiques, pano, 360, 180, 270, fisheye, fish eye, hemispherique, panoramic, "
            "panoramica, panoramico, panorama, panoramisch, hemispheric, grand angle"
        ),
    ),
    (
        CameraKind.NOMADE,
        _words(
            "nomade, nomades, mobile, mobiles, deplacable, deplacables, portable, nomadic, movil, mobil, "
            "mobiel, temporaire, redeployable, re deployable, itinerante, movel"
        ),
    ),
    (
        CameraKind.PTZ,
        _words(
            "ptz, motorisee, motorisees, motorise, rotative, orientable, orientables, pilotable, pilotables, "
            "speed dome, speeddome, dome ptz, dome motorise, dome, domes, mobile ptz, domo, domos, cupola, "
            "brandkast, schwenkbar, schwenk neige, beweeglijk, girevole, tourelle motorisee, azimutale, zoom"
        ),
    ),
    (
        CameraKind.FIXE,
        _words(
            "fixe, fixes, bullet, tube, box, boitier, mini dome, minidome, dome fixe, domes fixes, fixed, "
            "fija, fijo, fissa, fisso, fest, fix, feststehend, vast, vaste, fixa, static, tourelle, turret, "
            "thermique, vpi, lapi, lecture de plaques, plaques, anpr, statique, varifocale, contexte, "
            "standard"
        ),
    ),
)
_STATUSES: dict[CameraStatus, tuple[str, ...]] = {
    CameraStatus.PROJET: _words(
        "projet, en projet, prevue, prevu, a installer, future, planifiee, planned, proyecto, geplant, "
        "progetto, projetada, gepland, a creer, creation"
    ),
    CameraStatus.ETUDE: _words("etude, en etude, a l etude, study, estudio, proposed"),
    CameraStatus.AUTORISEE: _words("autorisee, autorise, autorisation obtenue, authorised, authorized, autorizada"),
    CameraStatus.EN_TRAVAUX: _words(
        "en travaux, travaux, en cours, en cours d installation, installation, obras, en obras, under "
        "construction, im bau, in bouw, en cours de pose"
    ),
    CameraStatus.EN_SERVICE: _words(
        "en service, active, actif, activa, activo, aktiv, attiva, attivo, ativa, actief, ok, fonctionnelle, "
        "operationnelle, oui, existante, existant, en fonction, installee, installe, live, online, in "
        "service, operational, en servicio, in betrieb, in servizio, em servico, in dienst, working, marche, "
        "posee, yes, bon"
    ),
    CameraStatus.EN_PANNE: _words(
        "en panne, panne, hs, h s, hors service, defaillante, defectueuse, faulty, down, out of order, out of "
        "service, averiada, defekt, guasta, avariada, defect, offline, en maintenance, maintenance, a "
        "reparer, broken, inactive, inactif, inactiva"
    ),
    CameraStatus.DEPOSEE: _words(
        "deposee, depose, supprimee, retiree, demontee, enlevee, removed, decommissioned, retirada, rimossa, "
        "verwijderd, abgebaut, non, abandonnee, desinstallee"
    ),
}
_PRECISIONS: dict[PositionPrecision, tuple[str, ...]] = {
    PositionPrecision.EXACT: _words(
        "exact, exacte, precise, precis, adresse precise, gps, point decrit, croisement, numero, housenumber, "
        "point, leve, x y"
    ),
    PositionPrecision.STREET: _words(
        "street, rue, voie, adresse imprecise, approximative, approximatif, imprecise, lieu dit, locality, "
        "approx, environ, approximate"
    ),
    PositionPrecision.COMMUNE: _words("commune, municipality, ville, centroide, mairie, centre"),
    PositionPrecision.UNKNOWN: _words("unknown, inconnue, inconnu"),
}
WINDS = {
    "n": 0, "nne": 22.5, "ne": 45, "ene": 67.5, "e": 90, "ese": 112.5, "se": 135, "sse": 157.5, "s": 180,
    "sso": 202.5, "so": 225, "oso": 247.5, "o": 270, "ono": 292.5, "no": 315, "nno": 337.5, "ssw": 202.5, "sw": 225,
    "wsw": 247.5, "w": 270, "wnw": 292.5, "nw": 315, "nnw": 337.5, "nord": 0, "est": 90, "sud": 180, "ouest": 270,
    "nord est": 45, "sud est": 135, "sud ouest": 225, "nord ouest": 315, "north": 0, "east": 90, "south": 180,
    "west": 270,
}  # fmt: skip
"""Degrees from north, clockwise, of the directions people name; *O* is the French west."""
_YES = frozenset({"x", "oui", "o", "yes", "y", "si", "ja", "sim", "vrai", "true", "1", "✓", "✔"})
_PLAIN_NUMBER = re.compile(r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("janvier", "janv", "jan", "january", "enero", "ene", "januar", "gennaio", "gen", "januari", "janeiro"),
            ("fevrier", "fevr", "fev", "february", "feb", "febrero", "februar", "febbraio", "februari", "fevereiro"),
            ("mars", "mar", "march", "marzo", "marz", "maerz", "mrz", "maart", "marco"),
            ("avril", "avr", "april", "apr", "abril", "abr", "aprile"),
            ("mai", "may", "mayo", "maggio", "mag", "mei", "maio"),
            ("juin", "jun", "june", "junio", "juni", "giugno", "giu", "junho"),
            ("juillet", "juil", "jul", "july", "julio", "juli", "luglio", "lug", "julho"),
            ("aout", "aou", "aug", "august", "agosto", "ago", "augustus"),
            ("septembre", "sept", "sep", "september", "septiembre", "settembre", "set", "setembro"),
            ("octobre", "oct", "october", "octubre", "oktober", "okt", "ottobre", "ott", "outubro", "out"),
            ("novembre", "nov", "november", "noviembre", "novembro"),
            ("decembre", "dec", "december", "diciembre", "dic", "dezember", "dez", "dicembre", "dezembro"),
        ),
        start=1,
    )
    for name in names
}
_SEASONS = {"debut": 1, "printemps": 4, "ete": 7, "automne": 10, "hiver": 1, "fin": 12}
_QUARTER = re.compile(
    r"^(?:t|q|trimestre )([1-4])(?: (?:de )?)?((?:19|20)\d\d)$|^([1-4])(?:er|e|eme) trimestre ((?:19|20)\d\d)$"
)
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ].*)?$")
_DAY_FIRST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[ T].*)?$")
_MONTH_YEAR = re.compile(r"^(\d{1,2})[-/.](\d{4})$")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(20_000, 60_001)
_COMPACT = re.compile(r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
_CENTURY_TURN = 70
_LONGEST = 120
_COMPARED = 300
_COUNTED = re.compile(r"^(\d{1,2})\s*(?:x|×|\*)?\s*(.+)$|^(.+?)\s*(?:x|×|\*)\s*(\d{1,2})$")
_PARTS = re.compile(
    r"\s*(?:[,;+&|\n]|(?<=\D)/(?=\D)|(?<=\s)et(?=\s)|(?<=\s)and(?=\s)|(?<=\s)y(?=\s)|(?<=\s)und(?=\s))\s*"
)


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return text in lower case without accents or punctuation, words one blank apart: how words are compared."""
    bare = unicodedata.normalize("NFKD", text[:_COMPARED].replace("°", " ").replace("œ", "oe").replace("Œ", "oe"))
    return _KEPT.sub(" ", bare.encode("ascii", "ignore").decode().lower()).strip()


def is_nothing(text: str) -> bool:
    """Tell whether a cell says nothing: empty, a dash, *NC*, *inconnue*, ``#N/A``, and the like."""
    return not text or plain(text) in _NOTHING


def kind_of(text: str) -> CameraKind | None:
    """Return the kind that words name (*Dôme motorisé*, ``PTZ``, *360°*), or None."""
    return _kind(plain(text))


@lru_cache(maxsize=4096)
def _kind(words: str) -> CameraKind | None:
    words = re.sub(r"^(?:cameras?|cam|type|tipo|typ)\s+", "", words)
    for kind, names in _KINDS:
        if words in names or words == kind.value.replace("_", " "):
            return kind
    padded = f" {words} "
    found = [kind for kind, names in _KINDS if any(f" {name} " in padded for name in names)]
    if found and found[0] is CameraKind.PTZ and CameraKind.FIXE in found and " ptz " not in padded:
        return CameraKind.FIXE
    return found[0] if found else None


def kinds_of(text: str) -> list[CameraKind] | None:
    """Return the kinds that a cell lists (*1 PTZ + 2 fixes*), None unless every part names one."""
    whole = kind_of(text)
    if len(text) > _LONGEST:
        return [whole] if whole else None
    kinds: list[CameraKind] = []
    for part in _PARTS.split(text.strip()):
        match = _COUNTED.match(part.strip())
        number, words = (match.group(1) or match.group(4), match.group(2) or match.group(3)) if match else ("1", part)
        kind = kind_of(words or "")
        if kind is None or not 1 <= int(number) <= 64:  # noqa: PLR2004 - more on one mast is a mistake
            return [whole] if whole else None
        kinds.extend([kind] * int(number))
    return kinds or None


def status_of(text: str) -> CameraStatus | None:
    """Return the state that words name, or None."""
    return _STATUS_OF.get(plain(text))


def precision_of(text: str) -> PositionPrecision | None:
    """Return how well a place is known, as words tell it, or None."""
    return _PRECISION_OF.get(plain(text))


def is_yes(text: str) -> bool:
    """Tell whether a cell only ticks."""
    return text.strip().casefold() in _YES


def _by_word(words: Mapping[_T, tuple[str, ...]]) -> dict[str, _T]:
    return {name: value for value, names in words.items() for name in names}


_STATUS_OF = _by_word(_STATUSES)
_PRECISION_OF = _by_word(_PRECISIONS)


def number_of(text: str) -> float | None:
    """Return the number of a cell: decimal comma or point, thousands by blanks, points, commas or quotes; or None."""
    if _PLAIN_NUMBER.match(text):
        return float(text)
    bare = re.sub(r"[\s\u00a0\u202f'’_]", "", text).rstrip("°m")
    if not bare or len(bare) > 40 or not re.fullmatch(r"[+\-−]?[\d.,]+(?:[eE][+\-]?\d{1,2})?", bare):  # noqa: PLR2004
        return None
    bare = bare.replace("−", "-")
    if "," in bare and "." in bare:
        thousands = "," if bare.rfind(".") > bare.rfind(",") else "."
        bare = bare.replace(thousands, "")
    for mark in ",.":
        if bare.count(mark) > 1:
            bare = bare.replace(mark, "")
    try:
        value = float(bare.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def date_of(text: str) -> date | None:
    """Return the day of a cell in the forms people use, or None; a month or year alone is its first day."""
    value = text.strip()
    if len(value) > _LONGEST:
        return None
    try:
        return _numeric_date(value) or _worded_date(plain(value))
    except (ValueError, OverflowError):
        return None


def _numeric_date(value: str) -> date | None:  # noqa: PLR0911 - one return a form
    if match := _ISO.match(value):
        return date(int(match[1]), int(match[2]), int(match[3] or 1))
    if match := _DAY_FIRST.match(value):
        day, month, year = int(match[1]), int(match[2]), _year(match[3])
        return date(year, day, month) if month > 12 else date(year, month, day)  # noqa: PLR2004 - months
    if match := _MONTH_YEAR.match(value):
        return date(int(match[2]), int(match[1]), 1)
    if match := _COMPACT.match(value):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if re.fullmatch(r"(?:19|20)\d\d", value):
        return date(int(value), 1, 1)
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", value):
        days = int(re.split(r"[.,]", value)[0])
        return _EXCEL_EPOCH + timedelta(days=days) if days in _EXCEL_DAYS else None
    return None


def _worded_date(words: str) -> date | None:
    if match := _QUARTER.match(words):
        quarter, year = (match[1], match[2]) if match[1] else (match[3], match[4])
        return date(int(year), 3 * int(quarter) - 2, 1)
    parts = [part for part in words.split() if part not in {"le", "de", "del", "des", "en", "er", "courant", "depuis"}]
    parts = [re.sub(r"^(\d{1,2})(?:er|st|nd|rd|th)$", r"\1", part) for part in parts]
    months = [index for index, part in enumerate(parts) if part in _MONTHS]
    if len(parts) == 2 and parts[0] in _SEASONS and re.fullmatch(r"(?:19|20)\d\d", parts[1]):  # noqa: PLR2004
        return date(int(parts[1]), _SEASONS[parts[0]], 1)
    if len(months) != 1:
        return None
    numbers = [part for part in parts if part.isdigit()]
    month = _MONTHS[parts[months[0]]]
    if len(numbers) == 1:
        return date(_year(numbers[0]), month, 1)
    if len(numbers) >= 2 and len(numbers[0]) <= 2:  # noqa: PLR2004 - a day, a year, perhaps a time
        return date(_year(numbers[1]), month, int(numbers[0]))
    return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004 - a year written out
        if not 1900 <= year <= 2200:  # noqa: PLR2004
            raise ValueError(text)
        return year
    return year + (1900 if year >= _CENTURY_TURN else 2000)
