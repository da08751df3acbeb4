"""Mass starts spread out: thousands of cameras connect at a steady pace, in an order nobody chose."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random


def start_schedule(cameras: Iterable[str], *, budget_per_s: float, seed: int) -> dict[str, float]:
    """Return when to start each camera, in seconds from now.

    Each gets a slot of ``1 / budget_per_s`` and starts somewhere in it: in any window of ``n`` seconds at most
    ``n * budget_per_s + 2`` start, and the last one within ``len(cameras) / budget_per_s``. The same for the same
    ``seed``; nodes take different seeds, so that the cameras of one switch do not all come at once.
    """
    if budget_per_s <= 0:
        raise ValueError(f"a budget of {budget_per_s} starts per second starts nothing")
    random = Random(seed)  # noqa: S311 - spreads load, guards nothing
    order = sorted(set(cameras))
    random.shuffle(order)
    return {camera: (slot + random.random()) / budget_per_s for slot, camera in enumerate(order)}


@dataclass(slots=True)
class StartBudget:
    """A token bucket: ``rate`` starts a second, at most ``burst`` saved up. Instants are monotonic seconds."""

    rate: float
    burst: float
    tokens: float
    counted_at: float

    @classmethod
    def full(cls, *, rate: float, burst: float, at: float) -> "StartBudget":
        """Return one with all of its burst."""
        return cls(rate, burst, burst, at)

    def take(self, at: float) -> bool:
        """Take one start; False when there is none left at this instant."""
        if at > self.counted_at:
            self.tokens = min(self.burst, self.tokens + (at - self.counted_at) * self.rate)
            self.counted_at = at
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
