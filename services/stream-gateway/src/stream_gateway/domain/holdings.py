"""What a media node holds, and why it gains or loses a camera: the words between placement and recording."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Previous:
    """Who recorded before. ``unseen_since``: last sign of life, None where it was alive. ``cause``: French."""

    node_id: str
    unseen_since: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class Holding:
    """The right to record one camera under an epoch. ``handing_over``: begun beside the holder, not taken over yet."""

    camera_id: str
    epoch: int
    since: datetime
    previous: Previous | None
    handing_over: bool = False


class LossCause(StrEnum):
    """Why a camera is no longer ours."""

    HANDED_OVER = "handed_over"
    TAKEN = "taken"
    RELEASED = "released"
    HAND_OVER_CANCELLED = "hand_over_cancelled"


@dataclass(frozen=True, slots=True)
class Loss:
    """A camera that is recorded elsewhere from now on.

    After a hand-over the gate of ``epoch`` stays open until the monotonic instant ``finish_by``, so that the last
    group of pictures is written: the successor's footage began before. In all other cases it is closed at once.
    """

    camera_id: str
    epoch: int
    cause: LossCause
    finish_by: float | None


def unheard(node_id: str) -> str:
    """Return the cause of a gap whose node was called dead."""
    return f"le nœud média {node_id} ne répondait plus"


def ended(node_id: str) -> str:
    """Return the cause of a gap whose node had ended or been started again."""
    return f"le nœud média {node_id} a été arrêté"
