"""Codes as people write them, and as a register takes them."""

import re
import unicodedata

_CODE_PART = re.compile(r"[^A-Za-z0-9_-]+")


def as_code(text: str) -> str:
    """Return what a register can take as a code: blanks and signs become hyphens, accents go; '' if nothing is left."""
    bare = text.strip().removesuffix(".0")
    if _CODE_PART.search(bare):
        keep = "".join(c for c in _decomposed(bare) if ord(c) < 128)  # noqa: PLR2004 - ASCII
        bare = _CODE_PART.sub("-", keep)
    return bare.strip("-_")[:64].strip("-_")


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text.replace("°", "").replace("º", ""))
