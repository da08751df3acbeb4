"""What a player fetches of an open replay: playlists made on the fly, ranges of bytes, the timeline.

The bytes pass through here: no store URL leaves. Of each film only the init segment and the groups of pictures of the
asked window exist.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from common.problems import Forbidden, NotFound
from common.web import Caller, Now, Reading, Station
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.api.byte_range import RangeNotSatisfiable, requested_range
from stream_gateway.api.opened_replays import OpenedReplay, ReplayWatermark, footage_problems
from stream_gateway.api.state import TheMarkedFilms, TheRoom
from stream_gateway.domain.playlists import playlist
from stream_gateway.domain.replays import ReplayOver, ReplaySegment
from stream_gateway.domain.timeline import Hole, holes, pieces
from stream_gateway.playback.films import Films
from stream_gateway.schemas.bookmarks import BookmarkOut
from stream_gateway.schemas.replays import HoleOut, PieceOut, TimelineOut
from stream_gateway.use_cases import bookmarks as bookmark_cases
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream/replays/{replay_id}", tags=["relecture"])

_CHUNK = 1024 * 1024
_PLAYLIST = "application/vnd.apple.mpegurl"
_NO_STORE = {"Cache-Control": "no-store"}
_EXPIRED = "durée de conservation dépassée"
_MARKED_ONLY = (
    "L'arrêté de cette caméra exige un filigrane incrusté : ce film n'est pas donné tel quel. Lisez la relecture par "
    "sa liste (index.m3u8), dont chaque séquence le porte."
)


@router.get("/index.m3u8", response_class=Response)
async def read_playlist(replay: OpenedReplay, room: TheRoom, clock: Now) -> Response:
    """Return the HLS playlist of what may be read now, one part per group of pictures."""
    with footage_problems(replay.replay_id):
        parts = await room.parts(replay, clock.now(), key_pictures=False)
    return Response(playlist(parts), media_type=_PLAYLIST, headers=_NO_STORE)


@router.get("/keyframes.m3u8", response_class=Response)
async def read_key_picture_playlist(replay: OpenedReplay, room: TheRoom, clock: Now) -> Response:
    """Return the same film with one frame per group of pictures, at the same positions: for speeds above 4."""
    with footage_problems(replay.replay_id):
        parts = await room.parts(replay, clock.now(), key_pictures=True)
    return Response(playlist(parts, key_pictures=True), media_type=_PLAYLIST, headers=_NO_STORE)


@router.get("/timeline")
async def read_timeline(
    replay: OpenedReplay,
    room: TheRoom,
    clock: Now,
    reading: Reading,
    caller: Caller,
    guard: TheGuard,
    station: Station,
) -> TimelineOut:
    """Return what the replay shows when, what is missing and why, and the bookmarks in its window."""
    at = clock.now()
    with footage_problems(replay.replay_id):
        _, shown = await room.readable_plan(replay, at)
    asked = Asked(caller, station, at, Motive("relecture"), Context(incident_id=None))
    marks = await bookmark_cases.marks_of_window(
        reading, guard=guard, asked=asked, camera_id=replay.camera_id, since=replay.starts_at, until=replay.ends_at
    )
    declared = [Hole(gap.starts_at, gap.ends_at, gap.cause) for gap in replay.gaps]
    declared += [Hole(one.started_at, one.ended_at, _EXPIRED) for one in replay.segments if at >= one.expires_at]
    return TimelineOut(
        starts_at=replay.starts_at,
        ends_at=replay.ends_at,
        closes_at=replay.closes_at,
        expires_at=replay.expires_at,
        duration=sum((stretch.ends_at - stretch.starts_at).total_seconds() for stretch in shown),
        pieces=[PieceOut(starts_at=one.starts_at, ends_at=one.ends_at, position=one.position) for one in pieces(shown)],
        gaps=[
            HoleOut(starts_at=one.starts_at, ends_at=one.ends_at, cause=one.cause)
            for one in holes(shown, replay.starts_at, replay.ends_at, declared)
        ],
        pictures=[stretch.starts_at for stretch in shown],
        bookmarks=[BookmarkOut.of(one) for one in marks],
    )


@router.get("/segments/{index}/init", response_class=Response)
async def read_marked_init(
    replay: OpenedReplay, index: int, watermark: ReplayWatermark, marked: TheMarkedFilms, clock: Now
) -> Response:
    """Return the init segment of a film whose pictures carry a watermark; of any other it is part of the film."""
    if watermark is None:
        raise NotFound("La séquence", f"{replay.replay_id}/{index}/init")
    with footage_problems(f"{replay.replay_id}/{index}/init"):
        content = await marked.init(replay, index, watermark, clock.now())
    return Response(content, media_type="video/mp4", headers=_NO_STORE)


@router.get("/segments/{index}", response_class=StreamingResponse)
async def read_segment(
    replay: OpenedReplay,
    index: int,
    room: TheRoom,
    clock: Now,
    range_header: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Return one film of a replay, whole or one byte range: its init segment and the groups of the asked window.

    Refused where the pictures must carry a watermark: those are made a group at a time.
    """
    if replay.marked:
        raise Forbidden(_MARKED_ONLY, rule="filigrane_incruste")
    with footage_problems(f"{replay.replay_id}/{index}"):
        segment = await room.segment(replay, index, clock.now())
        opened = (await room.plans.of(replay)).opened[index]
        if opened is None:
            raise ReplayOver
        try:
            start, length = requested_range(range_header, opened.length)
        except RangeNotSatisfiable:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{opened.length}"})
        wanted = list(_chunks(opened.ranges(start, length)))
        first = await room.films.read(segment, *wanted[0])
    headers = {**_NO_STORE, "Accept-Ranges": "bytes", "Content-Length": str(length)}
    if range_header is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{opened.length}"
    return StreamingResponse(
        _bytes(room.films, segment, first, wanted[1:]),
        status_code=200 if range_header is None else 206,
        media_type="video/mp4",
        headers=headers,
    )


