"""What an import answers: how the file was read, what it changes, what to mend."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from camera_registry.domain.camera import Camera
from camera_registry.domain.importing.columns import samples_of
from camera_registry.domain.importing.comparison import Comparison
from camera_registry.domain.importing.fields import BY_NAME, FIELDS
from camera_registry.domain.importing.issues import Issue, Severity
from camera_registry.domain.importing.plan import CameraChange
from camera_registry.domain.importing.table import Inventory
from camera_registry.domain.position import PositionPrecision
from contracts.registry import CameraKind, CameraStatus

MOST_ISSUES = 5_000
MOST_ITEMS = 2_000
"""An answer lists this many at most; the counts are always whole, and `truncated` says that there are more."""


class _FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ImportLineError(_FromAttributes):
    """One thing to mend or to look at in the file; ``message`` says how. ``header``: the file's name of the column."""

    line: int
    column: str
    value: str
    message: str
    severity: Severity = "error"
    header: str = ""


class ImportColumns(BaseModel):
    """What a field is read from; ``confidence`` 0-1 (1: an exact name, or confirmed by a person)."""

    field: str
    title: str
    columns: list[str]
    confidence: float
    samples: list[str]


class ImportField(_FromAttributes):
    """A field that a column may be given to; ``many``: several columns may."""

    name: str
    title: str
    many: bool


class ImportFile(BaseModel):
    """How the file was read. ``header_line`` counts from 1 (0: the file has none); ``samples``: cells by column."""

    format: str
    encoding: str
    sheet: str
    sheets: list[str]
    header_line: int
    columns: list[str]
    samples: list[list[str]]
    rows: int
    crs: str
    fingerprint: str


class ImportedCamera(BaseModel):
    """A camera that the file adds."""

    camera_id: str
    label: str
    insee: str
    site_id: str
    kind: CameraKind
    status: CameraStatus
    lon: float
    lat: float
    position_precision: PositionPrecision

    @classmethod
    def of(cls, camera: Camera) -> "ImportedCamera":
        return cls(
            camera_id=camera.camera_id,
            label=camera.label,
            insee=camera.insee,
            site_id=camera.site_id,
            kind=camera.kind,
            status=camera.status,
            lon=camera.position.lon,
            lat=camera.position.lat,
            position_precision=camera.precision,
        )


class ImportFieldChange(_FromAttributes):
    """A field before and after; addresses and secrets are never written out."""

    field: str
    before: str
    after: str


class ImportedChange(BaseModel):
    """A registered camera that the file changes."""

    line: int
    camera_id: str
    label: str
    fields: list[ImportFieldChange]

    @classmethod
    def of(cls, change: CameraChange) -> "ImportedChange":
        fields = [ImportFieldChange.model_validate(one) for one in change.fields]
        return cls(line=change.line, camera_id=change.before.camera_id, label=change.before.label, fields=fields)


class MissingCamera(BaseModel):
    """A registered camera of the file's communes that the file does not name. It is kept: nothing is ever deleted."""

    camera_id: str
    code: str
    label: str
    insee: str


class ImportReport(BaseModel):
    """What the import did, or with ``dry_run`` would do.

    ``valid`` counts cameras that can be registered, ``invalid`` refused lines, ``warned`` lines to look at.
    ``applied``: something was or would be written (a strict import with a refused line writes nothing). ``plan_hash``
    names exactly this plan over exactly this state of the register: send it back to apply what was reviewed and
    nothing else.
    """

    dry_run: bool
    strict: bool = False
    applied: bool = False
    valid: int
    invalid: int
    warned: int = 0
    created: int
    changed: int
    unchanged: int
    missing: int = 0
    sites: int = 0
    not_located: int = 0
    plan_hash: str = ""
    file: ImportFile
    mapping: list[ImportColumns]
    mapping_remembered: bool = False
    unmapped: list[str]
    fields: list[ImportField]
    notes: list[str]
    errors: list[ImportLineError]
    warnings: list[ImportLineError]
    additions: list[ImportedCamera]
    changes: list[ImportedChange]
    missing_cameras: list[MissingCamera]
    truncated: list[str] = Field(default_factory=list, description="Lists of this answer that were cut short.")

    @classmethod
    def of(
        cls, inventory: Inventory, comparison: Comparison, *, dry_run: bool, strict: bool, applied: bool
    ) -> "ImportReport":
        plan, table = comparison.plan, comparison.table
        errors, warnings = plan.errors, plan.warnings
        fed = {column for one in comparison.mapping.values() for column in one.columns}
        lengths = {
            "errors": (len(errors), MOST_ISSUES),
            "warnings": (len(warnings), MOST_ISSUES),
            "additions": (len(plan.created), MOST_ITEMS),
            "changes": (len(plan.changes), MOST_ITEMS),
            "missing_cameras": (len(plan.missing), MOST_ITEMS),
        }
        return cls(
            dry_run=dry_run,
            strict=strict,
            applied=applied,
            valid=plan.valid,
            invalid=len({error.line for error in errors}),
            warned=len({warning.line for warning in warnings}),
            created=len(plan.created),
            changed=len(plan.changes),
            unchanged=plan.unchanged,
            missing=len(plan.missing),
            sites=len(plan.sites),
            not_located=sum(not camera.precision.located for camera in plan.created),
            plan_hash=plan.fingerprint(),
            file=ImportFile(
                format=inventory.format,
                encoding=inventory.encoding,
                sheet=table.sheet,
                sheets=[sheet.name for sheet in inventory.sheets],
                header_line=table.header_line,
                columns=list(table.header),
                samples=samples_of(table, comparison.mapping),
                rows=len(table.rows),
                crs=f"{comparison.reading.crs.name} ({comparison.reading.crs.code})" if comparison.located else "",
                fingerprint=comparison.fingerprint,
            ),
            mapping=[
                ImportColumns(
                    field=one.field,
                    title=BY_NAME[one.field].title,
                    columns=[table.header[column] for column in one.columns],
                    confidence=one.confidence,
                    samples=list(one.samples),
                )
                for one in comparison.mapping.values()
            ],
            mapping_remembered=comparison.remembered,
            unmapped=[name for column, name in enumerate(table.header) if column not in fed],
            fields=[ImportField.model_validate(field) for field in FIELDS],
            notes=list(comparison.notes),
            errors=_issues(errors),
            warnings=_issues(warnings),
            additions=[ImportedCamera.of(camera) for camera in plan.created[:MOST_ITEMS]],
            changes=[ImportedChange.of(change) for change in plan.changes[:MOST_ITEMS]],
            missing_cameras=[
                MissingCamera(camera_id=camera.camera_id, code=camera.code, label=camera.label, insee=camera.insee)
                for camera in plan.missing[:MOST_ITEMS]
            ],
            truncated=[name for name, (length, most) in lengths.items() if length > most],
        )


def _issues(issues: Iterable[Issue]) -> list[ImportLineError]:
    return [ImportLineError.model_validate(issue) for issue in list(issues)[:MOST_ISSUES]]
