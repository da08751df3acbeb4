"""Recorded footage, opened to one agent for a while. The bytes pass through here: no store URL leaves."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from common.ids import new_id
from common.object_store import ObjectMissing, ObjectStore, ObjectStoreError
from common.problems import Invalid, NotFound, Unavailable
from common.web import Caller, Now, Station, Tx
from guard import Motive
from guard.web import CurrentAgent, TheGuard
from policy import Context
from stream_gateway.api.byte_range import RangeNotSatisfiable, requested_range
from stream_gateway.api.state import TheIndex, TheStore
from stream_gateway.domain.replays import Replay, ReplayOver, ReplaySegment, WindowRefused
from stream_gateway.repository.replays import find_replay
from stream_gateway.schemas.replays import ReplayIn, ReplayOut, ReplaySegmentOut
from stream_gateway.use_cases import replays as replay_cases
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream", tags=["relecture"])

_CHUNK = 1024 * 1024


@router.post("/replays", status_code=201)
async def open_replay(
    body: ReplayIn,
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    index: TheIndex,
) -> ReplayOut:
    """Ask to see a window of at most one hour again; the motive goes to the register."""
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive(body.motive_code, body.motive_text),
        context=Context(incident_id=body.incident_id),
    )
    try:
        replay = await replay_cases.open_replay(
            tx,
            guard=guard,
            index=index,
            asked=asked,
            replay_id=new_id(),
            camera_id=body.camera_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
        )
    except WindowRefused as error:
        raise Invalid(str(error)) from error
    return _out(replay)


@router.get("/replays/{replay_id}/segments/{index}", response_class=StreamingResponse)
async def read_segment(
    replay_id: UUID,
    index: int,
    tx: Tx,
    agent: CurrentAgent,
    clock: Now,
    store: TheStore,
    range_header: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Return one file of a replay, whole or one byte range; only to the agent who opened it."""
    replay = await find_replay(tx, replay_id)
    if replay is None:
        raise NotFound("La relecture", replay_id)
    try:
        segment = replay.segment_for(agent.agent_id, index, clock.now())
    except ReplayOver as error:
        raise NotFound("La séquence", f"{replay_id}/{index}") from error
    try:
        start, length = requested_range(range_header, segment.size)
        first = await store.get_range(segment.bucket, segment.object_key, start, min(length, _CHUNK))
    except ObjectMissing as error:
        raise NotFound("La séquence", f"{replay_id}/{index}") from error
    except RangeNotSatisfiable:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{segment.size}"})
    except ObjectStoreError as error:
        raise Unavailable("Le stockage des enregistrements ne répond pas.") from error
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(length), "Cache-Control": "no-store"}
    if range_header is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{segment.size}"
    return StreamingResponse(
        _bytes(store, segment, start, length, first),
        status_code=200 if range_header is None else 206,
        media_type="video/mp4",
        headers=headers,
    )


async def _bytes(
    store: ObjectStore, segment: ReplaySegment, start: int, length: int, first: bytes
) -> AsyncIterator[bytes]:
    yield first
    sent = len(first)
    while sent < length:
        chunk = await store.get_range(segment.bucket, segment.object_key, start + sent, min(length - sent, _CHUNK))
        if not chunk:
            return
        yield chunk
        sent += len(chunk)


def _out(replay: Replay) -> ReplayOut:
    return ReplayOut(
        replay_id=replay.replay_id,
        camera_id=replay.camera_id,
        closes_at=replay.closes_at,
        segments=[
            ReplaySegmentOut(
                index=index,
                started_at=segment.started_at,
                ended_at=segment.ended_at,
                path=f"/api/stream/replays/{replay.replay_id}/segments/{index}",
            )
            for index, segment in enumerate(replay.segments)
        ],
    )
