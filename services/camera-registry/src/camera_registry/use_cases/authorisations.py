"""Commands on authorisations: record one, move its end."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import locked_authorisation, save_authorisation
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.communes import all_communes
from camera_registry.use_cases.coverage import settle


class AuthorisationUnknown(LookupError):
    """No authorisation has this id."""

    def __init__(self, authorisation_id: str) -> None:
        super().__init__(f"authorisation {authorisation_id}")
        self.authorisation_id = authorisation_id


class AuthorisationAlreadyRecorded(ValueError):
    """An authorisation with this id is recorded with other content."""

    def __init__(self, authorisation_id: str) -> None:
        super().__init__(f"authorisation {authorisation_id}")
        self.authorisation_id = authorisation_id


class CommunesUnknown(LookupError):
    """The arrêté names communes that this town does not have; ``insee_codes`` lists them."""

    def __init__(self, insee_codes: tuple[str, ...]) -> None:
        super().__init__(", ".join(insee_codes))
        self.insee_codes = insee_codes


async def record_authorisation(
    *, conn: AsyncConnection, vault: CredentialVault, authorisation: Authorisation, at: datetime
) -> int:
    """Record an arrêté and bring its cameras under it; return how many cameras were published.

    Raises AuthorisationAlreadyRecorded, CommunesUnknown.
    """
    await lock_register(conn)
    if await locked_authorisation(conn, authorisation.authorisation_id) is not None:
        raise AuthorisationAlreadyRecorded(authorisation.authorisation_id)
    known = await all_communes(conn, authorisation.communes)
    unknown = tuple(insee for insee in authorisation.communes if insee not in known)
    if unknown:
        raise CommunesUnknown(unknown)
    await save_authorisation(conn, authorisation, at)
    return await settle(conn=conn, vault=vault, at=at)


async def end_authorisation(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    authorisation_id: str,
    valid_until: datetime,
    at: datetime,
) -> Authorisation:
    """Move the end of an arrêté (revocation, correction) and publish its cameras again at once.

    Raises AuthorisationUnknown, domain.AuthorisationInvalid.
    """
    await lock_register(conn)
    before = await locked_authorisation(conn, authorisation_id)
    if before is None:
        raise AuthorisationUnknown(authorisation_id)
    if before.valid_until == valid_until:
        return before
    after = before.ending(valid_until)
    await save_authorisation(conn, after, at)
    await settle(conn=conn, vault=vault, revised=frozenset({authorisation_id}), at=at)
    return after
