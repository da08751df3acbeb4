"""Keeping the scan of an arrêté, and the pieces of its renewal file."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.scan import Document, DocumentKind, checked_digest, safe_filename
from camera_registry.repository.authorisations import locked_authorisation, save_authorisation
from camera_registry.repository.documents import save_document
from camera_registry.use_cases.authorisations import AuthorisationUnknown


async def keep_document(
    *,
    conn: AsyncConnection,
    document_id: str,
    authorisation_id: str,
    kind: DocumentKind,
    filename: str | None,
    content: bytes,
    by: str,
    at: datetime,
) -> Document:
    """Keep a PDF with its SHA-256; the arrêté takes that of its newest scan, in the same transaction.

    A scan changes no term: the cameras are not published again. Raises AuthorisationUnknown, domain.ScanInvalid.
    """
    digest = checked_digest(content)
    authorisation = await locked_authorisation(conn, authorisation_id)
    if authorisation is None:
        raise AuthorisationUnknown(authorisation_id)
    name = safe_filename(filename)
    document = Document(document_id, authorisation_id, kind, name, len(content), digest, at, by)
    await save_document(conn, document, content)
    if kind is DocumentKind.ARRETE:
        scanned = replace(authorisation, scan_sha256=digest, revision=authorisation.revision + 1)
        await save_authorisation(conn, scanned, at)
    return document
