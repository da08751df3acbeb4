"""What is wrong with a value, in French: pydantic says it in English and for programmers."""

from collections.abc import Mapping
from typing import Any

_WORDS: dict[str, str] = {
    "missing": "Champ obligatoire.",
    "extra_forbidden": "Champ inconnu : retirez-le.",
    "greater_than": "Doit être supérieur à {gt}.",
    "greater_than_equal": "Doit être au moins {ge}.",
    "less_than": "Doit être inférieur à {lt}.",
    "less_than_equal": "Doit être au plus {le}.",
    "string_too_short": "Trop court : {min_length} caractères au moins.",
    "string_too_long": "Trop long : {max_length} caractères au plus.",
    "string_pattern_mismatch": "Forme inattendue.",
    "string_type": "Un texte est attendu.",
    "too_short": "Il en faut au moins {min_length}.",
    "too_long": "Il y en a trop : {max_length} au plus.",
    "int_type": "Un nombre entier est attendu.",
    "int_parsing": "Un nombre entier est attendu.",
    "int_from_float": "Un nombre entier est attendu.",
    "float_type": "Un nombre est attendu.",
    "float_parsing": "Un nombre est attendu.",
    "finite_number": "Un nombre fini est attendu.",
    "bool_type": "« true » ou « false » est attendu.",
    "bool_parsing": "« true » ou « false » est attendu.",
    "enum": "Valeur inconnue. Valeurs possibles : {expected}.",
    "literal_error": "Valeur inconnue. Valeurs possibles : {expected}.",
    "list_type": "Une liste est attendue.",
    "dict_type": "Un objet est attendu.",
    "model_attributes_type": "Un objet est attendu.",
    "timezone_aware": "La date et l'heure doivent porter leur fuseau horaire.",
    "json_invalid": "Ce n'est pas du JSON lisible.",
    "uuid_parsing": "Un identifiant UUID est attendu.",
}
_DATES = "Une date est attendue, par exemple 2026-12-31 ou 2026-12-31T08:00:00Z."


def in_french(error: Mapping[str, Any]) -> str:
    """Return one sentence for an item of ``ValidationError.errors()``; an unknown kind keeps pydantic's own text."""
    kind = str(error.get("type", ""))
    if kind.startswith(("date", "time")) and kind not in _WORDS:
        return _DATES
    words = _WORDS.get(kind)
    if words is None:
        return str(error.get("msg", "")).removeprefix("Value error, ")
    try:
        return words.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return str(error.get("msg", ""))
