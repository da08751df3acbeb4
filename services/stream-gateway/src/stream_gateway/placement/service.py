"""Placement of cameras on this media node: what recording asks before every write, and the loops that keep it true.

placement = Placement(partial(Bucket, bus), identity, clock=clock, cameras=wanted, on_gain=start, on_loss=stop)
await placement.run()                      # until cancelled; then says that this node has stopped
epoch = placement.gate(camera_id)          # before every write of footage; None: do not write
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import uuid4

import structlog

from common.bus import BusAway
from common.clock import Clock
from common.pull_feed import FeedBroken
from common.service import end_loops
from contracts.media_nodes import MediaNodeState, NodeState
from contracts.streams import BUCKET_PLACEMENTS
from stream_gateway.domain.holdings import Holding
from stream_gateway.domain.write_gate import FROZEN_SECONDS, WriteGate
from stream_gateway.placement.bucket import Entry, OpenBucket
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.decisions import Decisions
from stream_gateway.placement.heartbeat import Heartbeat, NodeReplaced
from stream_gateway.placement.holders import Holders, OnGain, OnLoss
from stream_gateway.placement.nodes import NodesWatch, NodeView
from stream_gateway.placement.settings import NodeIdentity, Pace

_BREATH_SECONDS = 0.1
_RECHECK_SECONDS = 0.2
_LOG = structlog.get_logger("placement")


class Placement:
    """This process as a media node. All methods are for the thread of its event loop.

    ``cameras`` gives what must be recorded at this second (id → INSEE code), asked about once a second.
    ``on_gain`` is called once per epoch: record the camera from now on, and, if ``handing_over``, call ``confirm`` as
    soon as footage has reached the disk. ``on_loss``: stop. Both must return at once.
    """

    def __init__(
        self,
        open_bucket: OpenBucket,
        identity: NodeIdentity,
        *,
        clock: Clock,
        cameras: Callable[[], Mapping[str, str]],
        on_gain: OnGain,
        on_loss: OnLoss,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = boot_clock,
    ) -> None:
        self.identity = identity
        self.instance = uuid4().hex
        self._clock, self._monotonic = clock, monotonic
        self._pace = pace or Pace()
        self._started_at: datetime = clock.now()
        self._gate = WriteGate(monotonic())
        self._draining = False
        self._stopped = False
        self._wake = asyncio.Event()
        self._read_once = asyncio.Event()
        self._bucket = open_bucket(BUCKET_PLACEMENTS)
        self._holders = Holders(
            node_id=identity.node_id,
            instance=self.instance,
            monotonic=monotonic,
            linger=self._linger,
            on_gain=on_gain,
            on_loss=on_loss,
        )
        self._nodes = NodesWatch(open_bucket, me=identity.node_id, monotonic=monotonic, on_change=self._wake.set)
        self._heartbeat = Heartbeat(
            open_bucket,
            node_id=identity.node_id,
            instance=self.instance,
            nodes=self._nodes,
            describe=self._describe,
            confirmed=self._gate.confirmed,
            monotonic=monotonic,
            every=self._pace.heartbeat_seconds,
        )
        self._decisions = Decisions(
            me=identity.node_id,
            instance=self.instance,
            bucket=self._bucket,
            holders=self._holders,
            nodes=self._nodes,
            cameras=cameras,
            clock=clock,
            monotonic=monotonic,
            pace=self._pace,
        )

    # --- what recording asks ---------------------------------------------------------------------------------

    def gate(self, camera_id: str) -> int | None:
        """Return the epoch under which footage of a camera may be written at this very moment, or None.

        None: not ours, or this process was suspended and has not asked the bus yet. Cheap (about a microsecond).
        """
        if self._stopped or not self._gate.trusted(self._monotonic()):
            return None
        return self._holders.epoch(camera_id)

    @property
    def doubtful(self) -> bool:
        """Whether this process was suspended and has not asked the bus yet: keep what you would write, and wait."""
        return not self._stopped and self._gate.doubt is not None

    @property
    def mine(self) -> Mapping[str, Holding]:
        """What this node shall record now: held cameras, and those being handed to it."""
        return self._holders.mine

    @property
    def held(self) -> dict[str, Holding]:
        """What this node holds; cameras being handed to it are not among them yet."""
        return {camera: holding for camera, holding in self._holders.mine.items() if not holding.handing_over}

    def consider(self, camera_id: str) -> None:
        """Take in that a camera's state changed: one that no node records is placed now, not at the next look."""
        if self._decisions.is_free(camera_id):
            self._wake.set()

    def confirm(self, camera_id: str) -> None:
        """Say that footage of a camera that is being handed to this node reached the disk: it is taken over."""
        self._decisions.confirm(camera_id)

    @property
    def state(self) -> NodeState:
        """What this node takes on: its own drain, else the supervisor's last order, else what it was started as."""
        if self._draining:
            return NodeState.DRAINING
        order = self._nodes.orders.get(self.identity.node_id)
        if order is not None:
            return order.state
        return NodeState.SPARE if self.identity.spare else NodeState.ACTIVE

    @property
    def isolated_seconds(self) -> float:
        """For how long the bus has confirmed nothing of this node; recording goes on meanwhile."""
        silence = self._gate.unconfirmed_for(self._monotonic())
        return silence if silence > FROZEN_SECONDS else 0.0

    def nodes(self) -> list[NodeView]:
        """Return all nodes as this one sees them."""
        loads = self._holders.loads()
        return self._nodes.views(lambda node_id: loads[node_id])

    async def drain(self, timeout: float) -> frozenset[str]:  # noqa: ASYNC109 - callers read better
        """Give every camera away with overlap; returns those that nobody took within ``timeout`` seconds.

        From here on this process takes nothing any more. For a rolling upgrade: drain, then end the process.
        """
        self._draining = True
        self._heartbeat.now()
        self._wake.set()
        deadline = self._monotonic() + timeout
        while self._holders.mine and self._monotonic() < deadline:  # noqa: ASYNC110 - emptied by three causes
            await asyncio.sleep(_BREATH_SECONDS)
        return frozenset(self._holders.mine)

    # --- loops -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take part until cancelled, then say that this node has stopped: stop recorders before.

        Raises:
            NodeReplaced: another process has this node's id; everything was given up.
        """
        loops = [
            asyncio.create_task(loop, name=f"placement {name}")
            for name, loop in {
                "nodes": self._nodes.run(),
                "placements": self._bucket.follow(self._on_entry, self._on_read),
                "heartbeat": self._heartbeat.run(),
                "look": self._look_for_ever(),
                "decide": self._decide_for_ever(),
            }.items()
        ]
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for loop in done:
                loop.result()
        except NodeReplaced:
            self._holders.lose_all()
            raise
        finally:
            self._stopped = True
            await end_loops(loops)
            await self._decisions.close()
            with contextlib.suppress(NodeReplaced):
                await self._heartbeat.last()

    async def _look_for_ever(self) -> None:
        """Notice a suspension, settle it, and notice the dead."""
        while True:
            at = self._monotonic()
            self._gate.trusted(at)
            doubt = self._gate.doubt
            if doubt is not None:
                await self._settle(doubt)
            for node_id in self._nodes.board.judge(self._monotonic()):
                _LOG.warning("media node is called dead", node=node_id)
                self._wake.set()
            await asyncio.sleep(self._pace.look_seconds)

    async def _settle(self, doubt: int) -> None:
        """Be heard again, then read who holds what: only in this order nobody takes a camera after the reading."""
        begun = self._monotonic()
        _LOG.warning("this process was suspended: nothing is written until the bus was asked", doubt=doubt)
        self._heartbeat.now()
        while self._gate.doubt is not None:
            doubt = self._gate.doubt
            if self._gate.unconfirmed_for(self._monotonic()) <= self._monotonic() - begun:
                try:
                    self._on_read(*await self._bucket.read(self._holders.apply))
                except (BusAway, FeedBroken) as away:
                    _LOG.info("placements cannot be read yet", reason=str(away))
                else:
                    self._gate.settle(doubt)
                    _LOG.info("placements are certain again", held=len(self._holders.mine))
                    return
            await asyncio.sleep(_RECHECK_SECONDS)
            self._gate.trusted(self._monotonic())

    async def _decide_for_ever(self) -> None:
        await self._nodes.ready.wait()
        await self._read_once.wait()
        while True:
            self._wake.clear()
            if self._may_decide():
                self._decisions.decide(draining=self.state is NodeState.DRAINING)
            await asyncio.sleep(_BREATH_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.decide_seconds):
                    await self._wake.wait()

    def _may_decide(self) -> bool:
        """Tell whether this node hears and is heard, and slept through nothing."""
        at = self._monotonic()
        return (
            self._gate.trusted(at)
            and self._gate.unconfirmed_for(at) <= FROZEN_SECONDS
            and self._nodes.board.hears(at)
            and self._nodes.board.alive(self.identity.node_id, self.instance)
        )

    def _linger(self) -> float:
        """Return how long a camera that was handed over may still be finished: not at all after a sleep."""
        return self._pace.linger_seconds if self._gate.trusted(self._monotonic()) else 0.0

    def _on_entry(self, entry: Entry) -> None:
        self._holders.apply(entry)
        self._wake.set()

    def _on_read(self, keys: frozenset[str], newest: int) -> None:
        self._holders.keep_only(keys, newest)
        self._read_once.set()
        self._wake.set()

    def _describe(self, sequence: int) -> MediaNodeState:
        identity = self.identity
        return MediaNodeState(
            node_id=identity.node_id,
            instance=self.instance,
            started_at=self._started_at,
            state=self.state,
            communes=identity.communes,
            capacity=identity.capacity,
            load=len(self._holders.mine),
            url=identity.url,
            version=identity.version,
            sequence=sequence,
        )
