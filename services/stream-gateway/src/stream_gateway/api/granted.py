"""A granted session as its owner gets it: where its pictures are, and the tokens that open them."""

from stream_gateway.domain.sessions import ViewingSession
from stream_gateway.schemas.sessions import SessionOut
from stream_gateway.session_tokens import SessionTokens


def granted(session: ViewingSession, tokens: SessionTokens) -> SessionOut:
    """Return a session with new tokens, one for each transport."""
    path = f"/api/stream/sessions/{session.session_id}"
    return SessionOut(
        session_id=session.session_id,
        camera_id=session.camera_id,
        token=tokens.issue(session, "ws"),
        whep_token=tokens.issue(session, "whep"),
        expires_at=session.lease_until,
        websocket_path=f"{path}/ws",
        whep_path=f"{path}/whep",
    )
