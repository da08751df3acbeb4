"""Short tokens that open one session's WebSocket, once it is certain who asks."""

from dataclasses import dataclass
from uuid import UUID

from common.auth import ServiceKey
from common.problems import Unauthenticated

AUDIENCE = "stream-session"


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Signs and checks them with the gateway's own key; they are of no use anywhere else.

    ``seconds`` is their life; a token is bound to one session and one agent.
    """

    key: ServiceKey
    seconds: int

    def issue(self, session_id: UUID, agent_id: str) -> str:
        """Return a token for a session of an agent."""
        claims = {"sub": agent_id, "sid": str(session_id), "typ": "stream-session"}
        return self.key.sign(claims, ttl=self.seconds, audience=AUDIENCE)

    def refuse_foreign(self, token: str, session_id: UUID, agent_id: str) -> None:
        """Raise Unauthenticated unless the token is for this very session and agent."""
        claims = self.key.verify_own(token, audience=AUDIENCE)
        if claims.get("sid") != str(session_id) or claims.get("sub") != agent_id:
            raise Unauthenticated("Ce jeton n'ouvre pas cette session.")
