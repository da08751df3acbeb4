"""What every service mirrors of the others to decide alone: agents, cameras, and the contexts they may invoke."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from common.bus import Bus
from common.kv_replica import KvReplica
from contracts.access import AgentState
from contracts.incident import IncidentState
from contracts.registry import CameraState, TicketState
from contracts.streams import BUCKET_AGENTS, BUCKET_CAMERAS, BUCKET_INCIDENTS, BUCKET_TICKETS

SILENCE_ALARM = timedelta(seconds=60)
"""From here on readiness complains: a revocation must act within that time, and now it could not arrive."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """The mirrors of one process; readiness complains once the bus was silent for ``alarm_after``."""

    agents: KvReplica[AgentState]
    cameras: KvReplica[CameraState]
    incidents: KvReplica[IncidentState]
    tickets: KvReplica[TicketState]
    alarm_after: timedelta = SILENCE_ALARM

    @classmethod
    def of(cls, bus: Bus, *, alarm_after: timedelta = SILENCE_ALARM) -> Self:
        """Make the mirrors; nothing is read before ``start``."""
        return cls(
            agents=KvReplica(bus, BUCKET_AGENTS, AgentState),
            cameras=KvReplica(bus, BUCKET_CAMERAS, CameraState),
            incidents=KvReplica(bus, BUCKET_INCIDENTS, IncidentState),
            tickets=KvReplica(bus, BUCKET_TICKETS, TicketState),
            alarm_after=alarm_after,
        )

    async def start(self, *, wait_seconds: float = 0.0) -> None:
        """Start following; waits up to ``wait_seconds`` for the first complete read of each."""
        for _, replica in self._named():
            await replica.start(wait_seconds=wait_seconds)

    async def stop(self) -> None:
        """Stop following; what was read stays."""
        for _, replica in self._named():
            await replica.stop()

    @property
    def silence(self) -> timedelta:
        """How long ago the bus was last heard on whom and what decisions hang: agents and cameras."""
        return max(self.agents.silence, self.cameras.silence)

    async def check(self) -> str | None:
        """Readiness check: everything was read, and the bus is heard."""
        waiting = [name for name, replica in self._named() if not replica.ready]
        if waiting:
            return f"not mirrored yet: {', '.join(waiting)}"
        if self.silence > self.alarm_after:
            return f"no word of the bus for {self.silence.total_seconds():.0f} s: no revocation can arrive"
        return None

    def _named(self) -> Sequence[tuple[str, KvReplica[Any]]]:
        return (
            ("agents", self.agents),
            ("cameras", self.cameras),
            ("incidents", self.incidents),
            ("tickets", self.tickets),
        )
