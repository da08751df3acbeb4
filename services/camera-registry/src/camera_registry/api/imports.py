"""A town's list of cameras, imported or tried; an import that writes leaves a row for each commune it touches."""

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from pydantic import TypeAdapter, ValidationError

from camera_registry.api.access import SCOPE_WRITE, Desk, TheVisitor
from camera_registry.api.cameras import PRINTABLE, Networks, Vault
from camera_registry.domain.camera_network import CameraNetworks
from camera_registry.domain.importing.columns import MappingInvalid
from camera_registry.domain.importing.comparison import Choices, ImportRefused, open_table
from camera_registry.domain.importing.plan import ImportPlan
from camera_registry.domain.importing.table import Inventory
from camera_registry.inventory_files import MAX_FILE_BYTES, InventoryUnreadable, postcodes, read_inventory
from camera_registry.ports import CredentialVault
from camera_registry.schemas.imports import ImportReport
from camera_registry.use_cases.imports import (
    RegisterChanged,
    Reviewed,
    compare_import,
    confirm_mapping,
    known_for_import,
    write_import,
)
from common.database import Database
from common.problems import Conflict, Invalid
from guard import Motive
from policy import Action

router = APIRouter()
_MAPPING: TypeAdapter[dict[str, str | list[str]]] = TypeAdapter(dict[str, str | list[str]])
_MOTIVE = "import_cameras"
_SHOWN_NAME = 150
_NAMED = 20
"""Cameras that a row names; the file's SHA-256 leads to the others."""
_CHANGED = (
    "Le registre ou le fichier a changé depuis la vérification : rien n'a été écrit. "
    "Vérifiez de nouveau avant de confirmer."
)


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
    who: TheVisitor,
    request: Request,
    vault: Vault,
    networks: Networks,
    chosen: Annotated[Options, Depends(options)],
    file: TheFile,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> ImportReport:
    """Register the cameras of a file; with ``dry_run`` only say what would happen.

    The guessed columns are in ``mapping``; send back ``mapping`` (field → column) to correct them and ``plan_hash`` to
    apply exactly what was reviewed: 409 when the register changed since, or changes in what the file touches while it
    is read. Never deletes, never moves a camera. The register is locked to write, not to read and compare.
    """
    database: Database = request.app.state.database
    about = f"{'essai' if dry_run else 'import'} de {_shown(file.filename)}"
    async with database.transaction() as conn:
        desk = who.at_desk(conn)
        await desk.reads((Action.CONFIGURE,), SCOPE_WRITE, why=Motive(_MOTIVE, about))
    inventory, digest = await _read(file)
    reviewed = await _compared(database, vault, networks, inventory, chosen.choices, desk)
    plan = reviewed.comparison.plan
    applied = plan.writes and not (chosen.strict and plan.errors)
    report = await asyncio.to_thread(
        ImportReport.of, inventory, reviewed.comparison, dry_run=dry_run, strict=chosen.strict, applied=applied
    )
    if not dry_run and chosen.plan_hash is not None and chosen.plan_hash != report.plan_hash:
        raise Conflict(_CHANGED, plan_hash=report.plan_hash)
    writes = applied and not dry_run
    trace = f"fichier SHA-256 {digest} ; plan {report.plan_hash}"
    motives = await asyncio.to_thread(_motives, plan, about, trace, by_commune=writes)
    async with database.transaction() as conn:
        desk = who.at_desk(conn)
        if writes or desk.caller.kind == "agent":  # a machine that tries, or changes nothing, did nothing
            await desk.allow_each(Action.CONFIGURE, SCOPE_WRITE, motives)
        if writes:
            await _write(desk, vault, reviewed, report.plan_hash)
        if not dry_run and chosen.choices.mapping is not None:
            await confirm_mapping(conn=conn, comparison=reviewed.comparison, by=desk.caller.subject, at=desk.at)
    return report


async def _compared(
    database: Database,
    vault: CredentialVault,
    networks: CameraNetworks,
    inventory: Inventory,
    choices: Choices,
    desk: Desk,
) -> Reviewed:
    """Return the plan of a file, made while others go on working."""
    try:
        table = await asyncio.to_thread(open_table, inventory, choices.sheet)
        async with database.transaction() as conn:
            known = await known_for_import(
                conn=conn, vault=vault, networks=networks, table=table, choices=choices, writable=desk.writable
            )
        return await asyncio.to_thread(
            compare_import,
            known=known,
            inventory=inventory,
            table=table,
            choices=choices,
            postcodes=postcodes(),
            at=desk.at,
        )
    except (ImportRefused, MappingInvalid) as error:
        field = error.field if isinstance(error, ImportRefused) else "mapping"
        raise Invalid(str(error), [{"field": field, "message": str(error)}]) from error


async def _write(desk: Desk, vault: CredentialVault, reviewed: Reviewed, plan_hash: str) -> None:
    try:
        await write_import(conn=desk.connection, vault=vault, reviewed=reviewed, at=desk.at)
    except RegisterChanged as error:
        raise Conflict(_CHANGED, plan_hash=plan_hash) from error


async def _read(file: UploadFile) -> tuple[Inventory, str]:
    """Return what stands in a file, and the hexadecimal SHA-256 of its bytes. Raises Invalid."""
    content = await file.read(MAX_FILE_BYTES + 1)
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Invalid(
            "Ce fichier est vide : vérifiez que c'est le bon.", [{"field": "file", "message": "fichier vide"}]
        )
    try:
        return await asyncio.to_thread(lambda: (read_inventory(content), hashlib.sha256(content).hexdigest()))
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


def _motives(plan: ImportPlan, about: str, trace: str, *, by_commune: bool) -> dict[str | None, Motive]:
    """Return the motive of each row: which cameras of a commune, out of which file, under which plan."""
    created: dict[str | None, list[str]] = defaultdict(list)
    changed: dict[str | None, list[str]] = defaultdict(list)
    for camera in plan.created:
        created[camera.insee if by_commune else None].append(camera.camera_id)
    for change in plan.changes:
        changed[change.before.insee if by_commune else None].append(change.before.camera_id)
    places = sorted({*created, *changed}, key=str) or [None]
    return {place: Motive(_MOTIVE, _told(created[place], changed[place], about, trace)) for place in places}


def _told(created: list[str], changed: list[str], about: str, trace: str) -> str:
    ids = [*created, *changed]
    rest = len(ids) - _NAMED
    named = f" ({', '.join(ids[:_NAMED])}{f' et {rest} autre(s)' if rest > 0 else ''})" if ids else ""
    return f"{about} : {len(created)} caméra(s) créée(s), {len(changed)} modifiée(s){named} ; {trace}"
