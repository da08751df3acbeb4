"""*Boutons d'alerte*: devices in shops and public buildings whose press is a P1 incident (DOMAIN §5)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from camera_registry.domain.position import Position

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")


class ButtonProof(StrEnum):
    """How a button proves who it is: a signature over each message, or a secret sent with it.

    A signature cannot be used again by who overhears it; simple devices can only send a secret (*jeton*).
    """

    SIGNATURE = "signature"
    JETON = "jeton"


class ButtonInvalid(ValueError):
    """A button that cannot be registered; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Button:
    """A registered button. ``retired_at``: since when its presses are refused."""

    button_id: str
    label: str
    address: str
    insee: str
    position: Position
    proof: ButtonProof
    registered_at: datetime
    registered_by: str
    retired_at: datetime | None = None

    def __post_init__(self) -> None:
        if not _ID.match(self.button_id):
            raise ButtonInvalid("button_id", "1 à 64 caractères : lettres sans accent, chiffres, « - » et « _ ».")
        if not self.label.strip():
            raise ButtonInvalid("label", "Donnez un libellé au bouton.")
