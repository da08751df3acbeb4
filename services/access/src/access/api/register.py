"""The register: read by Liévin's four questions, verified, signed, proved, exported."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from access.api.desk import TheDesk
from access.checkpoints import SignedSeal
from access.domain.register import RegisterRow
from access.register_export import ExportOrder, RegisterExport
from access.register_schemas import (
    CheckpointList,
    CheckpointView,
    ConsistencyView,
    ExportBody,
    ProofView,
    RegisterDetail,
    RegisterFilters,
    RegisterKeys,
    RegisterKeyView,
    RegisterQuery,
)
from access.repository import register as repository
from access.repository import register_heads as heads
from access.schemas import RegisterPage, RegisterView, VerificationView
from access.use_cases import register as use_cases
from access.use_cases import register_proofs as proofs
from common.problems import NotFound
from contracts.merkle import leaf_hash
from policy import Action

router = APIRouter(prefix="/api/access/register", tags=["register"])
_SCOPE = "register.read"
_LONGEST_TOLD = 1300

Seq = Annotated[int, Path(ge=1, lt=1 << 62)]
Size = Annotated[int | None, Query(ge=0, lt=1 << 62)]


def _seal(request: Request) -> SignedSeal:
    seal: SignedSeal = request.app.state.seal
    return seal


TheSeal = Annotated[SignedSeal, Depends(_seal)]


@router.get("")
async def read_register(
    desk: TheDesk,
    asked: Annotated[RegisterQuery, Query()],
) -> RegisterPage:
    """Return rows newest first, of the caller's communes; reading leaves a row itself."""
    admitted = await desk.admit(Action.READ_REGISTER, scope=_SCOPE, about=f"lecture du registre : {_told(asked)}")
    question = asked.question(admitted.communes)
    rows = await repository.answer(desk.connection, question, before=asked.cursor, limit=asked.limit)
    following = str(rows[-1].seq) if len(rows) == asked.limit else None
    return RegisterPage(items=[RegisterView.of(row) for row in rows], next_cursor=following)


@router.get("/verification")
async def verify_register(seal: TheSeal, desk: TheDesk) -> VerificationView:
    """Walk every row, the whole tree and every checkpoint; tell the first row, if any, that is not what was sealed."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="vérification de la chaîne du registre")
    found = await use_cases.verify_register(desk.connection, seal=seal)
    return VerificationView(
        entries=found.entries,
        valid=found.valid,
        first_bad_seq=found.first_bad_seq,
        head_hash=found.head_hash,
        root_hash=found.root_hash,
        checkpoints=found.checkpoints,
        fault=found.fault,
        checked_at=desk.at,
    )


@router.get("/key")
async def register_keys(seal: TheSeal) -> RegisterKeys:
    """Return the public keys that verify the register's signatures: for everybody, no session is needed."""
    views = [RegisterKeyView.of(key, signs=place == 0) for place, key in enumerate(seal.keys)]
    return RegisterKeys(origin=seal.origin, keys=views)


@router.get("/checkpoints")
async def list_checkpoints(
    seal: TheSeal, desk: TheDesk, limit: Annotated[int, Query(ge=1, le=500)] = 20
) -> CheckpointList:
    """Return signed checkpoints, newest first."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="lecture des points de contrôle du registre")
    stored = await heads.newest(desk.connection, limit=limit)
    return CheckpointList(items=[_checkpoint(seal, head.note, head) for head in stored])


@router.post("/checkpoints", status_code=201)
async def sign_checkpoint(seal: TheSeal, desk: TheDesk) -> CheckpointView:
    """Sign where the register ends now."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="signature d'un point de contrôle du registre")
    signed = await use_cases.sign_head(desk.connection, seal=seal, at=desk.at)
    return CheckpointView.of(signed.head, signed.note)


