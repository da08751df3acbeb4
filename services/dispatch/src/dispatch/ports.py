"""What the dispatch service needs of the outside: a way to a partner, and a vault for partners' secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dispatch.domain import Dispatch


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a partner listens, and the secret that proves who speaks (never logged)."""

    url: str
    secret: bytes

    def __repr__(self) -> str:
        return "Endpoint(…)"


class NotDelivered(Exception):
    """The partner's system did not take the message; ``reason`` is a French sentence without an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PartnerChannel(Protocol):
    """Hands a message to a partner's system."""

    async def deliver(self, dispatch: Dispatch, endpoint: Endpoint, *, at: datetime) -> None:
        """Return when the partner's system took the message; raises NotDelivered."""
        ...


class SecretUnreadable(RuntimeError):
    """A sealed secret does not open for this partner: the vault's key changed, or the value was moved."""

    def __init__(self, partner_id: str) -> None:
        super().__init__(f"the webhook secret of partner {partner_id} does not open: enter it again")
        self.partner_id = partner_id


class SecretVault(Protocol):
    """Keeps partners' secrets unreadable at rest."""

    def seal(self, partner_id: str, secret: bytes) -> bytes:
        """Return the secret as it may be stored."""
        ...

    def unseal(self, partner_id: str, sealed: bytes) -> bytes:
        """Open a sealed secret; raises SecretUnreadable."""
        ...
