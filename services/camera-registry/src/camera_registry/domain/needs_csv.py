"""Needs as a table that a town hall's spreadsheet opens: written, and read back."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date

from camera_registry.domain.authorisation import Finalite
from camera_registry.domain.planning import Need, NeedInvalid, NeedStatus, Works, WorksKind
from camera_registry.domain.position import Position, PositionInvalid
from contracts.registry import CameraKind

BOM = "\ufeff"
HEADINGS = (
    "reference",
    "insee",
    "lieu",
    "longitude",
    "latitude",
    "type_camera",
    "finalite",
    "motif",
    "demandeur",
    "recense_le",
    "priorite",
    "cout_euros",
    "travaux",
    "total_euros",
    "statut",
    "annee",
    "camera",
    "note",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CENTS = 100


def needs_csv(needs: Iterable[Need]) -> str:
    """Return the needs as CSV (``;``, UTF-8 with BOM, decimal comma), in the order given."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for need in needs:
        writer.writerow([_inert(cell) for cell in _cells(need)])
    return out.getvalue()


def read_needs(text: str) -> list[Need]:
    """Read what `needs_csv` writes; the reference is the id. Raises NeedInvalid, naming the line."""
    reader = csv.DictReader(io.StringIO(text.removeprefix(BOM)), delimiter=";")
    needs: list[Need] = []
    for line, row in enumerate(reader, start=2):
        try:
            needs.append(_need(row))
        except (KeyError, ValueError, TypeError, PositionInvalid) as error:
            field = error.field if isinstance(error, NeedInvalid) else "ligne"
            raise NeedInvalid(field, f"Ligne {line} : {error}") from error
    return needs


def euros(cents: int) -> str:
    """Return cents as euros: ``12345,60``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // _CENTS},{abs(cents) % _CENTS:02d}"


def cents(text: str) -> int:
    """Return euros as cents, without ever being a binary fraction: ``12345,6`` is 1234560."""
    whole, _, part = text.strip().replace("\u202f", "").replace(" ", "").replace(".", ",").partition(",")
    return int(whole) * _CENTS + int(part.ljust(2, "0")[:2] or "0")


def _cells(need: Need) -> list[str]:
    return [
        need.reference,
        need.insee,
        need.place,
        f"{need.position.lon:.6f}" if need.position else "",
        f"{need.position.lat:.6f}" if need.position else "",
        need.camera_kind.value,
        need.finalite.value,
        need.motive,
        need.requested_by,
        need.surveyed_on.isoformat(),
        str(need.priority),
        euros(need.cost_cents),
        " | ".join(f"{works.kind.value}:{euros(works.cost_cents)}:{works.label}" for works in need.works),
        euros(need.total_cents),
        need.status.value,
        str(need.budget_year or ""),
        need.camera_id or "",
        need.note,
    ]


def _inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").replace(",", "").replace(".", "").isdecimal()


def _need(row: Mapping[str, str]) -> Need:
    position = Position(float(row["longitude"]), float(row["latitude"])) if row["longitude"] else None
    return Need(
        need_id=row["reference"],
        insee=row["insee"],
        reference=row["reference"],
        place=row["lieu"],
        position=position,
        camera_kind=CameraKind(row["type_camera"]),
        finalite=Finalite(row["finalite"]),
        motive=row["motif"],
        requested_by=row["demandeur"],
        surveyed_on=date.fromisoformat(row["recense_le"]),
        priority=int(row["priorite"]),
        cost_cents=cents(row["cout_euros"]),
        works=tuple(_works(text) for text in row["travaux"].split(" | ") if text),
        status=NeedStatus(row["statut"]),
        budget_year=int(row["annee"]) if row["annee"] else None,
        camera_id=row["camera"] or None,
        note=row["note"],
    )


def _works(text: str) -> Works:
    kind, cost, label = text.split(":", 2)
    return Works(WorksKind(kind), label, cents(cost))
