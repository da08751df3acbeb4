"""The roster as a CSV file: taken out, brought back, tried first."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile

from access.api.desk import TheDesk
from access.api.people_bodies import DeadlineList, DeadlineView, RosterReport
from access.domain.papers import reached
from access.domain.roster import write_roster
from access.repository import agents as repository
from access.use_cases import roster as use_cases
from common.ids import new_id
from common.problems import Invalid
from policy import Action

router = APIRouter(prefix="/api/access", tags=["agents"])
MAX_FILE_BYTES = 5_000_000
_EVERYBODY = 100_000


@router.get("/agents/roster", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def read_roster(desk: TheDesk) -> Response:
    """Return every agent as CSV (``;``, UTF-8 with BOM); a head of room gets those who share a commune."""
    admitted = await desk.admit(Action.VIEW_AGENTS, scope="agents.read", about="export de la liste des agents")
    agents = await repository.page(desk.connection, communes=admitted.communes, after=None, limit=_EVERYBODY)
    return Response(
        "\ufeff" + write_roster(agents),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="agents.csv"'},
    )


@router.post("/agents/roster")
async def bring_roster(
    desk: TheDesk,
    file: UploadFile,
    dry_run: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
) -> RosterReport:
    """Create and change agents from a CSV file; wrong lines refuse only themselves, nobody is taken away."""
    content = await file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise Invalid("Ce fichier dépasse 5 Mo : découpez-le.")
    what = "essai" if dry_run else "import"
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope="agents.write", about=f"{what} d'une liste d'agents")
    by_agent = admitted.agent_id
    plan = await use_cases.compare_roster(desk.connection, content=content, by_agent=by_agent)
    if not dry_run:
        await use_cases.apply_roster(
            desk.connection, plan=plan, by=admitted.actor_id, by_agent=by_agent, new_event_id=new_id, at=desk.at
        )
    return RosterReport.of(plan, dry_run=dry_run)


@router.get("/agents/warnings")
async def list_warnings(desk: TheDesk) -> DeadlineList:
    """Return papers near their end or over: habilitation and agrément from 180 days on, training from 30."""
    admitted = await desk.admit(Action.VIEW_AGENTS, scope="agents.read")
    agents = await repository.page(desk.connection, communes=admitted.communes, after=None, limit=_EVERYBODY)
    return DeadlineList(items=[DeadlineView.of(*pair) for pair in reached(agents, desk.at)])
