"""Machine clients: systems of partners and of the town that call Vigie with a secret of their own.

Source of the exchange: RFC 6749 §4.4 (client credentials). The secret is random, so its SHA-256 is enough at rest:
there is no dictionary to try.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from access.domain.agents import Organisation
from access.domain.errors import AccessError

GRANTABLE_SCOPES = frozenset(
    {
        "agents.read",
        "cameras.read",
        "policy.read",
        "register.read",
    }
)
"""What an outside machine may ever be given: to read, within its organisation's communes, and nothing more.

Who writes agents makes himself an administrator, who writes cameras points one at his own device, who writes arrêtés
or clients opens the rest: those scopes, the footage's inventory (``segments.read``) and the cameras' passwords
(``cameras.source``) are for the house's own services.
"""

TOKEN_SECONDS = 60
"""A revoked client's last token dies within a minute, without anybody asking anybody."""

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")


class MachineClientWrong(AccessError):
    """A client that cannot be: the text tells what to mend."""


class MachineClientTaken(AccessError):
    """A client's identifier names one system, for ever."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"Le client « {client_id} » existe déjà : choisissez un autre identifiant.")


class MachineClientUnknown(AccessError):
    """No client has this identifier."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        super().__init__(f"Le client « {client_id} » n'existe pas.")


class ClientRefused(AccessError):
    """Wrong identifier or secret, revoked client, or a scope it was never given: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("Identifiant ou secret refusé, ou portée non accordée.")


@dataclass(frozen=True, slots=True)
class MachineClient:
    """A system, whom it belongs to and the few things it may do."""

    client_id: str
    name: str
    organisation_id: str
    scopes: frozenset[str]
    secret_hash: str
    revoked_at: datetime | None = None

    @classmethod
    def registered(
        cls, *, client_id: str, name: str, organisation: Organisation, scopes: frozenset[str], secret_hash: str
    ) -> Self:
        """Return a new client.

        Raises:
            MachineClientWrong: no identifier, no scope or one that is not grantable, an organisation without communes.
        """
        if not _CLIENT_ID.fullmatch(client_id):
            raise MachineClientWrong("Un identifiant de client a 3 à 63 caractères : minuscules, chiffres et « - ».")
        if not organisation.communes:
            raise MachineClientWrong(f"« {organisation.name} » n'a aucune commune : donnez-lui d'abord un territoire.")
        if not scopes:
            raise MachineClientWrong("Donnez au moins une portée au client.")
        if unknown := scopes - GRANTABLE_SCOPES:
            raise MachineClientWrong(
                f"Portées inconnues ou non accordables : {', '.join(sorted(unknown))}. "
                f"Portées possibles : {', '.join(sorted(GRANTABLE_SCOPES))}."
            )
        return cls(client_id, name, organisation.organisation_id, scopes, secret_hash)

    def granted(self, secret: str, asked: frozenset[str]) -> frozenset[str]:
        """Return the scopes of a token for who shows this secret; nothing asked: all of them.

        A scope that was given once and is no longer grantable has left the client.

        Raises:
            ClientRefused: wrong secret, revoked, or a scope beyond its own.
        """
        right = hmac.compare_digest(hash_of(secret), self.secret_hash)
        own = self.scopes & GRANTABLE_SCOPES
        if not right or self.revoked_at is not None or not own or not asked <= own:
            raise ClientRefused
        return asked or own

    def revoked(self, at: datetime) -> "MachineClient":
        """Return the client without any right; a second time changes nothing."""
        return self if self.revoked_at is not None else replace(self, revoked_at=at)


def hash_of(secret: str) -> str:
    """Return the hex SHA-256 of a secret, as it is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
