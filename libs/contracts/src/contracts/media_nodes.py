"""State of the media nodes and of who records which camera: values of the buckets ``media_nodes`` and ``placements``.

State between the nodes of one service, not facts for others; no camera address, no password, nothing of a person.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts.envelope import Insee, Payload

NODE_KEY = "node."
"""Prefix of the keys of ``media_nodes`` under which a node writes its own heartbeat."""

ORDER_KEY = "order."
"""Prefix of the keys of ``media_nodes`` under which a supervisor's order to a node stands until the next order."""

NodeId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class NodeState(StrEnum):
    """What a media node takes on.

    ``active`` its share; ``spare`` only what active nodes cannot; ``draining`` nothing new, and gives away what it has;
    ``stopped`` it has ended properly and records nothing any more.
    """

    ACTIVE = "active"
    SPARE = "spare"
    DRAINING = "draining"
    STOPPED = "stopped"


class MediaNodeState(Payload):
    """One heartbeat of a media node, written every second.

    ``instance`` is new with every start of the process, ``sequence`` grows by one with every heartbeat of an instance.
    ``communes``: INSEE codes it may serve; empty means all. ``capacity`` and ``load`` count cameras recorded at once.
    """

    node_id: NodeId
    instance: str
    started_at: AwareDatetime
    state: NodeState
    communes: tuple[Insee, ...] = ()
    capacity: Annotated[int, Field(ge=0, le=100_000)]
    load: Annotated[int, Field(ge=0)] = 0
    url: str = ""
    version: str = ""
    sequence: Annotated[int, Field(ge=0)]


class MediaNodeOrder(Payload):
    """What a supervisor wants of a node; holds across its restarts. ``state`` is never ``stopped``."""

    node_id: NodeId
    state: NodeState
    ordered_at: AwareDatetime
    ordered_by: str


class PlacementState(StrEnum):
    """Where a camera's placement stands."""

    HELD = "held"
    HANDING_OVER = "handing_over"
    RELEASED = "released"


class CameraPlacement(Payload):
    """Who records a camera. Key: camera id.

    The *epoch* (fencing token) of the holder is ``epoch``, or the revision of this very value where that is None. In
    ``handing_over`` the revision is the epoch under which ``successor`` begins to record. Epochs of a camera only grow.

    ``previous``, ``unseen_since``, ``cause``: who recorded before, since when it was not heard (None where it was
    alive), and why it changed, as a French sentence for the declared gap.
    """

    node_id: NodeId
    instance: str
    state: PlacementState
    taken_at: AwareDatetime
    epoch: int | None = None
    successor: NodeId | None = None
    successor_instance: str | None = None
    previous: NodeId | None = None
    unseen_since: AwareDatetime | None = None
    cause: str = ""

    def epoch_at(self, revision: int) -> int:
        """Return the holder's epoch, given the revision of this value in its bucket."""
        return self.epoch if self.epoch is not None else revision
