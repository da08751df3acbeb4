"""Outside systems as the service sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from access.domain.register import ChainHead
from access.domain.tree import TreeHead


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What one browser carries from the start of a log-in to its end.

    ``state``, ``nonce`` and ``code_verifier`` are random; ``started_at`` (aware) is when we sent the browser away.
    """

    state: str
    nonce: str
    code_verifier: str
    next_path: str
    started_at: datetime


class IdentityProviderAway(Exception):
    """The identity provider did not answer, or not as OpenID Connect says."""


class IdentityRefused(Exception):
    """The identity provider, or our checks on what it sent, refused this log-in; the text is for the log."""


class CheckpointSeal(Protocol):
    """Signs statements about the register, and knows its own signatures again."""

    def close(self, head: TreeHead) -> str:
        """Return a signed checkpoint (a note)."""
        ...

    def opened(self, note: str) -> TreeHead | None:
        """Return what was signed, None when the signature is not ours."""
        ...

    def sign(self, text: str) -> str:
        """Return another text of ours as a signed note."""
        ...

    def text_of(self, note: str) -> str | None:
        """Return the text of a note, None when the signature is not ours."""
        ...

    def opened_token(self, token: str) -> ChainHead | None:
        """Return what a checkpoint of the time before the tree says, None when the signature is not ours."""
        ...


class IdentityProvider(Protocol):
    """Vouches for persons (OpenID Connect, code flow with PKCE)."""

    async def authorization_url(self, attempt: LoginAttempt, redirect_uri: str) -> str:
        """Return where to send the browser; raises IdentityProviderAway."""
        ...

    async def identify(self, attempt: LoginAttempt, *, code: str, redirect_uri: str, at: datetime) -> str:
        """Return the log-in name behind an authorization code.

        Raises:
            IdentityProviderAway: no usable answer.
            IdentityRefused: the code or the token is not acceptable.
        """
        ...

    async def end_session_url(self, return_to: str) -> str | None:
        """Return where to log out of the provider too, None when it offers nothing or is away."""
        ...
