"""The register: read by Liévin's four questions, and verified."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from access.api.desk import TheDesk
from access.repository import register as repository
from access.repository.register import Question
from access.schemas import RegisterPage, RegisterView, Result, VerificationView, Word
from access.use_cases import register as use_cases
from policy import Action

router = APIRouter(prefix="/api/access/register", tags=["register"])
_SCOPE = "register.read"


@router.get("")
async def read_register(
    desk: TheDesk,
    camera_id: Word | None = None,
    agent_id: Word | None = None,
    action: Word | None = None,
    result: Result | None = None,
    from_at: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until_at: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RegisterPage:
    """Return rows newest first, of the caller's communes; reading leaves a row itself."""
    asked = f"caméra={camera_id or '*'} agent={agent_id or '*'} action={action or '*'}"
    admitted = await desk.admit(Action.READ_REGISTER, scope=_SCOPE, about=f"lecture du registre : {asked[:1500]}")
    question = Question(camera_id, agent_id, action, result, from_at, until_at, admitted.communes)
    rows = await repository.answer(desk.connection, question, before=cursor, limit=limit)
    following = str(rows[-1].seq) if len(rows) == limit else None
    return RegisterPage(items=[RegisterView.of(row) for row in rows], next_cursor=following)


@router.get("/verification")
async def verify_register(request: Request, desk: TheDesk) -> VerificationView:
    """Walk the whole chain and tell the first row, if any, that is not what was sealed."""
    await desk.admit(Action.VERIFY_REGISTER, scope=_SCOPE, about="vérification de la chaîne du registre")
    found = await use_cases.verify_register(desk.connection, seal=request.app.state.seal)
    return VerificationView(
        entries=found.entries,
        valid=found.valid,
        first_bad_seq=found.first_bad_seq,
        head_hash=found.head_hash,
        checked_at=desk.at,
    )
