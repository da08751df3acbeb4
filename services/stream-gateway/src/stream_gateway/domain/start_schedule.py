"""Mass starts spread out: thousands of cameras connect at a steady pace."""

from dataclasses import dataclass


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
