"""A town's list of cameras, imported or tried; an import that writes leaves one register row."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, require_scope
from camera_registry.api.cameras import PRINTABLE, Vault
from camera_registry.domain.importing.columns import MappingInvalid
from camera_registry.domain.importing.comparison import Choices, ImportRefused
from camera_registry.domain.importing.plan import ImportPlan
from camera_registry.domain.importing.table import Inventory
from camera_registry.domain.register_rows import machine_import_row
from camera_registry.inventory_files import MAX_FILE_BYTES, InventoryUnreadable, postcodes, read_inventory
from camera_registry.repository.register import ask_for
from camera_registry.schemas.imports import ImportReport
from camera_registry.use_cases.imports import compare_import, confirm_mapping, write_import
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()
_MAPPING: TypeAdapter[dict[str, str | list[str]]] = TypeAdapter(dict[str, str | list[str]])
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


Choice = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE)]
TheFile = Annotated[UploadFile, File(description="CSV, XLSX, ODS, JSON ou GeoJSON ; 50 Mo au plus.")]


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose beside the file."""

    choices: Choices
    strict: bool
    plan_hash: str | None


def options(
    sheet: Choice = None,
    commune: Choice = None,
    crs: Choice = None,
    outside: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    strict: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    plan_hash: Annotated[str | None, Query(max_length=64, pattern="^[0-9a-f]*$")] = None,
    mapping: Annotated[str | None, Form(max_length=100_000)] = None,
) -> Options:
    """Return the options of an import; ``mapping`` is JSON: field → column or columns."""
    return Options(Choices(_mapping(mapping), sheet or None, commune, crs, outside), strict, plan_hash or None)


@router.post("/cameras/imports")
async def import_file(
    who: TheImporter,
    vault: Vault,
    chosen: Annotated[Options, Depends(options)],
    file: TheFile,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> ImportReport:
    """Register the cameras of a file; with ``dry_run`` only say what would happen.

    The guessed columns are in ``mapping``; send back ``mapping`` (field → column) to correct them and ``plan_hash`` to
    apply exactly what was reviewed: 409 when the register changed since. Never deletes, never moves a camera.
    """
    name = _shown(file.filename)
    about = f"{'essai' if dry_run else 'import'} de {name}"
    writable = await who.writable(about)
    inventory = await _read(file)
    try:
        reviewed = await compare_import(
            conn=who.connection,
            vault=vault,
            inventory=inventory,
            choices=chosen.choices,
            postcodes=postcodes(),
            writable=writable,
            at=who.at,
        )
    except (ImportRefused, MappingInvalid) as error:
        field = error.field if isinstance(error, ImportRefused) else "mapping"
        raise Invalid(str(error), [{"field": field, "message": str(error)}]) from error
    comparison = reviewed.comparison
    applied = comparison.plan.writes and not (chosen.strict and comparison.plan.errors)
    report = await asyncio.to_thread(
        ImportReport.of, inventory, comparison, dry_run=dry_run, strict=chosen.strict, applied=applied
    )
    if not dry_run and chosen.plan_hash is not None and chosen.plan_hash != report.plan_hash:
        raise Conflict(
            "Le registre ou le fichier a changé depuis la vérification : rien n'a été écrit. "
            "Vérifiez de nouveau avant de confirmer.",
            plan_hash=report.plan_hash,
        )
    writes = applied and not dry_run
    await who.write_down(f"{about} : {_counted(comparison.plan)}", writes=writes)
    if writes:
        await write_import(conn=who.connection, vault=vault, reviewed=reviewed, at=who.at)
    if not dry_run and chosen.choices.mapping is not None:
        await confirm_mapping(conn=who.connection, comparison=comparison, by=who.caller.subject, at=who.at)
    return report


async def _read(file: UploadFile) -> Inventory:
    content = await file.read(MAX_FILE_BYTES + 1)
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Invalid(
            "Ce fichier est vide : vérifiez que c'est le bon.", [{"field": "file", "message": "fichier vide"}]
        )
    try:
        return await asyncio.to_thread(read_inventory, content)
    except InventoryUnreadable as error:
        raise Invalid(str(error), [{"field": "file", "message": str(error)}]) from error


def _mapping(text: str | None) -> dict[str, str | list[str]] | None:
    """Return the mapping that a person sent, None for none. Raises Invalid."""
    if text is None or not text.strip():
        return None
    try:
        return _MAPPING.validate_json(text)
    except ValidationError as error:
        message = 'La correspondance des colonnes est un objet JSON, par exemple {"lon": "X", "lat": "Y"}.'
        raise Invalid(message, [{"field": "mapping", "message": message}]) from error


def _shown(filename: str | None) -> str:
    """Return the file's name as a register may hold it: short, without control characters."""
    return "".join(filter(str.isprintable, filename or ""))[:_SHOWN_NAME] or "fichier"


def _counted(plan: ImportPlan) -> str:
    return f"{len(plan.created)} caméra(s) créée(s), {len(plan.changes)} modifiée(s)"
