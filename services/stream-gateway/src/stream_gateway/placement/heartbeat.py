"""The own heartbeat: one small write a second for all cameras of a node."""

import asyncio
from collections.abc import Callable

import structlog

from common.bus import BusAway
from contracts.media_nodes import NODE_KEY, MediaNodeState, NodeState
from contracts.streams import BUCKET_MEDIA_NODES
from stream_gateway.placement.bucket import OpenBucket, RevisionTaken
from stream_gateway.placement.nodes import NodesWatch

_RETRY_SECONDS = 0.25
_ANSWER_SECONDS = 1.0


class NodeReplaced(RuntimeError):
    """Another process writes under this node's id: a second one was started, or this one is a left-over."""


class Heartbeat:
    """Writes this process's state, each time only over its own last write, so that a left-over never speaks again.

    ``describe(sequence)`` gives the state; ``confirmed(sent_at)`` is called when the bus took it.
    """

    def __init__(
        self,
        open_bucket: OpenBucket,
        *,
        node_id: str,
        instance: str,
        nodes: NodesWatch,
        describe: Callable[[int], MediaNodeState],
        confirmed: Callable[[float], None],
        monotonic: Callable[[], float],
        every: float,
    ) -> None:
        self._bucket = open_bucket(BUCKET_MEDIA_NODES)
        self._key = f"{NODE_KEY}{node_id}"
        self._node_id, self._instance = node_id, instance
        self._nodes = nodes
        self._describe, self._confirmed, self._monotonic = describe, confirmed, monotonic
        self._every = every
        self._revision: int | None = None
        self._sequence = 0
        self._soon = asyncio.Event()

    def now(self) -> None:
        """Beat at once: the state changed, or a doubt waits for it."""
        self._soon.set()

    async def run(self) -> None:
        """Beat until cancelled; raises NodeReplaced."""
        while True:
            self._soon.clear()
            taken = await self._beat(_ANSWER_SECONDS)
            try:
                async with asyncio.timeout(self._every if taken else _RETRY_SECONDS):
                    await self._soon.wait()
            except TimeoutError:
                continue
            if not taken:
                await asyncio.sleep(_RETRY_SECONDS)  # a bus that is away is not asked in a tight loop

    async def last(self) -> None:
        """Say that this node has stopped, so that nobody waits for its death; a bus that is away is no error."""
        await self._beat(_ANSWER_SECONDS, stopped=True)

    async def _beat(self, seconds: float, *, stopped: bool = False) -> bool:
        self._sequence += 1
        state = self._describe(self._sequence)
        if stopped:
            state = state.model_copy(update={"state": NodeState.STOPPED, "load": 0})
        sent_at = self._monotonic()
        try:
            self._revision = await self._bucket.put(self._key, state, revision=self._revision, seconds=seconds)
        except BusAway as away:
            structlog.get_logger("placement").info("heartbeat not confirmed", reason=str(away))
            return False
        except RevisionTaken:
            self._find_own_revision()
            return False
        self._confirmed(sent_at)
        return True

    def _find_own_revision(self) -> None:
        """A write whose answer was lost has happened, or the bus forgot all, or somebody else writes this key."""
        seen = self._nodes.state(self._node_id)
        revision = self._nodes.revision(self._node_id)
        if seen is None:
            self._revision = 0
        elif seen.instance == self._instance:
            self._revision = revision
        elif self._revision is not None and revision > self._revision:
            raise NodeReplaced(f"another process is the media node {self._node_id}")
