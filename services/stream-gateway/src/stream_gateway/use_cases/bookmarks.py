"""Bookmarks: who sees the pictures may name an instant of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.problems import NotFound
from guard import Guard
from policy import Action, Agent
from stream_gateway.domain.bookmarks import Bookmark, Color, check_instant
from stream_gateway.repository import bookmarks
from stream_gateway.use_cases.asking import Asked, check_right

_SIGHTS = (Action.LIVE, Action.REPLAY)


async def add_bookmark(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    bookmark_id: UUID,
    camera_id: str,
    at: datetime,
    label: str,
    color: Color,
) -> Bookmark:
    """Name an instant of a camera that the agent may watch or replay now.

    Writes no register row of its own (the pictures' rows are there already); a refusal does. Raises BookmarkRefused.
    """
    agent = guard.agent(asked.principal)
    camera = None
    for action in _SIGHTS:
        camera, decision = guard.decide(agent, action, camera_id, asked.context, asked.at)
        if decision.allowed:
            break
    else:
        await check_right(connection, guard, asked, Action.REPLAY, camera_id)
    if camera is None or camera.authorisation is None:
        raise NotFound("La caméra", camera_id)
    retention = timedelta(days=camera.authorisation.retention_days)
    check_instant(at, asked.at, retention)
    bookmark = Bookmark(
        bookmark_id=bookmark_id,
        camera_id=camera_id,
        insee=camera.insee,
        at=at,
        label=label,
        color=color,
        incident_id=asked.context.incident_id,
        author_id=agent.agent_id,
        author_name=agent.name,
        created_at=asked.at,
        expires_at=at + retention,
    )
    await bookmarks.add_bookmark(connection, bookmark)
    return bookmark


async def list_bookmarks(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    camera_id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> list[Bookmark]:
    """Return the bookmarks the agent may see: of the communes and cameras whose recordings may be listed.

    ``asked.context.incident_id`` narrows to one incident.
    """
    agent = guard.agent(asked.principal)
    if camera_id is not None and not _may_list(guard, agent, camera_id, asked):
        await check_right(connection, guard, asked, Action.VIEW_RECORDINGS, camera_id)
    found = await bookmarks.list_bookmarks(
        connection,
        communes=agent.communes,
        now=asked.at,
        camera_id=camera_id,
        incident_id=asked.context.incident_id,
        since=since,
        until=until,
    )
    return readable(guard, agent, found, asked)


async def marks_of_window(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str, since: datetime, until: datetime
) -> list[Bookmark]:
    """Return the bookmarks of a camera that belong on the timeline of a replay that the agent has open."""
    agent = guard.agent(asked.principal)
    found = await bookmarks.list_bookmarks(
        connection, communes=agent.communes, now=asked.at, camera_id=camera_id, since=since, until=until
    )
    return readable(guard, agent, found, asked)


def readable(guard: Guard, agent: Agent, found: Sequence[Bookmark], asked: Asked) -> list[Bookmark]:
    """Leave out what is past its camera's present retention, and cameras whose recordings the agent may not list."""
    allowed = {camera_id: _may_list(guard, agent, camera_id, asked) for camera_id in {one.camera_id for one in found}}
    return [
        one
        for one in found
        if allowed[one.camera_id] and one.readable_at(asked.at, _retention(guard, one.camera_id, asked.at))
    ]


async def rename_bookmark(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, bookmark_id: UUID, label: str, color: Color
) -> Bookmark:
    """Give a bookmark another name; raises NotFound or NotTheAuthor."""
    agent = guard.agent(asked.principal)
    bookmark = await _own(connection, agent, bookmark_id, asked.at)
    renamed = bookmark.renamed(agent_id=agent.agent_id, now=asked.at, label=label, color=color)
    await bookmarks.save_bookmark(connection, renamed, now=asked.at)
    return renamed


async def remove_bookmark(connection: AsyncConnection, *, guard: Guard, asked: Asked, bookmark_id: UUID) -> None:
    """Take a bookmark away; raises NotFound or NotTheAuthor. The footage stays as it is."""
    agent = guard.agent(asked.principal)
    bookmark = await _own(connection, agent, bookmark_id, asked.at)
    bookmark.refuse_unless_author(agent.agent_id, asked.at)
    await bookmarks.remove_bookmark(connection, bookmark, now=asked.at)


async def _own(connection: AsyncConnection, agent: Agent, bookmark_id: UUID, at: datetime) -> Bookmark:
    bookmark = await bookmarks.find_bookmark(connection, bookmark_id, communes=agent.communes, now=at)
    if bookmark is None:
        raise NotFound("Le signet", bookmark_id)
    return bookmark


def _may_list(guard: Guard, agent: Agent, camera_id: str, asked: Asked) -> bool:
    return guard.decide(agent, Action.VIEW_RECORDINGS, camera_id, asked.context, asked.at)[1].allowed


def _retention(guard: Guard, camera_id: str, at: datetime) -> timedelta | None:
    camera = guard.camera(camera_id, at)
    if camera is None or camera.authorisation is None:
        return None
    return timedelta(days=camera.authorisation.retention_days)
