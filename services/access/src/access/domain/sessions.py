"""Sessions: opened after the identity provider vouched for a person, judged on the local habilitation."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from access.domain.agents import Agent
from access.domain.errors import AccessError, LoginProblem, LoginRefused

SESSION_LASTS = timedelta(hours=12)
"""Absolute end of a session, whatever was refreshed: the longest shift of a control room."""

TOKEN_LASTS = timedelta(minutes=15)
"""Life of one cookie; the console renews it."""

TOKEN_OUTLIVES = TOKEN_LASTS + timedelta(minutes=1)
"""How long after log-out a copied cookie might still pass a signature check: its life, and clocks that differ."""


class NextPathRefused(AccessError):
    """After log-in a browser is only ever sent to a path of this very site."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__("L'adresse de retour n'est pas une page de cette application.")


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in of one agent; it dies at ``ends_at``, at log-out, or with the agent's epoch."""

    session_id: UUID
    agent_id: str
    epoch: int
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def open(cls, *, session_id: UUID, agent: Agent, at: datetime) -> Self:
        """Return a new session.

        Raises:
            LoginRefused: the agent is revoked or holds no habilitation in force: a log-in alone gives nothing.
        """
        refuse_without_right(agent, at)
        return cls(session_id, agent.agent_id, agent.session_epoch, at, at + SESSION_LASTS)

    def refresh(self, agent: Agent, at: datetime) -> None:
        """Check that the session may go on.

        Raises:
            LoginRefused: it ended, outlived 12 h, was issued before a revocation, or the agent lost the right.
        """
        if self.ended_at is not None or at >= self.ends_at or self.epoch != agent.session_epoch:
            raise LoginRefused(LoginProblem.SESSION_TERMINEE)
        refuse_without_right(agent, at)

    def ended(self, at: datetime) -> Self:
        """Return the session closed; closing twice keeps the first instant."""
        return self if self.ended_at is not None else replace(self, ended_at=at)

    def token_lasts(self, at: datetime) -> timedelta:
        """Return how long a cookie issued now may live: 15 minutes, never past the session's end."""
        return min(TOKEN_LASTS, self.ends_at - at)


def refuse_without_right(agent: Agent, at: datetime) -> None:
    """Raise LoginRefused unless the agent is active under a habilitation in force."""
    if not agent.active:
        raise LoginRefused(LoginProblem.COMPTE_REVOQUE)
    if agent.habilitation is None or not agent.habilitation.valid_at(at):
        raise LoginRefused(LoginProblem.HABILITATION_EXPIREE)


def local_path(path: str) -> str:
    """Return ``path`` if it is a path of this site.

    Raises:
        NextPathRefused: another origin, a scheme, a protocol-relative form, a backslash (browsers read it as a
            slash) or control characters (browsers strip them).
    """
    plain = path.isprintable() and "\\" not in path
    if not plain or not path.startswith("/") or path.startswith("//"):
        raise NextPathRefused(path)
    return path
