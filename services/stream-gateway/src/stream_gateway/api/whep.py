"""WHEP: a viewer's SDP offer in, our answer out, and the pictures flow over WebRTC.

As with the WebSocket, the agent's own cookie or bearer token says who asks and the session token, in a header of its
own, says which session. All our candidates are in the answer, so ``PATCH`` (trickle, ICE restart) is not offered: 405,
as the protocol wants it. What cannot be carried is refused with ``fallback``, so that the client takes the other way.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from common import problems
from common.problems import Conflict, Invalid, NotFound, Problem, Unavailable
from guard.web import CurrentAgent
from stream_gateway.api.admission import OVER, SessionOver, admitted
from stream_gateway.api.state import TheWatch, TheWhep
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.live.marked import NO_ROOM, NoRoomToMark
from stream_gateway.webrtc.carried import CodecNotCarried, NoPictureYet
from stream_gateway.webrtc.offer import MAX_OFFER_BYTES, UnusableOffer, read_offer
from stream_gateway.webrtc.peers import TooManyPeers
from stream_gateway.webrtc.pictures import PicturesOver
from stream_gateway.webrtc.transport import PeerLost

router = APIRouter(prefix="/api/stream", tags=["direct"])

SDP = "application/sdp"
_OTHER_WAY = "le direct passe par le WebSocket (fMP4)"
_BODY = {"required": True, "content": {SDP: {"schema": {"type": "string", "maxLength": MAX_OFFER_BYTES}}}}
_ANSWER = {
    201: {
        "description": "The SDP answer; `Location` is the resource to delete.",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
    }
}

SessionToken = Annotated[str, Header(alias="X-Vigie-Session-Token", max_length=4096)]


@router.post(
    "/sessions/{session_id}/whep",
    status_code=201,
    response_class=Response,
    responses={**_ANSWER},
    openapi_extra={"requestBody": _BODY},
)
async def watch_by_webrtc(
    session_id: UUID,
    request: Request,
    session_token: SessionToken,
    agent: CurrentAgent,
    watch: TheWatch,
    peers: TheWhep,
) -> Response:
    """Show a granted session's pictures over WebRTC until somebody or something ends it."""
    try:
        offer = read_offer(await _body(request))
    except UnusableOffer as error:
        raise Invalid(error.detail) from error
    try:
        session = await admitted(request, session_id, agent.agent_id, watch, token=session_token, transport="whep")
        peer = await peers.answer(session, offer)
    except SessionOver as error:
        raise Conflict(OVER, reason=error.reason.value) from error
    except PicturesOver as error:
        raise Conflict(OVER) from error
    except CodecNotCarried as error:
        raise _not_carried() from error
    except NoRoomToMark as error:
        raise Unavailable(NO_ROOM) from error
    except TooManyPeers as error:
        raise Unavailable(f"Trop de lecteurs WebRTC sur ce nœud : {_OTHER_WAY}.") from error
    except (NoPictureYet, PeerLost, MalformedMedia, ConnectionError) as error:
        raise Unavailable(f"La caméra n'a pas encore d'image pour WebRTC : {_OTHER_WAY}, ou réessayez.") from error
    location = f"{router.prefix}/sessions/{session_id}/whep/{peer.peer_id}"
    return Response(peer.answer, status_code=201, media_type=SDP, headers={"Location": location})


@router.delete("/sessions/{session_id}/whep/{peer_id}", status_code=204)
async def leave_webrtc(session_id: UUID, peer_id: str, agent: CurrentAgent, peers: TheWhep) -> Response:
    """Close one's own connection; the session itself lives on until it is released."""
    peer = peers.find(session_id, peer_id, agent.agent_id)
    if peer is None:
        raise NotFound("La connexion", peer_id)
    await peers.end(peer)
    return Response(status_code=204)


@router.patch("/sessions/{session_id}/whep/{peer_id}", status_code=405, include_in_schema=False)
async def no_trickle(session_id: UUID, peer_id: str, agent: CurrentAgent) -> Response:  # noqa: ARG001 - the route's own
    """Refuse trickled candidates and ICE restarts, which this server does not need."""
    answer = problems.response(
        Problem(
            405,
            "methode-refusee",
            "Méthode refusée",
            "Ce serveur donne tous ses candidats dans sa réponse : ni trickle ICE ni redémarrage ICE.",
        )
    )
    answer.headers["Allow"] = "DELETE"
    return answer


async def _body(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise Problem(415, "type-refuse", "Type refusé", "Envoyez une offre SDP (Content-Type: application/sdp).")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_OFFER_BYTES:
            raise Problem(413, "trop-long", "Trop long", "Une offre SDP tient en 64 Kio : n'offrez que la vidéo.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise UnusableOffer("Le corps n'est pas une offre SDP en UTF-8.") from None


def _not_carried() -> Problem:
    return Problem(
        415,
        "codec-non-porte",
        "Codec non porté",
        f"WebRTC ne porte pas le codec de cette caméra (H.265 ou images B) : {_OTHER_WAY}.",
        fallback="websocket",
    )
