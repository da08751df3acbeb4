"""Which media nodes are alive, judged by one observer's own monotonic clock: skewed wall clocks change nothing.

An observer that hears nothing at all must not call everybody dead: the bus is away, or the observer itself slept. It
knows that it hears because its *own* heartbeats come back to it through the bus. While they do not, nobody is judged;
when they do again, everybody gets new time to be heard (longer, since all reconnect at different moments).
"""

from dataclasses import dataclass

DEAD_AFTER_SECONDS = 4.0
"""No new heartbeat for so long: dead. Heartbeats come every second."""

AFTER_OUTAGE_SECONDS = 8.0
"""The same after a time in which this observer heard nothing itself: reconnecting takes others up to 5 s."""

DEAF_AFTER_SECONDS = 2.5
"""Own heartbeats missing for longer than this: this observer can judge nobody."""


@dataclass(slots=True)
class _Known:
    instance: str
    revision: int
    heard_at: float
    dead_at: float
    dead: bool = False
    stopped: bool = False


class NodeBoard:
    """What one observer knows of the life of the others. All instants are readings of its monotonic clock, seconds."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._known: dict[str, _Known] = {}
        self._echo_at: float | None = None

    def heard(self, node_id: str, instance: str, revision: int, at: float, *, stopped: bool = False) -> None:
        """Note a heartbeat as the bus gave it; one that was heard before (the bucket is read again) proves nothing."""
        known = self._known.get(node_id)
        if known is not None and revision <= known.revision:
            return
        if node_id == self._me:
            self._echo(at)
        self._known[node_id] = _Known(instance, revision, at, at + DEAD_AFTER_SECONDS, stopped=stopped)

    def forget(self, node_id: str) -> None:
        """Forget a node whose key went."""
        self._known.pop(node_id, None)

    def hears(self, at: float) -> bool:
        """Tell whether this observer can judge: its own heartbeats come back."""
        return self._echo_at is not None and at - self._echo_at <= DEAF_AFTER_SECONDS

    def judge(self, at: float) -> list[str]:
        """Return the nodes that died since the last call."""
        if not self.hears(at):
            return []
        died = [
            node_id
            for node_id, known in self._known.items()
            if node_id != self._me and not known.dead and at >= known.dead_at
        ]
        for node_id in died:
            self._known[node_id].dead = True
        return died

    def alive(self, node_id: str, instance: str | None = None) -> bool:
        """Tell whether a node (this very start of it) is alive as far as is known."""
        known = self._known.get(node_id)
        if known is None or known.dead or known.stopped:
            return False
        return instance is None or known.instance == instance

    def stopped(self, node_id: str, instance: str) -> bool:
        """Tell whether that start of a node ended properly, or was followed by another start."""
        known = self._known.get(node_id)
        return known is not None and (known.stopped or known.instance != instance)

    def silence(self, node_id: str, at: float) -> float | None:
        """Return how long a node was not heard, in seconds; None for an unknown one."""
        known = self._known.get(node_id)
        return None if known is None else max(0.0, at - known.heard_at)

    def _echo(self, at: float) -> None:
        if self._echo_at is not None and at - self._echo_at > DEAF_AFTER_SECONDS:
            for known in self._known.values():
                known.dead_at = max(known.dead_at, at + AFTER_OUTAGE_SECONDS)
        self._echo_at = at
