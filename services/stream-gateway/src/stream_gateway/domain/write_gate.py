"""Whether this process may still trust what it knows: it must not have been suspended without noticing.

A frozen process (SIGSTOP, a paused machine, an event loop stuck for seconds) wakes up and would go on as if no time
had passed, while others have taken its cameras. So whoever is about to write looks first, and a look that comes long
after the last sign of life of this process raises a doubt. A doubt is settled only by asking the bus again.

A bus that is away raises no doubt: nobody can take a camera then, and footage is worth more. See ADR 0021.
"""

FROZEN_SECONDS = 3.0
"""This process did nothing for so long: it was suspended. Others call a node dead after 4 s, never earlier."""

PAUSE_SECONDS = 0.75
"""A shorter pause is a doubt, too, when no heartbeat was confirmed for ``FROZEN_SECONDS`` at its end."""


class WriteGate:
    """Trust of one process in its own knowledge. Instants are monotonic seconds that count suspended time, too."""

    def __init__(self, at: float) -> None:
        self._seen_at = at
        self._confirmed_at = at
        self._doubts = 0
        self._settled = 0

    @property
    def doubt(self) -> int | None:
        """The number of the doubt that is not settled yet, or None."""
        return self._doubts if self._doubts != self._settled else None

    def trusted(self, at: float) -> bool:
        """Look: tell whether nothing happened that must be asked about first. Called before every write."""
        pause = at - self._seen_at
        if pause > PAUSE_SECONDS and (pause > FROZEN_SECONDS or self._lapsed_in_pause(at)):
            self._doubts += 1
        self._seen_at = at
        return self._doubts == self._settled

    def confirmed(self, sent_at: float) -> None:
        """Note that the bus took a heartbeat which was sent at an instant."""
        self._confirmed_at = max(self._confirmed_at, sent_at)

    def unconfirmed_for(self, at: float) -> float:
        """Return for how long no heartbeat was confirmed, in seconds."""
        return at - self._confirmed_at

    def settle(self, doubt: int) -> None:
        """Note that everything was asked again after that doubt arose; a newer doubt stays."""
        self._settled = max(self._settled, doubt)

    def _lapsed_in_pause(self, at: float) -> bool:
        lapse = self._confirmed_at + FROZEN_SECONDS
        return self._seen_at <= lapse < at
