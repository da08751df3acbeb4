"""When a camera may be asked again: exponential back-off with full jitter, and far more patience after a refusal.

Cameras lock an account after some wrong passwords in a row, often three to five, for minutes or for good. So a refused
password is no transient failure: after three refusals nobody asks for at least five minutes.

Full jitter: M. Brooker, "Exponential Backoff And Jitter" (2015): of all schemes the least load on what comes back.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
STABLE_SECONDS = 30.0
"""Recording for so long in one go forgets the failures before."""

REFUSALS_BEFORE_PAUSE = 3
_EARLY_REFUSAL_SECONDS = (10.0, 30.0)
PAUSE_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 3600.0
_LOCKED_JITTER = 0.2


class Failure(StrEnum):
    """Why a camera gave nothing."""

    AWAY = "away"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class BackOff:
    """A camera's failures in a row. ``retry_at`` is a monotonic instant, seconds; ``reason`` French, for a person."""

    failures: int = 0
    refusals: int = 0
    retry_at: float = 0.0
    reason: str = ""

    def may_try(self, at: float) -> bool:
        """Tell whether the pause is over."""
        return at >= self.retry_at

    def failed(self, failure: Failure, *, at: float, draw: float, cause: str) -> "BackOff":
        """Return the state after one more failure.

        Args:
            failure: what kind it was; only a refused password counts as REFUSED.
            at: now, monotonic seconds.
            draw: a random number in [0, 1).
            cause: French, what happened, without address or password.
        """
        if failure is Failure.REFUSED:
            return self._refused(at, draw, cause)
        failures = self.failures + 1
        delay = draw * min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures, 16))
        retry_at = max(at + delay, self.retry_at)
        return replace(self, failures=failures, retry_at=retry_at, reason=f"{cause} : nouvel essai {_in(delay)}")

    def recorded(self, *, since: float, at: float) -> "BackOff":
        """Return the state while recording goes on without a break since an instant: clean after a stable while.

        A first picture already proves that the password is right.
        """
        if at - since >= STABLE_SECONDS:
            return BackOff()
        return replace(self, refusals=0, reason="")

    def credentials_changed(self) -> "BackOff":
        """Return the state after somebody gave the camera new credentials: refusals of the old ones mean nothing."""
        return replace(self, refusals=0, retry_at=0.0, reason="")

    def _refused(self, at: float, draw: float, cause: str) -> "BackOff":
        refusals = self.refusals + 1
        if refusals < REFUSALS_BEFORE_PAUSE:
            delay = _EARLY_REFUSAL_SECONDS[refusals - 1] * (1 + _LOCKED_JITTER * draw)
            reason = f"{cause} ({_times(refusals)}) : nouvel essai {_in(delay)}"
        else:
            doubled = PAUSE_SECONDS * 2.0 ** min(refusals - REFUSALS_BEFORE_PAUSE, 16)
            delay = min(LONGEST_PAUSE_SECONDS, doubled) * (1 + _LOCKED_JITTER * draw)
            reason = (
                f"{cause} ({_times(refusals)}) : pour ne pas verrouiller son compte, prochain essai {_in(delay)}."
                " Vérifiez l'identifiant et le mot de passe de la caméra."
            )
        return replace(self, refusals=refusals, failures=self.failures + 1, retry_at=at + delay, reason=reason)


def _times(count: int) -> str:
    return f"{count} fois"


def _in(seconds: float) -> str:
    if seconds < 1:
        return "aussitôt"
    return f"dans {round(seconds)} s" if seconds < 90 else f"dans {round(seconds / 60)} min"  # noqa: PLR2004 - wording
