"""Short tokens that open one session's pictures, once it is certain who asks."""

from dataclasses import dataclass
from typing import Literal

from common.auth import ServiceKey
from common.problems import Unauthenticated
from stream_gateway.domain.sessions import ViewingSession

AUDIENCE = "stream-session"

Transport = Literal["ws", "whep"]
"""fMP4 over the WebSocket, or WebRTC."""


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Signs and checks them with the gateway's own key; they are of no use anywhere else.

    ``seconds`` is their life up to the first use. A token is bound to one session, its camera, its agent and one way
    of transport.
    """

    key: ServiceKey
    seconds: int

    def issue(self, session: ViewingSession, transport: Transport) -> str:
        """Return a token for a session by one transport."""
        return self.key.sign(_claims(session, transport), ttl=self.seconds, audience=AUDIENCE)

    def refuse_foreign(self, token: str, session: ViewingSession, transport: Transport) -> None:
        """Raise Unauthenticated unless the token is for this very session, camera, agent and transport."""
        claims = self.key.verify_own(token, audience=AUDIENCE)
        if any(claims.get(name) != value for name, value in _claims(session, transport).items()):
            raise Unauthenticated("Ce jeton n'ouvre pas cette session.")


def _claims(session: ViewingSession, transport: Transport) -> dict[str, str]:
    return {
        "sub": session.agent_id,
        "sid": str(session.session_id),
        "cam": session.camera_id,
        "via": transport,
        "typ": "stream-session",
    }
