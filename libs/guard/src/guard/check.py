"""One call that decides and writes the register row: no row, no image."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.ids import new_id
from common.problems import Forbidden, NotFound, Problem, Unauthenticated, Unavailable
from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import CENTRE
from guard.replicas import Replicas
from guard.seal import ask_for_row
from guard.spool import RegisterSpool
from guard.states import agent_from, camera_from, incident_from, ticket_from
from policy import IMAGE_ACTIONS, NO_TOWN_RULES, Action, Agent, Camera, Context, Decision, TownRules, decide

_STARTING = "Le service démarre : réessayez dans un instant."


@dataclass(frozen=True, slots=True)
class Motive:
    """Why: a code of the trade and, where the law wants it, a text of at least 10 characters."""

    code: str = "surveillance"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Footage concerned, half-open [from_at, until_at)."""

    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """An allowed act: who, on which camera, under which rule; ``entry_id`` is its register row."""

    agent: Agent
    camera: Camera | None
    decision: Decision
    entry_id: str


class Refusal(Problem):
    """The policy said no. The register row of the refusal stays committed."""

    keeps_transaction: ClassVar[bool] = True

    def __init__(self, problem: Problem, decision: Decision) -> None:
        super().__init__(problem.status, problem.slug, problem.title, problem.detail, **problem.extra)
        self.decision = decision