@router.get("/segments/{index}/groups/{group}", response_class=Response)
async def read_cut_group(
    replay: OpenedReplay,
    index: int,
    group: int,
    watermark: ReplayWatermark,
    room: TheRoom,
    marked: TheMarkedFilms,
    clock: Now,
) -> Response:
    """Return a group of pictures up to the end of the window, or to where another recording takes over."""
    with footage_problems(f"{replay.replay_id}/{index}/{group}"):
        if watermark is None:
            segment = await room.segment(replay, index, clock.now())
            content = await room.cut(replay, segment, index, group)
        else:
            content = await marked.group(replay, index, group, watermark, clock.now(), key_picture=False)
    return Response(content, media_type="video/mp4", headers=_NO_STORE)


@router.get("/segments/{index}/keyframes/{group}", response_class=Response)
async def read_key_picture(
    replay: OpenedReplay,
    index: int,
    group: int,
    watermark: ReplayWatermark,
    room: TheRoom,
    marked: TheMarkedFilms,
    clock: Now,
) -> Response:
    """Return the key frame of a group of pictures, as long as the group is."""
    with footage_problems(f"{replay.replay_id}/{index}/{group}"):
        if watermark is None:
            segment = await room.segment(replay, index, clock.now())
            content = await room.key_picture(replay, segment, index, group)
        else:
            content = await marked.group(replay, index, group, watermark, clock.now(), key_picture=True)
    return Response(content, media_type="video/mp4", headers=_NO_STORE)


def _chunks(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, length in ranges:
        for at in range(start, start + length, _CHUNK):
            yield at, min(_CHUNK, start + length - at)


async def _bytes(
    films: Films, segment: ReplaySegment, first: bytes, wanted: Sequence[tuple[int, int]]
) -> AsyncIterator[bytes]:
    yield first
    for start, length in wanted:
        yield await films.read(segment, start, length)
