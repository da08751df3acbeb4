"""Which engine pulls a camera: the native one unless it said or showed that it cannot; masks only where burnt in."""

from collections import deque
from dataclasses import dataclass, field

from stream_gateway.media import EndKind, MediaEngine, Pull, PullEnded

_MALFORMED_TOLERATED = 3
_WITHIN_SECONDS = 600.0
COMPATIBLE_FOR_SECONDS = 24 * 3600.0
"""How long a camera stays with the compatible engine before the native one is tried again: firmware gets better."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and a French sentence why it is not the native one; empty when it is."""

    engine: MediaEngine
    reason: str


@dataclass(slots=True)
class _Verdict:
    compatible_until: float = 0.0
    reason: str = ""
    malformed_at: deque[float] = field(default_factory=lambda: deque(maxlen=_MALFORMED_TOLERATED))


class EngineChoice:
    """Chooses for each pull and learns from its end. Instants are monotonic seconds."""

    def __init__(self, *, native: MediaEngine, compatible: MediaEngine, masking: MediaEngine) -> None:
        self._native = native
        self._compatible = compatible
        self._masking = masking
        self._verdicts: dict[Pull, _Verdict] = {}

    def choose(self, pull: Pull, at: float) -> Choice:
        """Return the engine for a pull. What has masks goes to the engine that burns them in, and to no other."""
        if pull.hides:
            return Choice(self._masking, "le plan média pose les masques")
        verdict = self._verdicts.get(pull)
        if verdict is not None and at < verdict.compatible_until:
            return Choice(self._compatible, verdict.reason)
        return Choice(self._native, "")

    def learn(self, pull: Pull, engine: MediaEngine, ended: PullEnded, at: float) -> bool:
        """Take in how a pull ended; tell whether another engine is to be tried at once."""
        if engine is not self._native:
            return False
        verdict = self._verdicts.setdefault(pull, _Verdict())
        if ended.kind is EndKind.MALFORMED:
            verdict.malformed_at.append(at)
        misbehaves = (
            len(verdict.malformed_at) == _MALFORMED_TOLERATED and at - verdict.malformed_at[0] < _WITHIN_SECONDS
        )
        if ended.kind is EndKind.UNSUPPORTED or misbehaves:
            verdict.compatible_until = at + COMPATIBLE_FOR_SECONDS
            verdict.reason = ended.reason
            verdict.malformed_at.clear()
            return True
        return False
