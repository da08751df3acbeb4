"""Commands on authorisations: record one, change its terms."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.perimeter import check_positions, check_within
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import locked_authorisation, save_authorisation
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.communes import all_communes
from camera_registry.use_cases.coverage import settle
from camera_registry.use_cases.takeovers import publish_takeovers


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


class AuthorisationChangedMeanwhile(ValueError):
    """Somebody else changed the arrêté after it was read; ``revision`` is the present one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"revision {revision}")
        self.revision = revision


async def record_authorisation(
    *, conn: AsyncConnection, vault: CredentialVault, authorisation: Authorisation, at: datetime
) -> int:
    """Record an arrêté and bring its cameras under it; return how many cameras were published.

    Raises AuthorisationAlreadyRecorded, CommunesUnknown, domain.PerimeterInvalid.
    """
    await lock_register(conn)
    if await locked_authorisation(conn, authorisation.authorisation_id) is not None:
        raise AuthorisationAlreadyRecorded(authorisation.authorisation_id)
    await _check_ground(conn, authorisation)
    await save_authorisation(conn, authorisation, at)
    published = await settle(conn=conn, vault=vault, at=at)
    return published + await publish_takeovers(conn=conn, vault=vault, at=at)


async def change_authorisation(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    authorisation_id: str,
    changes: Mapping[str, object],
    revision: int | None,
    at: datetime,
) -> Authorisation:
    """Change the terms of an arrêté (fields of domain.Authorisation) and publish its cameras again at once.

    ``revision`` is the one that was read; None when the change does not depend on what was read (a new end).

    Raises:
        AuthorisationUnknown: there is none of this id.
        AuthorisationChangedMeanwhile: it has another revision by now.
        CommunesUnknown, domain.AuthorisationInvalid, domain.PerimeterInvalid: the terms cannot be.
    """
    await lock_register(conn)
    before = await locked_authorisation(conn, authorisation_id)
    if before is None:
        raise AuthorisationUnknown(authorisation_id)
    if revision is not None and revision != before.revision:
        raise AuthorisationChangedMeanwhile(before.revision)
    after = before.changed(**changes)
    if after is before:
        return before
    await _check_ground(conn, after)
    await save_authorisation(conn, after, at)
    await settle(conn=conn, vault=vault, revised=frozenset({authorisation_id}), at=at)
    await publish_takeovers(conn=conn, vault=vault, at=at)
    return after


async def _check_ground(conn: AsyncConnection, one: Authorisation) -> None:
    """Raise CommunesUnknown, domain.PerimeterInvalid unless the arrêté lies in communes of this town."""
    known = await all_communes(conn, one.communes)
    unknown = tuple(insee for insee in one.communes if insee not in known)
    if unknown:
        raise CommunesUnknown(unknown)
    contours = {insee: commune.contour for insee, commune in known.items()}
    if one.perimeter is not None:
        check_within(one.perimeter, contours)
    check_positions(one.positions, contours)
