"""Which media node records which camera: weighted rendezvous hashing within capacities.

Every node computes this alone from the same state and comes to the same answer; where their views differ for a moment,
the compare-and-set on the camera's placement decides.

Preference: D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates" (1998); weights by
``-w / ln(u)`` (Schindelhauer, Schomaker, 2005). Capacities: deferred acceptance (Gale, Shapley 1962), in which a full
node keeps the cameras that rank it highest, so that the result does not depend on any order and a node that joins
never sends a camera to one that it likes less than before.
"""

import heapq
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

_UNIT = 2.0**52


@dataclass(frozen=True, slots=True)
class MediaNode:
    """What placement wants to know of a node.

    ``capacity``: cameras it may record at once, ≥ 0; also its weight. ``communes``: INSEE codes it may serve, empty
    for all. ``spare``: gets only cameras that no active node can take.
    """

    node_id: str
    capacity: int
    communes: frozenset[str] = frozenset()
    spare: bool = False

    def serves(self, insee: str) -> bool:
        """Tell whether it may record cameras of a commune."""
        return not self.communes or insee in self.communes


@dataclass(frozen=True, slots=True)
class Assignment:
    """``targets``: the node of each camera; ``unplaced``: cameras that no node has room for, in order."""

    targets: Mapping[str, str]
    unplaced: tuple[str, ...]


def place(
    cameras: Mapping[str, str],
    nodes: Iterable[MediaNode],
    room: Mapping[str, int] | None = None,
    avoid: Mapping[str, AbstractSet[str]] | None = None,
) -> Assignment:
    """Return the node of each camera (id → INSEE code).

    ``room``: how many more each node may take; its whole capacity where None. Nothing is placed beyond it.
    ``avoid``: nodes that a camera shall not go to now.
    """
    nodes = tuple(nodes)
    free = {node.node_id: max(0, node.capacity if room is None else room.get(node.node_id, 0)) for node in nodes}
    avoided = avoid or {}
    ranks = {
        camera: [node for node in preferences(camera, insee, nodes) if node.node_id not in avoided.get(camera, ())]
        for camera, insee in cameras.items()
    }
    kept: dict[str, list[tuple[float, str]]] = {node_id: [] for node_id in free}
    asking = deque((camera, 0) for camera in sorted(cameras))
    unplaced: list[str] = []
    while asking:
        camera, first = asking.popleft()
        for position in range(first, len(ranks[camera])):
            node = ranks[camera][position]
            room_there, proposal = kept[node.node_id], (score(camera, node), camera)
            if len(room_there) < free[node.node_id]:
                heapq.heappush(room_there, proposal)
                break
            if room_there and proposal > room_there[0]:
                _, rejected = heapq.heapreplace(room_there, proposal)
                asking.append((rejected, ranks[rejected].index(node) + 1))
                break
        else:
            unplaced.append(camera)
    targets = {camera: node_id for node_id, proposals in kept.items() for _, camera in proposals}
    return Assignment(targets, tuple(sorted(unplaced)))


def preferences(camera_id: str, insee: str, nodes: Iterable[MediaNode]) -> Sequence[MediaNode]:
    """Return the nodes that may record a camera, best first; spare ones after all others."""
    able = [node for node in nodes if node.capacity > 0 and node.serves(insee)]
    return sorted(able, key=lambda node: (node.spare, -score(camera_id, node), node.node_id))


def score(camera_id: str, node: MediaNode) -> float:
    """Return how well a node suits a camera, > 0: of equal nodes each is best for its share by capacity."""
    return -node.capacity / math.log(_draw(camera_id, node.node_id))


@lru_cache(maxsize=400_000)
def _draw(camera_id: str, node_id: str) -> float:
    """Return a number in (0, 1) that looks random and is the same everywhere and always."""
    digest = blake2b(f"{node_id}\0{camera_id}".encode(), digest_size=8).digest()
    return ((int.from_bytes(digest) >> 12) + 0.5) / _UNIT


def rebalance(
    mine: Mapping[str, str], ideal: Mapping[str, str], room: Mapping[str, int], *, me: str, at_most: int
) -> list[tuple[str, str]]:
    """Return which of my cameras (id → INSEE code) should be handed over, and to whom: at most ``at_most``.

    Nothing goes to a node without room, and nobody gets more than its room.
    """
    moves: list[tuple[str, str]] = []
    left = dict(room)
    for camera in sorted(mine):
        target = ideal.get(camera, me)
        if len(moves) >= at_most:
            break
        if target != me and left.get(target, 0) > 0:
            left[target] -= 1
            moves.append((camera, target))
    return moves
