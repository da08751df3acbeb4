"""The peers of a process, made of what its application has."""

from starlette.datastructures import State

from stream_gateway.live.watch import Attachment
from stream_gateway.settings import Settings
from stream_gateway.webrtc.peers import PeerLimits, WhepPeers
from stream_gateway.webrtc.pictures import FeedPictures


def whep_peers(state: State) -> WhepPeers:
    """Return them; ``state`` has ``showing``, ``watch`` and ``settings``."""
    settings: Settings = state.settings

    def open_pictures(attachment: Attachment) -> FeedPictures:
        return FeedPictures(state.showing.pictures(attachment))

    limits = PeerLimits(
        host=settings.webrtc_host, most=settings.webrtc_peers, handshake_seconds=settings.webrtc_handshake_seconds
    )
    return WhepPeers(open_pictures=open_pictures, watch=state.watch, limits=limits)
