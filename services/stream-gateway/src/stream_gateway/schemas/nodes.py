"""Media nodes as a supervisor sees them."""

from datetime import datetime

from pydantic import BaseModel

from contracts.media_nodes import NodeState


class MediaNodeOut(BaseModel):
    """A media node. ``state`` is what it takes on (``active``, ``spare``, ``draining``, ``stopped``).

    ``alive``: a heartbeat was heard within 4 s; ``heard_seconds_ago`` since the last one. ``cameras``: how many it
    holds; ``camera_ids``: those of the caller's communes. ``communes`` empty: serves all.
    """

    node_id: str
    state: NodeState
    alive: bool
    heard_seconds_ago: float
    started_at: datetime
    version: str
    communes: list[str]
    capacity: int
    cameras: int
    camera_ids: list[str]


class MediaNodeList(BaseModel):
    """Every media node that was ever heard."""

    items: list[MediaNodeOut]
    next_cursor: str | None = None
