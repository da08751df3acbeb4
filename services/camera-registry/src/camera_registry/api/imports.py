"""A town's list of cameras, imported or tried; an import that writes leaves one register row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, UploadFile
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, require_scope
from camera_registry.api.cameras import Vault
from camera_registry.domain.camera_import import ImportPlan
from camera_registry.domain.register_rows import machine_import_row
from camera_registry.repository.register import ask_for
from camera_registry.schemas.cameras import ImportReport
from camera_registry.use_cases.cameras import compare_import, write_import
from common.auth import Principal
from common.ids import new_id
from common.problems import Invalid
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()
MAX_FILE_BYTES = 10_000_000
_MOTIVE = "import_cameras"
_SHOWN_NAME = 150


@dataclass(frozen=True, slots=True)
class Importer:
    """Who brings a file, and the transaction it is written in; ``at`` is the instant of the request."""

    connection: AsyncConnection
    caller: Principal
    guard: Guard
    station: str
    at: datetime

    async def writable(self, about: str) -> frozenset[str] | None:
        """Return the communes the caller may write (None: all, for a machine); only a refusal leaves a row here."""
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_WRITE)
            return None
        agent = self.guard.agent(self.caller)
        if not self.guard.decide(agent, Action.CONFIGURE, None, Context(), self.at)[1].allowed:
            await self._check(about)
        return agent.communes

    async def write_down(self, about: str, *, writes: bool) -> None:
        """Leave the row, before anything is stored: an agent's always, trials too; a machine's when it writes."""
        if self.caller.kind == "agent":
            await self._check(about)
        elif writes:
            row = machine_import_row(
                self.caller.subject,
                scope=SCOPE_WRITE,
                motive_code=_MOTIVE,
                motive_text=about,
                entry_id=new_id(),
                station=self.station,
                at=self.at,
            )
            await ask_for(self.connection, row)

    async def _check(self, about: str) -> None:
        await self.guard.check(
            self.connection,
            principal=self.caller,
            action=Action.CONFIGURE,
            at=self.at,
            station=self.station,
            motive=Motive(_MOTIVE, about),
        )


def importer(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> Importer:
    """Return who brings a file."""
    return Importer(tx, caller, guard, station, clock.now())


TheImporter = Annotated[Importer, Depends(importer, scope="function")]


@router.post("/cameras/imports")
async def import_file(
    who: TheImporter,
    vault: Vault,
    file: UploadFile,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> ImportReport:
    """Register the cameras of a CSV file; with ``dry_run`` only say what would happen."""
    name = _shown(file.filename)
    about = f"{'essai' if dry_run else 'import'} de {name}"
    writable = await who.writable(about)
    content = await file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise Invalid("Ce fichier dépasse 10 Mo : découpez-le.")
    plan = await compare_import(conn=who.connection, vault=vault, content=content, writable=writable, at=who.at)
    writes = plan.writes and not dry_run
    await who.write_down(f"{about} : {_counted(plan)}", writes=writes)
    if writes:
        await write_import(conn=who.connection, vault=vault, plan=plan, at=who.at)
    return ImportReport.of(plan, dry_run=dry_run)


def _shown(filename: str | None) -> str:
    """Return the file's name as a register may hold it: short, without control characters."""
    return "".join(filter(str.isprintable, filename or ""))[:_SHOWN_NAME] or "fichier"


def _counted(plan: ImportPlan) -> str:
    return f"{len(plan.created)} caméra(s) créée(s), {len(plan.changed)} modifiée(s)"
