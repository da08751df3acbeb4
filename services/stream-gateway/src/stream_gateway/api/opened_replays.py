"""The one door to an open replay: asked anew for every playlist, every range of bytes and every small picture."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from common.object_store import ObjectMissing, ObjectStoreError
from common.problems import Conflict, NotFound, Unavailable
from common.web import Caller, Now, Reading, Station
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.api.state import TheDatabase
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.replays import Replay, ReplayOver
from stream_gateway.domain.watermark import Watermark
from stream_gateway.playback.marked import NO_ROOM, NoRoomToMark
from stream_gateway.ports import FilmGone
from stream_gateway.repository.replays import find_replay
from stream_gateway.use_cases.asking import Asked, watermark_of
from stream_gateway.use_cases.replays import lacks_watermark, refuse_further, still_allowed


async def opened_replay(
    replay_id: UUID,
    reading: Reading,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    database: TheDatabase,
) -> Replay:
    """Return a replay whose agent calls and may still see it.

    A session that ended is a 401; another agent's replay, a closed one and an unknown one are the same 404. A right
    that has ended is refused once, with its register row, and closes the replay. When the arrêté has come to ask for a
    watermark that this replay does not carry, it must be opened anew: 409.
    """
    agent = guard.agent(caller)
    now = clock.now()
    replay = await find_replay(reading, replay_id)
    if replay is None:
        raise NotFound("La relecture", replay_id)
    try:
        replay.refuse_unless_open(agent.agent_id, now)
    except ReplayOver as error:
        raise NotFound("La relecture", replay_id) from error
    if not still_allowed(guard, agent, replay, now):
        asked = Asked(caller, station, now, Motive("relecture_interrompue"), Context())
        async with database.transaction() as connection:
            await refuse_further(connection, guard=guard, asked=asked, replay_id=replay_id)
        raise NotFound("La relecture", replay_id)
    if lacks_watermark(guard, agent, replay, now):
        raise Conflict("L'arrêté exige désormais un filigrane incrusté dans ces images : rouvrez la relecture.")
    return replay


OpenedReplay = Annotated[Replay, Depends(opened_replay, scope="function")]


async def _watermark(replay: OpenedReplay, caller: Caller, guard: TheGuard) -> Watermark | None:
    return watermark_of(guard.agent(caller), replay.replay_id) if replay.marked else None


ReplayWatermark = Annotated[Watermark | None, Depends(_watermark, scope="function")]
"""What no picture of the replay may leave without; None where it needs none."""


@contextmanager
def footage_problems(what: object) -> Generator[None, None, None]:
    """Turn what may be wrong with footage into the answer for a player: gone and expired are the same 404."""
    try:
        yield
    except (ReplayOver, FilmGone, ObjectMissing, MalformedMedia) as error:
        raise NotFound("La séquence", what) from error
    except NoRoomToMark as error:
        raise Unavailable(NO_ROOM) from error
    except ObjectStoreError as error:
        raise Unavailable("Le stockage des enregistrements ne répond pas.") from error