class Guard:
    """Judges with local replicas: a decision costs no network call and goes on while ``access`` is away.

    Without the bus it goes on with what was last heard, images included, until ``town.silence_allowed``.
    """

    def __init__(
        self,
        replicas: Replicas,
        *,
        source: str,
        town: TownRules = NO_TOWN_RULES,
        spool: RegisterSpool | None = None,
    ) -> None:
        self.replicas = replicas
        self.agents = replicas.agents
        self.cameras = replicas.cameras
        self.town = town
        self.spool = spool
        self._source = source

    def agent(self, principal: Principal) -> Agent:
        """Return the agent behind a session; raises Unauthenticated for unknown, inactive, revoked or logged-out ones.

        While the replica is not read yet nobody is unknown: Unavailable, so that a restart logs nobody out.
        """
        if not self.agents.ready:
            raise Unavailable(_STARTING)
        state = self.agents.get(principal.subject) if principal.kind == "agent" else None
        if state is None or not state.active or principal.epoch < state.session_epoch:
            raise Unauthenticated
        if principal.session_id in state.ended_sessions:
            raise Unauthenticated
        return agent_from(state)

    def camera(self, camera_id: str, at: datetime | None = None) -> Camera | None:
        """Return the policy's view of a camera (at an instant), None when the replica does not know it."""
        state = self.cameras.get(camera_id)
        return camera_from(state, at) if state else None

    def visible_communes(self, principal: Principal) -> frozenset[str]:
        """Return the INSEE codes whose facts this caller may see: what every query is bounded by."""
        return self.agent(principal).communes

    def decide(
        self, agent: Agent, action: Action, camera_id: str | None, context: Context, at: datetime
    ) -> tuple[Camera | None, Decision]:
        """Judge without writing anything: for lists and for sweeps that re-check open sessions."""
        camera = self.camera(camera_id, at) if camera_id else None
        decision = decide(
            agent, action, camera, self.resolved(context), at, town=self.town, silence=self.replicas.silence
        )
        if decision.allowed and action in IMAGE_ACTIONS and self.spool is not None:
            return camera, self.spool.refusal(at) or decision
        return camera, decision

    def resolved(self, context: Context) -> Context:
        """Return the context with what its references were found to be; an unknown one stays None and opens nothing."""
        incident = self.replicas.incidents.get(context.incident_id) if context.incident_id else None
        ticket = self.replicas.tickets.get(context.ticket_id) if context.ticket_id else None
        return replace(
            context,
            incident=incident_from(incident) if incident else None,
            ticket=ticket_from(ticket) if ticket else None,
        )

    def present(self, principal: Principal, at: datetime) -> bool:
        """Tell whether the caller still counts: for streams that stay open.

        An agent is present as long as the session is (its tokens are renewed meanwhile); a machine as long as its
        token lives, for nothing else ends what a revoked one still holds.
        """
        if principal.kind != "agent":
            return principal.expires is not None and at.timestamp() < principal.expires
        try:
            self.agent(principal)
        except Unauthenticated:
            return False
        return True

    def may_see(self, principal: Principal, action: Action, insee: str, at: datetime) -> bool:
        """Judge anew, for one fact of a commune that an open push stream is about to deliver.

        ``action`` is the one the stream was opened for. False for an agent who was revoked, or whose habilitation,
        role or territory no longer allows it at that second.
        """
        try:
            agent = self.agent(principal)
        except Unauthenticated:
            return False
        return insee in agent.communes and self.decide(agent, action, None, Context(insee=insee), at)[1].allowed

    async def check(
        self,
        connection: AsyncConnection,
        *,
        principal: Principal,
        action: Action,
        at: datetime,
        station: str,
        camera_id: str | None = None,
        context: Context | None = None,
        motive: Motive | None = None,
        window: Window | None = None,
        recipient: str | None = None,
        subject: str = "L'objet demandé",
        note: str = "",
    ) -> Grant:
        """Decide and write the register row in the caller's transaction.

        ``subject`` names, in a 404, the thing that is no camera (``"L'incident 2026-95598-000001"``).
        ``note`` is a word of the acting service that the row's context ends with, when the act is allowed.

        Raises:
            Unauthenticated: the session is not one of a known, active agent.
            NotFound: there is no such camera anywhere (no row: nothing was touched).
            Unavailable: what the decision hangs on is not mirrored yet (the service has just started).
            Refusal: the policy said no; a 404 when existence itself is hidden, else a 403 with rule and
                citation. The refusal's row is committed all the same.
        """
        agent = self.agent(principal)
        why = motive or Motive()
        seen = self.resolved(context or Context())
        if (camera_id is not None and not self.cameras.ready) or self._unread(seen):
            raise Unavailable(_STARTING)
        if camera_id is not None and self.cameras.get(camera_id) is None:
            raise NotFound("La caméra", camera_id)
        camera, decision = self.decide(agent, action, camera_id, seen, at)
        words = _context_text(seen, note if decision.allowed else "")
        entry = self._entry(agent, action, camera, decision, seen, words, why, window, at, station, recipient)
        await ask_for_row(connection, entry, source=self._source)
        if not decision.allowed:
            raise Refusal(_problem(decision, camera_id, subject), decision)
        return Grant(agent, camera, decision, str(entry.entry_id))

    def _unread(self, context: Context) -> bool:
        """Tell whether a reference is named whose bucket is not read yet, so that nobody can say it is unknown."""
        incidents, tickets = self.replicas.incidents, self.replicas.tickets
        return (bool(context.incident_id) and not incidents.ready) or (bool(context.ticket_id) and not tickets.ready)

    def _entry(
        self,
        agent: Agent,
        action: Action,
        camera: Camera | None,
        decision: Decision,
        context: Context,
        words: str,
        motive: Motive,
        window: Window | None,
        at: datetime,
        station: str,
        recipient: str | None,
    ) -> RegisterEntry:
        authorisation = camera.authorisation if camera else None
        return RegisterEntry(
            entry_id=new_id(),
            at=at,
            actor_id=agent.agent_id,
            actor_name=agent.name,
            actor_role=agent.role,
            habilitation_id=agent.habilitation_id,
            organisation=agent.organisation_name,
            action=action.value,
            camera_id=camera.camera_id if camera else None,
            camera_label=camera.label if camera else None,
            insee=camera.insee if camera else context.insee or CENTRE,
            authorisation_id=authorisation.authorisation_id if authorisation else None,
            motive_code=motive.code,
            motive_text=motive.text,
            context=words,
            station=station,
            window_from=window.from_at if window else None,
            window_until=window.until_at if window else None,
            recipient=recipient,
            result=RegisterResult.ALLOWED if decision.allowed else RegisterResult.REFUSED,
            rule=decision.rule,
            citation=decision.citation,
        )


def _named(reference: str | None) -> bool:
    return bool(reference and reference.strip())


def _context_text(context: Context, note: str) -> str:
    """Return the references as the register shows them; one that nobody could confirm is said to be such."""
    named = {
        "incident": context.incident_id,
        "requisition": context.requisition_id,
        "ticket": context.ticket_id,
        "share": context.share.share_id if context.share else None,
    }
    doubtful = {
        "incident": _named(context.incident_id) and context.incident is None,
        "ticket": _named(context.ticket_id) and context.ticket is None,
    }
    words = [f"{name}:{value}" for name, value in named.items() if value]
    doubts = [f"non_confirme:{name}" for name, doubt in doubtful.items() if doubt]
    return " ".join([*words, *doubts, *([note] if note else [])])


def _problem(decision: Decision, camera_id: str | None, subject: str) -> Problem:
    if decision.hides_existence:
        return (
            NotFound("La caméra", camera_id)
            if camera_id
            else Problem(
                404,
                "introuvable",
                "Introuvable",
                f"{subject} n'existe pas ou n'est pas dans votre périmètre.",
            )
        )
    return Forbidden(f"{decision.explanation} (règle {decision.rule})", rule=decision.rule, citation=decision.citation)
