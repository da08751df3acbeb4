"""The scan of an arrêté, the file that asks for its renewal, and the documents of both."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response, UploadFile

from camera_registry.api.access import TheDesk
from camera_registry.api.arretes import AuthorisationId, hand_over, in_words, manage_one, read
from camera_registry.api.cameras import Vault
from camera_registry.domain.renewal import Renewal, Step
from camera_registry.domain.scan import MAX_SCAN_BYTES, PDF, Document, DocumentKind
from camera_registry.repository.documents import documents_of, one_document
from camera_registry.repository.renewals import renewals_of
from camera_registry.schemas.renewals import DocumentList, DocumentOut, PiecesIn, RenewalOut, StepIn
from camera_registry.use_cases.documents import keep_document
from camera_registry.use_cases.renewals import advance_renewal, list_pieces
from common.ids import new_id
from common.problems import NotFound

router = APIRouter()
DocumentId = Annotated[str, Path(pattern=r"^[^\x00]*$", max_length=100)]


@router.get("/authorisations/{authorisation_id}/documents")
async def list_documents(authorisation_id: AuthorisationId, desk: TheDesk) -> DocumentList:
    """Return the scans of an arrêté and the documents of its renewal file, the newest first."""
    await read(desk, authorisation_id)
    return DocumentList.of(await documents_of(desk.connection, authorisation_id))


@router.post("/authorisations/{authorisation_id}/documents", status_code=201)
async def post_document(
    authorisation_id: AuthorisationId,
    desk: TheDesk,
    file: UploadFile,
    kind: Annotated[DocumentKind, Query()] = DocumentKind.ARRETE,
) -> DocumentOut:
    """Keep a PDF (20 MB at most): the scan of the arrêté, or a piece of its renewal file."""
    await manage_one(desk, authorisation_id, f"document déposé ({kind.value})")
    content = await file.read(MAX_SCAN_BYTES + 1)
    with in_words():
        document = await keep_document(
            conn=desk.connection,
            document_id=str(new_id()),
            authorisation_id=authorisation_id,
            kind=kind,
            filename=file.filename,
            content=content,
            by=desk.name,
            at=desk.at,
        )
    return DocumentOut.model_validate(document)


@router.get(
    "/authorisations/{authorisation_id}/documents/{document_id}",
    response_class=Response,
    responses={200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_document(authorisation_id: AuthorisationId, document_id: DocumentId, desk: TheDesk) -> Response:
    """Hand a document over, as it was kept; the copy is a line of the register."""
    one = await read(desk, authorisation_id)
    await hand_over(desk, one, f"copie d'un document de l'arrêté {one.arrete_number}")
    found = await one_document(desk.connection, authorisation_id, document_id)
    if found is None:
        raise NotFound("Le document", document_id)
    document, content = found
    return Response(content, media_type=PDF, headers=_download_headers(document))


@router.get("/authorisations/{authorisation_id}/renewal")
async def read_renewal(authorisation_id: AuthorisationId, desk: TheDesk) -> RenewalOut:
    """Return the renewal file of an arrêté; one that nobody opened yet is to be prepared."""
    one = await read(desk, authorisation_id)
    renewal = (await renewals_of(desk.connection, [authorisation_id])).get(authorisation_id)
    return RenewalOut.of(one, renewal or Renewal(authorisation_id), desk.at)


@router.post("/authorisations/{authorisation_id}/renewal/steps")
async def post_renewal_step(authorisation_id: AuthorisationId, desk: TheDesk, vault: Vault, body: StepIn) -> RenewalOut:
    """Bring the file into its next state, or note something; a granted file names the new arrêté."""
    await manage_one(desk, authorisation_id, f"dossier de renouvellement : {body.state.value}")
    one = await read(desk, authorisation_id)
    with in_words():
        renewal = await advance_renewal(
            conn=desk.connection,
            vault=vault,
            authorisation_id=authorisation_id,
            step=Step(body.state, body.on, desk.at, desk.name, body.note.strip()),
            successor_id=body.successor_id,
            revision=body.revision,
            at=desk.at,
        )
    return RenewalOut.of(one, renewal, desk.at)


@router.put("/authorisations/{authorisation_id}/renewal/pieces")
async def put_renewal_pieces(authorisation_id: AuthorisationId, desk: TheDesk, body: PiecesIn) -> RenewalOut:
    """Keep the list of pieces of the file and the préfecture's receipt number."""
    await manage_one(desk, authorisation_id, "pièces du dossier de renouvellement")
    one = await read(desk, authorisation_id)
    with in_words():
        renewal = await list_pieces(
            conn=desk.connection,
            authorisation_id=authorisation_id,
            pieces=[piece.to_domain() for piece in body.pieces],
            receipt=body.receipt,
            revision=body.revision,
        )
    return RenewalOut.of(one, renewal, desk.at)


def _download_headers(document: Document) -> dict[str, str]:
    """Return headers that make a browser save the file under its name, and never run what is in it (RFC 6266)."""
    plain = document.filename.encode("ascii", "replace").decode().replace("?", "_")
    name = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(document.filename)}"
    return {
        "Content-Disposition": name,
        "Content-Security-Policy": "sandbox",
        "ETag": f'"{document.sha256}"',
    }
