"""How much one agent may have warmed: pre-warming shows nothing, but it costs the cameras and the network."""

from collections import deque
from datetime import datetime, timedelta

AT_ONCE = 16
"""Cameras of one wish: a full screen."""

PER_MINUTE = 64
"""Cameras of one agent in a minute: four full screens."""

WARM_FOR = timedelta(seconds=30)
_MINUTE = timedelta(minutes=1)


class PrewarmBudget:
    """Counts the cameras that each agent had warmed within the last minute. Bounded by the number of agents."""

    def __init__(self) -> None:
        self._spent: dict[str, deque[tuple[datetime, int]]] = {}

    def spend(self, agent_id: str, cameras: int, at: datetime) -> bool:
        """Take this many from an agent's budget; False, and nothing taken, when it does not reach."""
        spent = self._spent.setdefault(agent_id, deque())
        while spent and spent[0][0] <= at - _MINUTE:
            spent.popleft()
        if sum(count for _, count in spent) + cameras > PER_MINUTE:
            return False
        spent.append((at, cameras))
        return True
