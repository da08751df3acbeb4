"""Commands on the renewal file of an arrêté."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.renewal import Piece, Renewal, RenewalInvalid, Step, check_successor
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import locked_authorisation, one_authorisation
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.documents import documents_of
from camera_registry.repository.renewals import locked_renewal, save_renewal
from camera_registry.use_cases.authorisations import AuthorisationUnknown
from camera_registry.use_cases.takeovers import publish_takeovers


class RenewalChangedMeanwhile(ValueError):
    """Somebody else changed the file after it was read; ``revision`` is the present one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"revision {revision}")
        self.revision = revision


async def advance_renewal(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    authorisation_id: str,
    step: Step,
    successor_id: str | None,
    revision: int,
    at: datetime,
) -> Renewal:
    """Bring the file into ``step.state`` (the state it is in: a note only); a granted one names the new arrêté.

    Raises AuthorisationUnknown (of the arrêté or its successor), RenewalChangedMeanwhile, domain.RenewalInvalid.
    """
    one, before = await _locked(conn, authorisation_id, revision)
    if step.state is before.state and successor_id is None:
        after = before.noted(step)
    else:
        successor = await _successor(conn, one, successor_id) if successor_id else None
        after = before.entering(step.state, step, successor)
    await save_renewal(conn, after)
    await publish_takeovers(conn=conn, vault=vault, at=at)
    return after


async def list_pieces(
    *, conn: AsyncConnection, authorisation_id: str, pieces: Sequence[Piece], receipt: str, revision: int
) -> Renewal:
    """Keep the list of pieces of a file and the préfecture's receipt number.

    Raises AuthorisationUnknown, RenewalChangedMeanwhile, domain.RenewalInvalid.
    """
    _, before = await _locked(conn, authorisation_id, revision)
    kept = {document.document_id for document in await documents_of(conn, authorisation_id)}
    if any(piece.document_id is not None and piece.document_id not in kept for piece in pieces):
        raise RenewalInvalid("pieces", "Une pièce renvoie à un document qui n'est pas enregistré sous cet arrêté.")
    after = before.with_pieces(tuple(pieces), receipt)
    await save_renewal(conn, after)
    return after


async def _locked(conn: AsyncConnection, authorisation_id: str, revision: int) -> tuple[Authorisation, Renewal]:
    await lock_register(conn)  # first, as every command on arrêtés does: else two may wait for each other
    one = await locked_authorisation(conn, authorisation_id)
    if one is None:
        raise AuthorisationUnknown(authorisation_id)
    before = await locked_renewal(conn, authorisation_id) or Renewal(authorisation_id)
    if revision != before.revision:
        raise RenewalChangedMeanwhile(before.revision)
    return one, before


async def _successor(conn: AsyncConnection, one: Authorisation, successor_id: str) -> Authorisation:
    successor = await one_authorisation(conn, successor_id)
    if successor is None:
        raise AuthorisationUnknown(successor_id)
    check_successor(one, successor)
    return successor
