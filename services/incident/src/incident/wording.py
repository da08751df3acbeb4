"""What a text typed by a person must be: readable, of a sane length, and never a way to an image."""

import re
import unicodedata

from incident.errors import FieldRefused

FACTS_LENGTH = (3, 4000)
NOTE_LENGTH = (0, 1000)
MESSAGE_LENGTH = (3, 1000)
ADDRESS_LENGTH = (0, 300)

_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bdata:|\bwww\.|[\w-]\.(?:fr|com|net|org|eu|io|be|app|me|co|link)/", re.IGNORECASE
)
_LINE_BREAKS = "\n\t"


def readable_text(field: str, value: str, length: tuple[int, int]) -> str:
    """Return the text without blanks around it, in Unicode form C.

    Raises:
        FieldRefused: shorter or longer than ``length`` (characters, both included), control or direction
            characters, or, where something must be said, not a single letter.
    """
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    shortest, longest = length
    if not shortest <= len(text) <= longest:
        raise FieldRefused(field, f"entre {shortest} et {longest} caractères attendus, {len(text)} reçus.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} and char not in _LINE_BREAKS for char in text):
        raise FieldRefused(field, "des caractères invisibles ou de contrôle s'y trouvent : retapez le texte.")
    if shortest > 0 and not any(char.isalpha() for char in text):
        raise FieldRefused(field, "aucun mot lisible : décrivez la situation.")
    return text


def text_without_link(field: str, value: str, length: tuple[int, int]) -> str:
    """Return readable text that carries no link.

    A message to a partner is text only: the Croix-Rouge in particular must never get a way to an image
    (L.252-3 CSI, closed list of recipients).

    Raises:
        FieldRefused: as ``readable_text``, or a link is in it.
    """
    text = readable_text(field, value, length)
    if _LINK.search(text):
        raise FieldRefused(field, "un message aux partenaires est du texte seul : retirez l'adresse web.")
    return text
