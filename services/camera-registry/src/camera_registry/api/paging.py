"""Boxes and cursors as they stand in an address."""

import base64
import binascii
import math

from camera_registry.domain.camera import check_code
from common.problems import Invalid

_BOX_SIDES = 4


def box_of(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees; raises Invalid."""
    try:
        sides = [float(side) for side in text.split(",")]
    except ValueError:
        sides = []
    usable = len(sides) == _BOX_SIDES and all(map(math.isfinite, sides))
    if not usable or sides[0] > sides[2] or sides[1] > sides[3]:
        raise Invalid("Le cadre « bbox » s'écrit ouest,sud,est,nord en degrés.", [{"field": "bbox", "message": text}])
    return sides[0], sides[1], sides[2], sides[3]


def cursor_of(camera_id: str) -> str:
    """Return the cursor that asks for what follows a camera."""
    return base64.urlsafe_b64encode(camera_id.encode()).decode().rstrip("=")


def after_cursor(cursor: str | None) -> str | None:
    """Return the camera that a cursor stands for, None at the beginning; raises Invalid."""
    if not cursor:
        return None
    try:
        after = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        check_code(after)
    except (binascii.Error, ValueError):
        raise Invalid("Ce curseur n'est pas lisible : reprenez la liste depuis le début.") from None
    return after
