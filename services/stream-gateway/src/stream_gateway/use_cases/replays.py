"""Recorded footage seen again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard, Motive, Window
from policy import Action, Agent, Context, burns_watermark
from stream_gateway.domain.replays import (
    INSTANT_OPEN_FOR,
    OPEN_FOR,
    Replay,
    ReplayOver,
    check_window,
    instant_right,
)
from stream_gateway.ports import RecentFootage, SegmentIndex
from stream_gateway.repository import replays, sessions
from stream_gateway.use_cases.asking import Asked, check_right, must_be_marked

_ACTIONS = {"replay": Action.REPLAY, "live": Action.LIVE}
_NOT_UPLOADED_FOR = timedelta(minutes=15)
"""Windows that end this lately ask the spool too. What waits there for longer is shown once it is in the store."""


async def open_replay(
    connection: AsyncConnection,
    *,
    guard: Guard,
    index: SegmentIndex,
    recent: RecentFootage,
    asked: Asked,
    replay_id: UUID,
    camera_id: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Replay:
    """Open recorded footage to one agent for ten minutes; raises WindowRefused."""
    check_window(starts_at, ends_at, asked.at)
    window = Window(starts_at, ends_at)
    grant = await check_right(connection, guard, asked, Action.REPLAY, camera_id, window, shown_as=replay_id)
    # the spool first: a film that is uploaded meanwhile is then found twice, not nowhere
    fresh = await recent.find(camera_id, starts_at, ends_at) if ends_at > asked.at - _NOT_UPLOADED_FOR else []
    known = await index.find(camera_id, starts_at, ends_at)
    replay = Replay(
        replay_id=replay_id,
        agent_id=grant.agent.agent_id,
        camera_id=camera_id,
        insee=grant.camera.insee if grant.camera else "",
        starts_at=starts_at,
        ends_at=ends_at,
        opened_at=asked.at,
        closes_at=asked.at + OPEN_FOR,
        segments=(*known.segments, *fresh),
        gaps=known.gaps,
        incident_id=asked.context.incident_id,
        ticket_id=asked.context.ticket_id,
        marked=must_be_marked(grant),
    )
    await replays.add_replay(connection, replay)
    return replay


async def open_instant_replay(
    connection: AsyncConnection,
    *,
    guard: Guard,
    index: SegmentIndex,
    recent: RecentFootage,
    asked: Asked,
    replay_id: UUID,
    camera_id: str,
    last: timedelta,
    session_id: UUID | None,
) -> Replay:
    """Show the last seconds of a camera again, at one key.

    Under the right to watch live when the agent's own open session has just shown them, else as a replay with its
    context (``instant_right``). The motive says which; its row is in this transaction, with the window.
    """
    starts_at, ends_at = asked.at - last, asked.at
    agent = guard.agent(asked.principal)
    session = await sessions.find_session(connection, session_id) if session_id else None
    own = session is not None and session.agent_id == agent.agent_id and session.camera_id == camera_id
    town = guard.town.replay_roles
    right = instant_right(
        asked=last,
        at=asked.at,
        session_opened_at=session.opened_at if session and own and session.alive_at(asked.at) else None,
        room_only=town is not None and agent.role not in town,
    )
    motive = Motive("relecture_immediate", _motive_text(right == "live", last, asked.context))
    context = asked.context
    if right == "live" and session is not None:
        context = Context(incident_id=session.incident_id, ticket_id=session.ticket_id)
    why = Asked(asked.principal, asked.station, asked.at, motive, context)
    window = Window(starts_at, ends_at)
    grant = await check_right(connection, guard, why, _ACTIONS[right], camera_id, window, shown_as=replay_id)
    fresh = await recent.find(camera_id, starts_at, ends_at)
    known = await index.find(camera_id, starts_at, ends_at)
    replay = Replay(
        replay_id=replay_id,
        agent_id=grant.agent.agent_id,
        camera_id=camera_id,
        insee=grant.camera.insee if grant.camera else "",
        starts_at=starts_at,
        ends_at=ends_at,
        opened_at=asked.at,
        closes_at=asked.at + (INSTANT_OPEN_FOR if right == "live" else OPEN_FOR),
        segments=(*known.segments, *fresh),
        gaps=known.gaps,
        right=right,
        incident_id=context.incident_id,
        ticket_id=context.ticket_id,
        marked=must_be_marked(grant),
    )
    await replays.add_replay(connection, replay)
    return replay


def _motive_text(live: bool, last: timedelta, context: Context) -> str:  # noqa: FBT001 - private, one caller
    seconds = round(last.total_seconds())
    if live:
        return f"Relecture immédiate des {seconds} dernières secondes de la session de visionnage en cours"
    if context.incident_id:
        return f"Relecture immédiate de {seconds} secondes dans l'incident {context.incident_id}"
    return f"Relecture immédiate de {seconds} secondes"


def still_allowed(guard: Guard, agent: Agent, replay: Replay, at: datetime) -> bool:
    """Ask the policy again, without writing: for every playlist and every range of bytes."""
    return guard.decide(agent, _ACTIONS[replay.right], replay.camera_id, _context_of(replay), at)[1].allowed


def _context_of(replay: Replay) -> Context:
    return Context(incident_id=replay.incident_id, ticket_id=replay.ticket_id)


def lacks_watermark(guard: Guard, agent: Agent, replay: Replay, at: datetime) -> bool:
    """Tell whether the arrêté asks, since the replay was opened, for a watermark that it does not carry."""
    return not replay.marked and burns_watermark(agent, guard.camera(replay.camera_id, at))


async def refuse_further(connection: AsyncConnection, *, guard: Guard, asked: Asked, replay_id: UUID) -> None:
    """Close a replay whose right has ended and write the refusal down, once. Raises Refusal, its row committed."""
    replay = await replays.find_replay(connection, replay_id, for_update=True)
    if replay is None or asked.at >= replay.closes_at:
        return
    await replays.save_closing(connection, replay.closed(asked.at))
    why = Asked(asked.principal, asked.station, asked.at, asked.motive, _context_of(replay))
    window = Window(replay.starts_at, replay.ends_at)
    await check_right(connection, guard, why, _ACTIONS[replay.right], replay.camera_id, window)


async def renew_replay(connection: AsyncConnection, *, guard: Guard, asked: Asked, replay_id: UUID) -> Replay:
    """Keep a replay open for ten more minutes while somebody watches; raises ReplayOver or as the guard does."""
    agent = guard.agent(asked.principal)
    replay = await replays.find_replay(connection, replay_id, for_update=True)
    if replay is None:
        raise ReplayOver
    replay.refuse_unless_open(agent.agent_id, asked.at)
    if not still_allowed(guard, agent, replay, asked.at):
        await refuse_further(connection, guard=guard, asked=asked, replay_id=replay_id)
    renewed = replay.renewed(asked.at)
    await replays.save_closing(connection, renewed)
    return renewed


async def close_replay(connection: AsyncConnection, *, replay_id: UUID, agent_id: str, at: datetime) -> None:
    """Close a replay at its owner's wish; raises ReplayOver for another's."""
    replay = await replays.find_replay(connection, replay_id, for_update=True)
    if replay is None or replay.agent_id != agent_id:
        raise ReplayOver
    await replays.save_closing(connection, replay.closed(at))
