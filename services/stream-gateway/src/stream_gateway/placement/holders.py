"""Who records which camera, as the bucket ``placements`` says, and what of it is this process's."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from pydantic import ValidationError

from contracts.media_nodes import CameraPlacement, PlacementState
from stream_gateway.domain.holdings import Holding, Loss, LossCause, Previous
from stream_gateway.placement.bucket import Entry

OnGain = Callable[[Holding], None]
"""Begin to record, under the epoch of the holding. Must not wait."""

OnLoss = Callable[[Loss], None]
"""Stop recording. Must not wait."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A camera's placement with its revision; ``value`` is None where the key was removed."""

    revision: int
    value: CameraPlacement | None


_NOBODY = Placed(0, None)


class Holders:
    """Mirror of the bucket, fed by ``apply``; tells recording what it gains and loses, once per epoch."""

    def __init__(
        self,
        *,
        node_id: str,
        instance: str,
        monotonic: Callable[[], float],
        linger: Callable[[], float],
        on_gain: OnGain,
        on_loss: OnLoss,
    ) -> None:
        self._node_id, self._instance = node_id, instance
        self._monotonic, self._linger = monotonic, linger
        self._on_gain, self._on_loss = on_gain, on_loss
        self._placed: dict[str, Placed] = {}
        self._mine: dict[str, Holding] = {}
        self._finishing: dict[str, Loss] = {}
        self._log = structlog.get_logger("placement")

    @property
    def mine(self) -> Mapping[str, Holding]:
        """Cameras this process may record now: held ones, and those handed to it that it shall begin with."""
        return MappingProxyType(self._mine)

    @property
    def placed(self) -> Mapping[str, Placed]:
        """Every camera's placement as last heard."""
        return MappingProxyType(self._placed)

    def of(self, camera_id: str) -> Placed:
        """Return a camera's placement; revision 0 where there never was one."""
        return self._placed.get(camera_id, _NOBODY)

    def epoch(self, camera_id: str) -> int | None:
        """Return the epoch under which this process may write footage of a camera, None when it may not."""
        holding = self._mine.get(camera_id)
        if holding is not None:
            return holding.epoch
        finishing = self._finishing.get(camera_id)
        if finishing is None or finishing.finish_by is None:
            return None
        if self._monotonic() <= finishing.finish_by:
            return finishing.epoch
        del self._finishing[camera_id]
        return None

    def loads(self) -> Counter[str]:
        """Return how many cameras each node records, those counted that it is about to take over."""
        found: Counter[str] = Counter()
        for placed in self._placed.values():
            value = placed.value
            if value is None or value.state is PlacementState.RELEASED:
                continue
            found[value.node_id] += 1
            if value.successor is not None:
                found[value.successor] += 1
        return found

    def apply(self, entry: Entry) -> None:
        """Take in a placement; older ones than known change nothing."""
        before = self.of(entry.key)
        if entry.revision <= before.revision:
            return
        try:
            value = None if entry.body is None else CameraPlacement.model_validate_json(entry.body)
        except ValidationError as error:
            self._log.error("placement not understood, kept as it was", key=entry.key, errors=error.error_count())
            return
        self.take_in(entry.key, Placed(entry.revision, value))

    def take_in(self, camera_id: str, placed: Placed) -> None:
        """Take in what this process wrote itself, before the bus tells it."""
        before = self.of(camera_id)
        if placed.revision <= before.revision:
            return
        self._placed[camera_id] = placed
        self._change(camera_id, before, placed)

    def keep_only(self, camera_ids: frozenset[str], newest: int) -> None:
        """Forget cameras whose keys were gone from the bus when its newest revision was ``newest``.

        Keys only vanish when somebody empties the bucket; one that was written after that reading stays, and so does
        all when the bucket was found empty: then nobody else can have taken anything.
        """
        for camera_id in self._placed.keys() - camera_ids:
            if self._placed[camera_id].value is not None and self._placed[camera_id].revision < newest:
                before = self._placed.pop(camera_id)
                self._change(camera_id, before, _NOBODY)

    def lose_all(self) -> None:
        """Give up everything at once: another process has taken this node's place."""
        for camera_id, holding in list(self._mine.items()):
            del self._mine[camera_id]
            self._on_loss(Loss(camera_id, holding.epoch, LossCause.TAKEN, None))
        self._finishing.clear()

    def _change(self, camera_id: str, before: Placed, after: Placed) -> None:
        had, has = self._mine.get(camera_id), self._holding(camera_id, after)
        if had is not None and (has is None or has.epoch != had.epoch):
            del self._mine[camera_id]
            self._lose(had, before, after)
        if has is not None:
            self._mine[camera_id] = has
            if had is None or had.epoch != has.epoch:
                self._finishing.pop(camera_id, None)
                self._on_gain(has)

    def _holding(self, camera_id: str, placed: Placed) -> Holding | None:
        value = placed.value
        if value is None or value.state is PlacementState.RELEASED:
            return None
        if (value.node_id, value.instance) == (self._node_id, self._instance):
            previous = Previous(value.previous, value.unseen_since, value.cause) if value.previous else None
            return Holding(camera_id, value.epoch_at(placed.revision), value.taken_at, previous)
        if (value.successor, value.successor_instance) == (self._node_id, self._instance):
            previous = Previous(value.node_id, None, "")
            return Holding(camera_id, placed.revision, value.taken_at, previous, handing_over=True)
        return None

    def _lose(self, had: Holding, before: Placed, after: Placed) -> None:
        cause, finish_by = _cause(had, before, after), None
        if cause is LossCause.HANDED_OVER:
            seconds = self._linger()
            finish_by = self._monotonic() + seconds if seconds > 0 else None
        loss = Loss(had.camera_id, had.epoch, cause, finish_by)
        if finish_by is not None:
            self._finishing[had.camera_id] = loss
        self._on_loss(loss)


def _cause(had: Holding, before: Placed, after: Placed) -> LossCause:
    if had.handing_over:
        return LossCause.HAND_OVER_CANCELLED
    if after.value is None or after.value.state is PlacementState.RELEASED:
        return LossCause.RELEASED
    gave = before.value is not None and before.value.successor == after.value.node_id
    return LossCause.HANDED_OVER if gave and after.value.epoch == before.revision else LossCause.TAKEN
