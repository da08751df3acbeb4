"""Who asks for what, and the one way to have it judged and written down."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from guard import Grant, Guard, Motive, Window
from policy import Action, Agent, Context, burns_watermark
from stream_gateway.domain.watermark import Watermark, reference_of, register_note


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, from which station, at which instant, why and in which context."""

    principal: Principal
    station: str
    at: datetime
    motive: Motive
    context: Context


async def check_right(
    connection: AsyncConnection,
    guard: Guard,
    asked: Asked,
    action: Action,
    camera_id: str,
    window: Window | None = None,
    shown_as: UUID | None = None,
) -> Grant:
    """Decide and write the register row in the caller's transaction; raises as ``Guard.check`` does.

    ``shown_as``: the session, replay or still that pictures leave as. Where they only do with a burnt-in watermark, the
    row has the reference that is written into them.
    """
    marked = shown_as is not None and burns_watermark(guard.agent(asked.principal), guard.camera(camera_id, asked.at))
    return await guard.check(
        connection,
        principal=asked.principal,
        action=action,
        at=asked.at,
        station=asked.station,
        camera_id=camera_id,
        context=asked.context,
        motive=asked.motive,
        window=window,
        note=register_note(reference_of(shown_as)) if marked and shown_as else "",
    )


def must_be_marked(grant: Grant) -> bool:
    """Tell whether what was granted may only be shown with a burnt-in watermark."""
    return burns_watermark(grant.agent, grant.camera)


def watermark_of(agent: Agent, shown_as: UUID) -> Watermark:
    """Return what an agent's pictures carry."""
    return Watermark(agent.name or agent.agent_id, agent.organisation_name, reference_of(shown_as))


async def require(connection: AsyncConnection, guard: Guard, asked: Asked, action: Action, *, subject: str) -> Agent:
    """Return the agent when the act is allowed, without a row, for it shows no image; a refusal leaves its row.

    Raises as ``Guard.check`` does. The commune is the query's business: it finds nothing outside the agent's own.
    """
    agent = guard.agent(asked.principal)
    _, decision = guard.decide(agent, action, None, Context(), asked.at)
    if not decision.allowed:
        await note_act(connection, guard, asked, action, subject=subject)
    return agent


async def note_act(
    connection: AsyncConnection,
    guard: Guard,
    asked: Asked,
    action: Action,
    *,
    subject: str,
    insee: str | None = None,
) -> Agent:
    """Decide on an act that touches no single camera and write its register row; raises as ``Guard.check`` does."""
    grant = await guard.check(
        connection,
        principal=asked.principal,
        action=action,
        at=asked.at,
        station=asked.station,
        context=replace(asked.context, insee=insee),
        motive=asked.motive,
        subject=subject,
    )
    return grant.agent
