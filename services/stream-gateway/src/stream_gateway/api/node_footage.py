"""The media nodes' endpoint for each other's spools: what was recorded a moment ago. Never reachable from outside."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel
from starlette.requests import HTTPConnection

from common.problems import NotFound
from common.web import service_scope
from stream_gateway.playback.far import SCOPE
from stream_gateway.ports import FilmGone, RecentFootage
from stream_gateway.schemas.texts import CameraId

router = APIRouter(
    prefix="/api/stream/internal/footage", tags=["nœuds média"], dependencies=[Depends(service_scope(SCOPE))]
)

_MOST_BYTES = 16 * 1024 * 1024


class SpooledFilm(BaseModel):
    """A film in this node's spool, as far as whole groups of pictures are written."""

    started_at: AwareDatetime
    ended_at: AwareDatetime
    expires_at: AwareDatetime
    key: str
    size: int


class SpooledFilms(BaseModel):
    """Films that touch a window, in order."""

    items: list[SpooledFilm]


def _own(connection: HTTPConnection) -> RecentFootage:
    return connection.app.state.own_footage


OwnFootage = Annotated[RecentFootage, Depends(_own)]


@router.get("")
async def find_footage(
    camera_id: CameraId,
    starts_at: Annotated[AwareDatetime, Query(alias="from")],
    ends_at: Annotated[AwareDatetime, Query(alias="to")],
    own: OwnFootage,
) -> SpooledFilms:
    """Return the films of this node's spool that touch a window."""
    found = await own.find(camera_id, starts_at, ends_at)
    return SpooledFilms(
        items=[
            SpooledFilm(
                started_at=one.started_at,
                ended_at=one.ended_at,
                expires_at=one.expires_at,
                key=one.object_key,
                size=one.size,
            )
            for one in found
        ]
    )


@router.get("/bytes", response_class=Response)
async def read_footage(
    key: Annotated[str, Query(max_length=500)],
    start: Annotated[int, Query(ge=0)],
    length: Annotated[int, Query(ge=0, le=_MOST_BYTES)],
    own: OwnFootage,
) -> Response:
    """Return bytes of such a film."""
    try:
        content = await own.read(key, start, length)
    except FilmGone as error:
        raise NotFound("La séquence", key) from error
    return Response(content, media_type="application/octet-stream")
