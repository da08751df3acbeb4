"""What this node does about the cameras: claims free ones, hands over those that belong elsewhere, releases the rest.

Every write is a compare-and-set on the revision that the decision was made on, so that a decision on stale knowledge
fails instead of doing harm.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from common.bus import BusAway
from common.clock import Clock
from contracts.media_nodes import CameraPlacement, PlacementState
from stream_gateway.domain.holdings import ended, unheard
from stream_gateway.domain.placement import MediaNode, place, rebalance
from stream_gateway.metrics import UNPLACED
from stream_gateway.placement.bucket import KeyValues, RevisionTaken
from stream_gateway.placement.holders import Holders, Placed
from stream_gateway.placement.nodes import NodesWatch
from stream_gateway.placement.settings import Pace

_AGAIN_SECONDS = 1.0
_CONFIRM_ATTEMPTS = 20
_RELEASED_CAUSE = "la caméra n'était plus à enregistrer"
_LOG = structlog.get_logger("placement")


@dataclass(slots=True)
class _Memory:
    """What the last decisions left to remember; all instants monotonic."""

    nodes: tuple[MediaNode, ...] = ()
    unchanged_since: float = 0.0
    unwanted_since: dict[str, float] = field(default_factory=dict[str, float])
    not_before: dict[str, float] = field(default_factory=dict[str, float])
    offered_at: dict[str, float] = field(default_factory=dict[str, float])
    target_since: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    avoid: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    ideal_of: tuple[tuple[MediaNode, ...], Mapping[str, str]] = ((), {})
    ideal: Mapping[str, str] = field(default_factory=dict[str, str])


class Decisions:
    """Decides on the present state and carries it out in the background."""

    def __init__(
        self,
        *,
        me: str,
        instance: str,
        bucket: KeyValues,
        holders: Holders,
        nodes: NodesWatch,
        cameras: Callable[[], Mapping[str, str]],
        clock: Clock,
        monotonic: Callable[[], float],
        pace: Pace,
    ) -> None:
        self._me, self._instance = me, instance
        self._bucket, self._holders, self._nodes = bucket, holders, nodes
        self._cameras, self._clock, self._monotonic, self._pace = cameras, clock, monotonic, pace
        self._memory = _Memory()
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(pace.claims_at_once)
        self._unplaced: tuple[str, ...] = ()

    def decide(self, *, draining: bool) -> None:
        """Do what is to be done now; returns at once, the writes go on in the background."""
        at, cameras = self._monotonic(), dict(self._cameras())
        nodes = tuple(self._nodes.taking())
        if nodes != self._memory.nodes:
            self._memory.nodes, self._memory.unchanged_since = nodes, at
        loads = self._holders.loads()
        room = {node.node_id: node.capacity - loads[node.node_id] for node in nodes}
        self._claim(cameras, nodes, room, at)
        self._release(cameras, at)
        under_way = self._watch_offers(at)
        self._offer(cameras, nodes, room, at, draining=draining, at_most=self._pace.moves_at_once - under_way)

    def confirm(self, camera_id: str) -> None:
        """Take over a camera that is being handed to this node."""
        holding = self._holders.mine.get(camera_id)
        if holding is not None and holding.handing_over and camera_id not in self._writing:
            self._start(camera_id, self._take_over(camera_id))

    def is_free(self, camera_id: str) -> bool:
        """Tell whether no living node holds a camera."""
        return self._free(self._holders.of(camera_id))

    async def close(self) -> None:
        """Stop what is being written; what the bus already has may still happen, and harms nobody."""
        for task in self._writing.values():
            task.cancel()
        await asyncio.gather(*self._writing.values(), return_exceptions=True)

    # --- claims ----------------------------------------------------------------------------------------------

    def _claim(self, cameras: Mapping[str, str], nodes: tuple[MediaNode, ...], room: dict[str, int], at: float) -> None:
        free = {camera: insee for camera, insee in cameras.items() if self._free(self._holders.of(camera))}
        self._forget_taken(free)
        if not free:
            self._tell_unplaced(())
            return
        heirs = {camera: heir for camera in free if (heir := self._heir(self._holders.of(camera))) is not None}
        others = {camera: insee for camera, insee in free.items() if camera not in heirs}
        assignment = place(others, nodes, room, self._memory.avoid)
        self._tell_unplaced(assignment.unplaced)
        for camera in assignment.unplaced:
            self._memory.avoid.pop(camera, None)
        for camera, target in {**assignment.targets, **heirs}.items():
            self._lose_patience(camera, target, at)
            if target == self._me and self._writable(camera, at):
                self._start(camera, self._take(camera, self._holders.of(camera)))

    def _tell_unplaced(self, unplaced: tuple[str, ...]) -> None:
        UNPLACED.set(len(unplaced))
        if unplaced and unplaced != self._unplaced:
            _LOG.warning("no media node has room for these cameras", cameras=len(unplaced), first=unplaced[0])
        self._unplaced = unplaced

    def _forget_taken(self, free: Mapping[str, str]) -> None:
        for memory in (self._memory.target_since, self._memory.avoid):
            for camera in memory.keys() - free.keys():
                del memory[camera]

    def _lose_patience(self, camera: str, target: str, at: float) -> None:
        """Pass over a node that looks alive and does not take its camera: it has just woken up, or hears nobody die.

        Whoever comes next in the camera's preference takes it; when all were passed over, all are asked again.
        """
        since = self._memory.target_since
        if since.get(camera, ("", 0.0))[0] != target:
            since[camera] = (target, at)
        elif at - since[camera][1] >= self._pace.patience_seconds:
            self._memory.avoid.setdefault(camera, set()).add(target)

    def _free(self, placed: Placed) -> bool:
        value = placed.value
        if value is None or value.state is PlacementState.RELEASED:
            return True
        return not self._nodes.board.alive(value.node_id, value.instance)

    def _heir(self, placed: Placed) -> str | None:
        """Return the successor that was already chosen when the holder died."""
        value = placed.value
        if value is None or value.state is not PlacementState.HANDING_OVER or value.successor is None:
            return None
        return value.successor if self._nodes.takes(value.successor, value.successor_instance) else None

    async def _take(self, camera: str, placed: Placed) -> None:
        await self._write(camera, placed.revision, self._claimed(placed))

    def _claimed(self, placed: Placed) -> CameraPlacement:
        now, value = self._clock.now(), placed.value
        claim = CameraPlacement(node_id=self._me, instance=self._instance, state=PlacementState.HELD, taken_at=now)
        if value is None:
            return claim
        if value.state is PlacementState.RELEASED:
            update: dict[str, Any] = {"unseen_since": value.taken_at, "cause": value.cause}
        else:
            cause = ended if self._nodes.board.stopped(value.node_id, value.instance) else unheard
            silence = self._nodes.board.silence(value.node_id, self._monotonic())
            unseen = None if silence is None else now - timedelta(seconds=silence)
            update = {"unseen_since": unseen, "cause": cause(value.node_id)}
            if self._heir(placed) == self._me:
                update["epoch"] = placed.revision
        return claim.model_copy(update={"previous": value.node_id, **update})

    # --- releases --------------------------------------------------------------------------------------------

    def _release(self, cameras: Mapping[str, str], at: float) -> None:
        """Give up what nobody wants recorded any more, after a while: an arrêté renewed late costs no writes."""
        since = self._memory.unwanted_since
        unwanted = {
            camera
            for camera, holding in self._holders.mine.items()
            if camera not in cameras and not holding.handing_over
        }
        for camera in since.keys() - unwanted:
            del since[camera]
        for camera in unwanted:
            if at - since.setdefault(camera, at) >= self._pace.release_seconds and self._writable(camera, at):
                self._start(camera, self._give_up(camera, self._holders.of(camera)))

    async def _give_up(self, camera: str, placed: Placed) -> None:
        if placed.value is not None:
            update = {"state": PlacementState.RELEASED, "taken_at": self._clock.now(), "cause": _RELEASED_CAUSE}
            gone = {"epoch": None, "successor": None, "successor_instance": None}
            await self._write(camera, placed.revision, placed.value.model_copy(update={**update, **gone}))

    # --- hand-overs ------------------------------------------------------------------------------------------

    def _offer(
        self,
        cameras: Mapping[str, str],
        nodes: tuple[MediaNode, ...],
        room: dict[str, int],
        at: float,
        *,
        draining: bool,
        at_most: int,
    ) -> None:
        if not draining and at - self._memory.unchanged_since < self._pace.settle_seconds:
            return
        mine = {camera: cameras[camera] for camera in self._movable(cameras, at)}
        if not mine or at_most <= 0:
            return
        others = tuple(node for node in nodes if node.node_id != self._me)
        ideal = place(mine, others, room).targets if draining else self._ideal(cameras, nodes)
        for camera, target in rebalance(mine, ideal, room, me=self._me, at_most=at_most):
            state = self._nodes.state(target)
            if state is not None:
                self._start(camera, self._hand_to(camera, self._holders.of(camera), target, state.instance))

    def _movable(self, cameras: Mapping[str, str], at: float) -> list[str]:
        return [
            camera
            for camera, holding in self._holders.mine.items()
            if camera in cameras
            and not holding.handing_over
            and self._is_state(camera, PlacementState.HELD)
            and self._writable(camera, at)
        ]

    def _ideal(self, cameras: Mapping[str, str], nodes: tuple[MediaNode, ...]) -> Mapping[str, str]:
        if self._memory.ideal_of != (nodes, cameras):
            self._memory.ideal_of = (nodes, cameras)
            self._memory.ideal = place(cameras, nodes).targets
        return self._memory.ideal

    async def _hand_to(self, camera: str, placed: Placed, successor: str, instance: str) -> None:
        if placed.value is None:
            return
        offer = placed.value.model_copy(
            update={
                "state": PlacementState.HANDING_OVER,
                "epoch": placed.value.epoch_at(placed.revision),
                "successor": successor,
                "successor_instance": instance,
            }
        )
        await self._write(camera, placed.revision, offer)

    def _watch_offers(self, at: float) -> int:
        """Take back what a successor cannot or does not take; returns how many hand-overs are under way."""
        offered = self._memory.offered_at
        mine = self._holders.mine
        open_offers = {
            camera
            for camera, holding in mine.items()
            if not holding.handing_over and self._is_state(camera, PlacementState.HANDING_OVER)
        }
        for camera in offered.keys() - open_offers:
            del offered[camera]
        for camera in open_offers:
            placed = self._holders.of(camera)
            value = placed.value
            late = at - offered.setdefault(camera, at) > self._pace.hand_over_seconds
            lost = value is not None and not self._nodes.takes(value.successor or "", value.successor_instance)
            if (late or lost) and self._writable(camera, at):
                self._memory.not_before[camera] = at + self._pace.retry_move_seconds
                self._start(camera, self._take_back(camera, placed))
        return len(open_offers)

    async def _take_back(self, camera: str, placed: Placed) -> None:
        if placed.value is not None:
            update = {"state": PlacementState.HELD, "successor": None, "successor_instance": None}
            await self._write(camera, placed.revision, placed.value.model_copy(update=update))

    async def _take_over(self, camera: str) -> None:
        """Become the holder; tried for a while, since a lost answer must not leave two nodes recording."""
        for _ in range(_CONFIRM_ATTEMPTS):
            placed = self._holders.of(camera)
            value = placed.value
            holding = self._holders.mine.get(camera)
            if value is None or holding is None or not holding.handing_over:
                return
            taken = CameraPlacement(
                node_id=self._me,
                instance=self._instance,
                state=PlacementState.HELD,
                taken_at=self._clock.now(),
                epoch=placed.revision,
                previous=value.node_id,
            )
            if await self._write(camera, placed.revision, taken):
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    # --- writing ---------------------------------------------------------------------------------------------

    def _is_state(self, camera: str, state: PlacementState) -> bool:
        value = self._holders.of(camera).value
        return value is not None and value.state is state

    def _writable(self, camera: str, at: float) -> bool:
        return camera not in self._writing and at >= self._memory.not_before.get(camera, 0.0)

    def _start(self, camera: str, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing, name=f"placement of {camera}")
        self._writing[camera] = task
        task.add_done_callback(lambda _: self._writing.pop(camera, None))

    async def _write(self, camera: str, revision: int, value: CameraPlacement) -> bool:
        """Write if nobody else has meanwhile; what fails is decided anew a moment later, on newer knowledge."""
        async with self._slots:
            try:
                written = await self._bucket.put(camera, value, revision=revision)
            except (RevisionTaken, BusAway):
                self._memory.not_before[camera] = self._monotonic() + _AGAIN_SECONDS
                return False
        self._holders.take_in(camera, Placed(written, value))
        return True
