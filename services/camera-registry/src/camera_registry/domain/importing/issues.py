"""What is reported of a file, line by line."""

import re
from dataclasses import dataclass
from typing import Literal

_SECRET_COLUMNS = frozenset({"password", "username"})
_USERINFO = re.compile(r"//[^\s/]*@")
_SECRET_PARAMETER = re.compile(
    r"(?i)\b(pass(?:word|wd)?|pwd|mdp|motdepasse|secret|token|key|user(?:name)?|login|usr)=[^&\s;,]*"
)
_SHOWN = 200
HIDDEN = "•••"

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Issue:
    """Something to know of one cell. ``line`` counts from 1 as a spreadsheet does; ``message`` says how to mend it.

    An error refuses its line and no other; a warning does not. ``column`` is the field (``lon``), ``header`` what the
    file calls its column, ``value`` the cell without any secret.
    """

    line: int
    column: str
    value: str
    message: str
    severity: Severity = "error"
    header: str = ""


class CellProblem(Exception):
    """A cell that makes its line unusable."""

    def __init__(self, column: str, message: str, value: str | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.message = message
        self.value = value


def shown(column: str, value: str) -> str:
    """Return a cell as a report may show it: no secret, no control character, short."""
    if column in _SECRET_COLUMNS:
        return HIDDEN if value else ""
    bare = _SECRET_PARAMETER.sub(rf"\1={HIDDEN}", _USERINFO.sub(f"//{HIDDEN}@", value))
    return "".join(character if character.isprintable() else " " for character in bare)[:_SHOWN]
