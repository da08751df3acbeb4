"""When an agent's dated papers run out, and when people are told.

Sources: Code de la sécurité intérieure, livre Ier, titre III (agrément of agents who watch images for a commune);
livre II, titre V (agents individually designated and habilitated). The 24 months of training and the days of the
warnings are rules of Vigie.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from access.domain.agents import Agent
from contracts.access import AgentPaper

WARNING_DAYS: dict[AgentPaper, tuple[int, ...]] = {
    AgentPaper.HABILITATION: (0, 30, 90, 180),
    AgentPaper.AGREMENT: (0, 30, 90, 180),
    AgentPaper.FORMATION: (0, 30),
}
"""Days before the end at which people are told, the tightest first; 0: it is over."""

TRAINING_MONTHS = 24
_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of one paper of one agent, as an instant (excluded from its validity)."""

    agent_id: str
    paper: AgentPaper
    number: str | None
    ends_at: datetime

    def warning_at(self, at: datetime) -> int | None:
        """Return the tightest warning reached, in days before the end (0: over); None when all is quiet."""
        left = self.ends_at - at
        return next((days for days in WARNING_DAYS[self.paper] if left <= timedelta(days=days)), None)


def deadlines(agent: Agent) -> list[Deadline]:
    """Return the ends of an agent's papers; none for who was revoked."""
    if not agent.active:
        return []
    found: list[Deadline] = []
    if agent.habilitation is not None:
        paper = agent.habilitation
        found.append(Deadline(agent.agent_id, AgentPaper.HABILITATION, paper.habilitation_id, paper.valid_until))
    if agent.agrement is not None:
        found.append(Deadline(agent.agent_id, AgentPaper.AGREMENT, agent.agrement.number, agent.agrement.valid_until))
    if agent.trained_on is not None:
        found.append(Deadline(agent.agent_id, AgentPaper.FORMATION, None, training_ends(agent.trained_on)))
    return found


def reached(agents: Iterable[Agent], at: datetime) -> list[tuple[Deadline, int]]:
    """Return every deadline with a warning reached, the most urgent first."""
    found = [(one, days) for agent in agents for one in deadlines(agent) if (days := one.warning_at(at)) is not None]
    return sorted(found, key=lambda pair: (pair[0].ends_at, pair[0].agent_id, pair[0].paper))


def training_ends(trained_on: date) -> datetime:
    """Return the first instant (Paris) at which a training no longer counts, 24 months after its day."""
    months = trained_on.month - 1 + TRAINING_MONTHS
    year, month = trained_on.year + months // 12, months % 12 + 1
    day = min(trained_on.day, calendar.monthrange(year, month)[1])
    return datetime.combine(date(year, month, day), time(), _PARIS).astimezone(UTC)
