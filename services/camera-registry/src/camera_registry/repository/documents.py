"""Documents of arrêtés and renewal files: kept whole, in the transaction of the act, and never replaced."""

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.scan import Document, DocumentKind
from camera_registry.tables import documents

_DESCRIBED = [column for column in documents.c if column.name != "content"]


async def save_document(conn: AsyncConnection, document: Document, content: bytes) -> None:
    """Keep a document with its bytes."""
    await conn.execute(
        insert(documents).values(
            document_id=document.document_id,
            authorisation_id=document.authorisation_id,
            kind=document.kind.value,
            filename=document.filename,
            size=document.size,
            sha256=document.sha256,
            uploaded_at=document.uploaded_at,
            uploaded_by=document.uploaded_by,
            content=content,
        )
    )


async def documents_of(conn: AsyncConnection, authorisation_id: str) -> list[Document]:
    """Return the documents of an arrêté, the newest first, without their bytes."""
    query = (
        select(*_DESCRIBED)
        .where(documents.c.authorisation_id == authorisation_id)
        .order_by(documents.c.uploaded_at.desc(), documents.c.document_id.desc())
    )
    return [_document(row) for row in (await conn.execute(query)).all()]


async def one_document(conn: AsyncConnection, authorisation_id: str, document_id: str) -> tuple[Document, bytes] | None:
    """Return one document of an arrêté with its bytes, or None."""
    query = select(documents).where(
        documents.c.authorisation_id == authorisation_id, documents.c.document_id == document_id
    )
    row = (await conn.execute(query)).one_or_none()
    return (_document(row), row.content) if row else None


def _document(row: Row[Any]) -> Document:
    return Document(
        document_id=row.document_id,
        authorisation_id=row.authorisation_id,
        kind=DocumentKind(row.kind),
        filename=row.filename,
        size=row.size,
        sha256=row.sha256,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
    )
