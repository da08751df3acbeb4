"""May this agent do that here? A refusal leaves a register row; an allowed act on a text message needs none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.ids import new_id
from common.problems import NotFound
from common.web import Caller, Now, Station, Tx
from contracts.access import RegisterEntry, RegisterResult
from dispatch.domain import Dispatch
from guard import Guard, Refusal
from guard.seal import ask_for_row
from guard.web import TheGuard
from policy import Action, Agent, Context, Decision

ADDRESSEE_RULE = "destinataire_du_message"
ADDRESSEE_CITATION = "Règle de la plateforme : un message n'est lu et accusé que par l'organisation destinataire."


@dataclass(frozen=True, slots=True)
class Door:
    """One request at the door: who asks, when, from where. Its two methods are the only ways in."""

    conn: AsyncConnection
    guard: Guard
    caller: Principal
    at: datetime
    station: str

    async def require(self, action: Action, *, subject: str, context: Context | None = None) -> Agent:
        """Return the agent when the policy allows the action; ``subject`` names in a 404 what was asked for.

        Raises:
            Refusal: the policy says no; the register row of the refusal stays committed.
        """
        agent = self.guard.agent(self.caller)
        seen = context or Context()
        _, decision = self.guard.decide(agent, action, None, seen, self.at)
        if decision.allowed:
            return agent
        refused = await self.guard.check(
            self.conn,
            principal=self.caller,
            action=action,
            at=self.at,
            station=self.station,
            context=seen,
            subject=subject,
        )
        return refused.agent

    async def require_addressee(self, dispatch: Dispatch, organisation_id: str | None) -> Agent:
        """Return the agent when the message was sent to the agent's organisation.

        Raises:
            Refusal: it was sent to another one; answered like a message that does not exist, with a register row.
        """
        where = Context(incident_id=str(dispatch.incident_id), insee=dispatch.insee)
        subject = f"L'envoi « {dispatch.dispatch_id} »"
        agent = await self.require(Action.RECEIVE_DISPATCH, subject=subject, context=where)
        if agent.organisation_id == organisation_id:
            return agent
        entry = self._refusal(agent, dispatch)
        await ask_for_row(self.conn, entry, source="dispatch")
        decision = Decision(allowed=False, rule=ADDRESSEE_RULE, citation=ADDRESSEE_CITATION, hides_existence=True)
        raise Refusal(NotFound("L'envoi", dispatch.dispatch_id), decision)

    def _refusal(self, agent: Agent, dispatch: Dispatch) -> RegisterEntry:
        return RegisterEntry(
            entry_id=new_id(),
            at=self.at,
            actor_id=agent.agent_id,
            actor_name=agent.name,
            actor_role=agent.role,
            habilitation_id=agent.habilitation_id,
            organisation=agent.organisation_name,
            action=Action.RECEIVE_DISPATCH.value,
            camera_id=None,
            camera_label=None,
            insee=dispatch.insee,
            authorisation_id=None,
            motive_code="accuse_reception",
            motive_text="",
            context=f"incident:{dispatch.incident_id}",
            station=self.station,
            window_from=None,
            window_until=None,
            recipient=dispatch.partner_id,
            result=RegisterResult.REFUSED,
            rule=ADDRESSEE_RULE,
            citation=ADDRESSEE_CITATION,
        )


async def at_the_door(conn: Tx, guard: TheGuard, caller: Caller, clock: Now, station: Station) -> Door:
    """Stand at the door, in the request's own transaction."""
    return Door(conn, guard, caller, clock.now(), station)


AtTheDoor = Annotated[Door, Depends(at_the_door, scope="function")]