@router.get("/checkpoint", response_class=PlainTextResponse)
async def latest_checkpoint(desk: TheDesk) -> str:
    """Return the last checkpoint as the signed note that other tools read (C2SP tlog-checkpoint)."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="lecture du point de contrôle du registre")
    stored = await heads.last(desk.connection)
    if stored is None:
        raise NotFound("Le point de contrôle", "dernier")
    return stored.note


@router.get("/entries/{seq}")
async def read_entry(seq: Seq, desk: TheDesk) -> RegisterDetail:
    """Return one row of the caller's communes with what chains it."""
    row = await _row(desk, seq, "lecture")
    return RegisterDetail.model_validate({**row.content, "hash": row.hash.hex(), "prev_hash": row.prev_hash.hex()})


@router.get("/entries/{seq}/proof")
async def prove_entry(seq: Seq, seal: TheSeal, desk: TheDesk, size: Size = None) -> ProofView:
    """Prove that a row is in the register as it was signed at ``size`` rows (by default: last)."""
    row = await _row(desk, seq, "preuve")
    proof = await proofs.prove_row(desk.connection, seq=seq, size=size)
    return ProofView(
        seq=seq,
        size=proof.size,
        leaf_hash=leaf_hash(row.canonical).hex(),
        path=[step.hex() for step in proof.path],
        row=row.canonical.decode(),
        prev_hash=row.prev_hash.hex(),
        hash=row.hash.hex(),
        checkpoint=proof.note,
        keys=[key.verifier for key in seal.keys],
    )


@router.get("/consistency")
async def prove_consistency(
    seal: TheSeal,
    desk: TheDesk,
    old: Annotated[int, Query(alias="from", ge=0, lt=1 << 62)],
    new: Annotated[int | None, Query(alias="to", ge=0, lt=1 << 62)] = None,
) -> ConsistencyView:
    """Prove that the register signed at ``to`` rows (by default: last) begins with the one signed at ``from``."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="preuve de cohérence du registre")
    proof = await proofs.prove_consistency(desk.connection, old=old, new=new)
    return ConsistencyView(
        from_size=proof.old,
        to_size=proof.new,
        path=[step.hex() for step in proof.path],
        from_checkpoint=proof.old_note,
        to_checkpoint=proof.new_note,
        keys=[key.verifier for key in seal.keys],
    )


@router.post("/exports", response_class=StreamingResponse)
async def export_register(body: ExportBody, request: Request, seal: TheSeal, desk: TheDesk) -> StreamingResponse:
    """Export rows as a ZIP that proves itself. The row that says so is committed before the first byte leaves."""
    about = f"export du registre ({body.format}) : {body.motive} ; {_told(body.filters)}"
    admitted = await desk.admit(Action.READ_REGISTER, scope=_SCOPE, about=about)
    checkpoint = await use_cases.sign_head(desk.connection, seal=seal, at=desk.at)
    question = body.filters.question(admitted.communes)
    complete = question.asks_nothing and await heads.last_forgetting(desk.connection) is None
    order = ExportOrder(question, body.format, body.filters.asked, body.motive, admitted.actor_id, complete)
    export = RegisterExport(
        request.app.state.database, seal, order, checkpoint, request.app.state.verifier.public_keys()
    )
    name = f"registre-{desk.at:%Y%m%dT%H%M%SZ}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(export.chunks(), media_type="application/zip", headers=headers)


async def _row(desk: TheDesk, seq: int, act: str) -> RegisterRow:
    admitted = await desk.admit(Action.READ_REGISTER, scope=_SCOPE, about=f"{act} de la ligne {seq} du registre")
    row = await repository.row_at(desk.connection, seq, admitted.communes)
    if row is None:
        raise NotFound("La ligne", seq)
    return row


def _checkpoint(seal: SignedSeal, note: str, stored: heads.StoredHead) -> CheckpointView:
    head = seal.opened(note)
    if head is None:
        return CheckpointView(
            size=stored.size, root_hash="", head_hash="", signed_at=stored.signed_at, note=note, valid=False
        )
    return CheckpointView.of(head, note)


def _told(filters: RegisterFilters) -> str:
    return " ".join(f"{name}={value}" for name, value in filters.asked.items())[:_LONGEST_TOLD] or "tout"
