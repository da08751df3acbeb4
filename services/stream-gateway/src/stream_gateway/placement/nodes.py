"""The media nodes as one process sees them, and the orders that supervisors gave them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from contracts.media_nodes import NODE_KEY, ORDER_KEY, MediaNodeOrder, MediaNodeState, NodeState
from contracts.streams import BUCKET_MEDIA_NODES
from stream_gateway.domain.media_nodes import DEAD_AFTER_SECONDS, NodeBoard
from stream_gateway.domain.placement import MediaNode
from stream_gateway.placement.bucket import Entry, OpenBucket

_TAKING = frozenset({NodeState.ACTIVE, NodeState.SPARE})


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node for a person: its last heartbeat, how old that is (seconds), and how many cameras it holds."""

    state: MediaNodeState
    alive: bool
    heard_ago: float
    cameras: int


class NodesWatch:
    """Follows the bucket ``media_nodes``. ``me`` is the own node's id, empty for a process that is none."""

    def __init__(
        self, open_bucket: OpenBucket, *, me: str, monotonic: Callable[[], float], on_change: Callable[[], None]
    ) -> None:
        self._bucket = open_bucket(BUCKET_MEDIA_NODES)
        self._monotonic = monotonic
        self._on_change = on_change
        self._states: dict[str, MediaNodeState] = {}
        self._revisions: dict[str, int] = {}
        self._log = structlog.get_logger("placement")
        self.orders: dict[str, MediaNodeOrder] = {}
        self.board = NodeBoard(me)
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._bucket.follow(self._entry, self._read)

    def state(self, node_id: str) -> MediaNodeState | None:
        """Return the last heartbeat of a node."""
        return self._states.get(node_id)

    def revision(self, node_id: str) -> int:
        """Return the revision of a node's last heartbeat, 0 for none."""
        return self._revisions.get(node_id, 0)

    def taking(self) -> list[MediaNode]:
        """Return the nodes that are alive and take cameras, in order of their ids."""
        return [
            MediaNode(state.node_id, state.capacity, frozenset(state.communes), spare=state.state is NodeState.SPARE)
            for _, state in sorted(self._states.items())
            if state.state in _TAKING and self.board.alive(state.node_id)
        ]

    def takes(self, node_id: str, instance: str | None) -> bool:
        """Tell whether that start of a node is alive and takes cameras."""
        state = self._states.get(node_id)
        return state is not None and state.state in _TAKING and self.board.alive(node_id, instance)

    def views(self, cameras_of: Callable[[str], int]) -> list[NodeView]:
        """Return all nodes ever heard, in order of their ids."""
        at = self._monotonic()
        return [
            NodeView(
                state=state,
                alive=self.board.alive(node_id) and (self.board.silence(node_id, at) or 0.0) < DEAD_AFTER_SECONDS,
                heard_ago=self.board.silence(node_id, at) or 0.0,
                cameras=cameras_of(node_id),
            )
            for node_id, state in sorted(self._states.items())
        ]

    def _entry(self, entry: Entry) -> None:
        try:
            if entry.key.startswith(NODE_KEY):
                self._heartbeat(entry.key.removeprefix(NODE_KEY), entry)
            elif entry.key.startswith(ORDER_KEY):
                self._order(entry.key.removeprefix(ORDER_KEY), entry)
        except ValidationError as error:
            self._log.error("node not understood, kept as it was", key=entry.key, errors=error.error_count())

    def _heartbeat(self, node_id: str, entry: Entry) -> None:
        if entry.body is None:
            self._forget(node_id)
            return
        if entry.revision <= self.revision(node_id):
            return
        state = MediaNodeState.model_validate_json(entry.body)
        before, was_alive = self._states.get(node_id), self.board.alive(node_id)
        stopped = state.state is NodeState.STOPPED
        self.board.heard(node_id, state.instance, entry.revision, self._monotonic(), stopped=stopped)
        self._states[node_id], self._revisions[node_id] = state, entry.revision
        if before is None or not was_alive or _role(before) != _role(state):
            self._on_change()

    def _order(self, node_id: str, entry: Entry) -> None:
        if entry.body is None:
            self.orders.pop(node_id, None)
        else:
            self.orders[node_id] = MediaNodeOrder.model_validate_json(entry.body)
        self._on_change()

    def _read(self, keys: frozenset[str], _newest: int) -> None:
        for node_id in [node_id for node_id in self._states if f"{NODE_KEY}{node_id}" not in keys]:
            self._forget(node_id)
        for node_id in [node_id for node_id in self.orders if f"{ORDER_KEY}{node_id}" not in keys]:
            del self.orders[node_id]
        self.ready.set()
        self._on_change()

    def _forget(self, node_id: str) -> None:
        self._states.pop(node_id, None)
        self._revisions.pop(node_id, None)
        self.board.forget(node_id)
        self._on_change()


def _role(state: MediaNodeState) -> tuple[object, ...]:
    return state.instance, state.state, state.capacity, state.communes
