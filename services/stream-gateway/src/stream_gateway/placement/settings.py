"""What a media node is told of itself, and the pace of placement."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """A media node. ``node_id``: stable over restarts, ``[A-Za-z0-9_-]{1,64}``, unique in the centre.

    ``capacity``: cameras at once. ``communes``: INSEE codes it may serve, empty for all. ``url``: its internal HTTP
    endpoint. ``spare``: takes only what active nodes cannot.
    """

    node_id: str
    capacity: int
    communes: tuple[str, ...] = ()
    url: str = ""
    version: str = ""
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast placement acts, in seconds and counts. Detection times are rules of the domain, not settings.

    ``decide_seconds``: what is to be done is looked at so often, whatever happens.
    ``patience_seconds``: a free camera that its node did not take within them goes to the next best.
    ``moves_at_once``: hand-overs under way per node. ``settle_seconds``: nodes must not have changed for so long before
    cameras are moved only for a better distribution. ``hand_over_seconds``: a successor that has not confirmed by then
    loses its chance. ``retry_move_seconds``: pause after that. ``linger_seconds``: the old holder finishes what it was
    writing. ``release_seconds``: a camera nobody wants recorded keeps its place for so long.
    """

    heartbeat_seconds: float = 1.0
    look_seconds: float = 0.25
    decide_seconds: float = 1.0
    claims_at_once: int = 64
    patience_seconds: float = 2.0
    moves_at_once: int = 10
    settle_seconds: float = 30.0
    hand_over_seconds: float = 30.0
    retry_move_seconds: float = 60.0
    linger_seconds: float = 3.0
    release_seconds: float = 60.0
