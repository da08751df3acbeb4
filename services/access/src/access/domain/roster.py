"""The roster: every agent as a line of a CSV file that a town's office can read, change and bring back.

A day in a file is a day in Paris; an end day is the last one on which the paper counts. Bringing a file back creates
and changes, and never takes anything away: who is missing from it is only told. A cell or a column that is not there
says nothing: a known agent keeps what the file is silent about, the territory first of all. Whoever is to have the
employer's whole territory, or none of it, is given it in words: ``toutes``, ``aucune``.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from access.domain.agents import Agent, Agrement, Habilitation, Organisation
from access.domain.errors import AccessError
from contracts.access import Role

COLUMNS = (
    "agent_id",
    "name",
    "role",
    "organisation_id",
    "communes",
    "habilitation_id",
    "habilitation_from",
    "habilitation_until",
    "agrement_number",
    "agrement_from",
    "agrement_until",
    "trained_on",
    "active",
)
REQUIRED = ("agent_id", "name", "role", "organisation_id")
MAX_LINES = 20_000
_PARIS = ZoneInfo("Europe/Paris")
_Paper = TypeVar("_Paper", Habilitation, Agrement)
_WHOLE, _NONE = "toutes", "aucune"
_FORMULA = ("=", "+", "-", "@", "\t")
_NAME_LENGTH = 200
_IDENTIFIER_LENGTH = 64


class RosterUnreadable(AccessError):
    """The file is no roster at all; the text tells what to mend."""


class _CellWrong(ValueError):
    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


@dataclass(frozen=True, slots=True)
class RosterError:
    """One thing to mend: line of the file (the heading is 1), column, what stands there, and how to mend it."""

    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a file would do. ``missing``: agents of the employers it names that it does not hold (nothing is done)."""

    created: tuple[Agent, ...]
    changed: tuple[Agent, ...]
    unchanged: int
    missing: tuple[str, ...]
    errors: tuple[RosterError, ...]


def write_roster(agents: Iterable[Agent]) -> str:
    """Return the roster with its heading; cells that a spreadsheet would run as a formula are quoted with ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for agent in agents:
        writer.writerow([_inert(cell) for cell in _cells(agent)])
    return out.getvalue()


def read_roster(
    content: bytes, known: Mapping[str, Agent], organisations: Mapping[str, Organisation], by_agent: str | None
) -> RosterPlan:
    """Compare a file with the agents there are; lines that are wrong refuse only themselves.

    Args:
        content: CSV with ``;`` or ``,``, UTF-8 (with or without BOM) or Windows-1252.
        known: agents by identifier.
        organisations: employers by identifier.
        by_agent: who brings the file; their own line changes nothing of their rights.

    Raises:
        RosterUnreadable: no text, no heading, or a column that is needed is absent.
    """
    created: list[Agent] = []
    changed: list[Agent] = []
    errors: list[RosterError] = []
    seen: dict[str, int] = {}
    unchanged = 0
    employers: set[str] = set()
    for number, cells in _lines(content):
        try:
            _check_first(cells, seen)
            after = _agent(cells, known, organisations, by_agent)
        except _CellWrong as wrong:
            errors.append(RosterError(number, wrong.column, wrong.value, wrong.message))
            continue
        seen[after.agent_id] = number
        employers.add(after.organisation.organisation_id)
        before = known.get(after.agent_id)
        if before is None:
            created.append(after)
        elif before != after:
            changed.append(after)
        else:
            unchanged += 1
    named = {error.value for error in errors if error.column == "agent_id"} | seen.keys()
    missing = sorted(
        one.agent_id
        for one in known.values()
        if one.active and one.organisation.organisation_id in employers and one.agent_id not in named
    )
    return RosterPlan(tuple(created), tuple(changed), unchanged, tuple(missing), tuple(errors))


def _lines(content: bytes) -> list[tuple[int, dict[str, str]]]:
    text = _decoded(content)
    heading = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if heading.count(";") >= heading.count(",") else ",")
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise RosterUnreadable("Ce fichier n'est pas un CSV lisible : enregistrez-le à nouveau.") from error
    columns = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if absent := [name for name in REQUIRED if name not in columns]:
        raise RosterUnreadable(f"Colonnes absentes : {', '.join(absent)}. Partez d'un fichier exporté par Vigie.")
    if len(rows) > MAX_LINES:
        raise RosterUnreadable(f"Ce fichier a plus de {MAX_LINES} lignes : découpez-le.")
    return [
        (number, {name: _bare(cell) for name, cell in zip(columns, row, strict=False)})
        for number, row in rows[1:]
        if any(cell.strip() for cell in row)
    ]


def _decoded(content: bytes) -> str:
    if b"\x00" in content:
        raise RosterUnreadable("Ce fichier n'est pas du texte : enregistrez-le en CSV.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _check_first(cells: Mapping[str, str], seen: Mapping[str, int]) -> None:
    agent_id = cells["agent_id"]
    if agent_id in seen:
        raise _CellWrong("agent_id", agent_id, f"Déjà à la ligne {seen[agent_id]} : gardez-en une.")


def _agent(
    cells: Mapping[str, str],
    known: Mapping[str, Agent],
    organisations: Mapping[str, Organisation],
    by_agent: str | None,
) -> Agent:
    agent_id = cells["agent_id"]
    before = known.get(agent_id)
    if before is not None and not before.active:
        raise _CellWrong("agent_id", agent_id, "Cet agent est révoqué : rendez-lui d'abord une habilitation.")
    employer = organisations.get(cells.get("organisation_id", ""))
    if employer is None:
        raise _CellWrong("organisation_id", cells.get("organisation_id", ""), "Employeur inconnu : créez-le d'abord.")
    name = cells.get("name", "")
    if not 0 < len(name) <= _NAME_LENGTH:
        raise _CellWrong("name", name[:80], f"Un nom a de 1 à {_NAME_LENGTH} caractères.")
    habilitation, agrement = _habilitation(cells), _agrement(cells)
    trained_on = _day(cells, "trained_on")
    communes = _communes(cells, before, employer)
    try:
        if before is None:
            after = Agent.enrol(
                agent_id=agent_id,
                name=name,
                role=_role(cells),
                organisation=employer,
                communes=communes,
                habilitation=habilitation,
            )
        else:
            after = before.changed(
                by_agent=by_agent, name=name, role=_role(cells), organisation=employer, communes=communes
            )
        after = after.habilitated(habilitation, by_agent=by_agent) if habilitation is not None else after
        after = after.under(agrement, by_agent=by_agent) if agrement is not None else after
    except AccessError as refusal:
        raise _CellWrong("agent_id", agent_id[:_IDENTIFIER_LENGTH], str(refusal)) from refusal
    return after.trained(trained_on) if trained_on is not None else after


def _communes(cells: Mapping[str, str], before: Agent | None, employer: Organisation) -> frozenset[str] | None:
    """Return the territory a line gives; None (a new agent of whom it says nothing): the employer's whole one."""
    text = cells.get("communes", "")
    if not text:
        return before.communes if before is not None else None
    if text.lower() == _WHOLE:
        return employer.communes
    if text.lower() == _NONE:
        return frozenset()
    words = text.split()
    if not {_WHOLE, _NONE}.isdisjoint(word.lower() for word in words):
        raise _CellWrong("communes", text[:80], f"« {_WHOLE} » ou « {_NONE} » s'écrit seul, sans code de commune.")
    return frozenset(words)


def _role(cells: Mapping[str, str]) -> Role:
    try:
        return Role(cells["role"].lower())
    except ValueError:
        raise _CellWrong("role", cells["role"][:80], f"Rôle inconnu. Rôles : {', '.join(Role)}.") from None


def _habilitation(cells: Mapping[str, str]) -> Habilitation | None:
    number, starts, ends = _paper(cells, "habilitation_id", "habilitation_from", "habilitation_until")
    if number is None or starts is None or ends is None:
        return None
    return _made(lambda: Habilitation(number, starts, ends), "habilitation_until", cells)


def _agrement(cells: Mapping[str, str]) -> Agrement | None:
    number, starts, ends = _paper(cells, "agrement_number", "agrement_from", "agrement_until")
    if number is None or starts is None or ends is None:
        return None
    return _made(lambda: Agrement(number, starts, ends), "agrement_until", cells)


def _made(make: Callable[[], _Paper], column: str, cells: Mapping[str, str]) -> _Paper:
    try:
        return make()
    except AccessError as refusal:
        raise _CellWrong(column, cells.get(column, ""), str(refusal)) from refusal


def _paper(
    cells: Mapping[str, str], number: str, starts: str, ends: str
) -> tuple[str | None, datetime | None, datetime | None]:
    values = [cells.get(column, "") for column in (number, starts, ends)]
    if not any(values):
        return None, None, None
    if not all(values):
        raise _CellWrong(number, values[0][:80], f"{number}, {starts} et {ends} vont ensemble.")
    if len(values[0]) > _IDENTIFIER_LENGTH:
        raise _CellWrong(number, values[0][:80], f"Un numéro a {_IDENTIFIER_LENGTH} caractères au plus.")
    return values[0], _instant(cells, starts, last_day=False), _instant(cells, ends, last_day=True)


def _instant(cells: Mapping[str, str], column: str, *, last_day: bool) -> datetime:
    text = cells[column]
    if "T" in text:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            instant = None
        if instant is not None and instant.tzinfo is not None:
            return instant
    day = _day(cells, column)
    if day is None:
        raise _CellWrong(column, text, "Une date est attendue.")
    return datetime.combine(day + timedelta(days=1 if last_day else 0), time(), _PARIS)


def _day(cells: Mapping[str, str], column: str) -> date | None:
    text = cells.get(column, "")
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            continue
    raise _CellWrong(column, text[:80], "Écrivez la date ainsi : 31/12/2026 ou 2026-12-31.")


def _cells(agent: Agent) -> Sequence[str]:
    habilitation, agrement = agent.habilitation, agent.agrement
    return (
        agent.agent_id,
        agent.name,
        agent.role.value,
        agent.organisation.organisation_id,
        " ".join(sorted(agent.communes)) or _NONE,
        habilitation.habilitation_id if habilitation else "",
        _written(habilitation.valid_from, last_day=False) if habilitation else "",
        _written(habilitation.valid_until, last_day=True) if habilitation else "",
        agrement.number if agrement else "",
        _written(agrement.valid_from, last_day=False) if agrement else "",
        _written(agrement.valid_until, last_day=True) if agrement else "",
        agent.trained_on.isoformat() if agent.trained_on else "",
        "oui" if agent.active else "non",
    )


def _written(instant: datetime, *, last_day: bool) -> str:
    """Return a day where the instant is a midnight in Paris, else the instant itself: nothing is lost on the way."""
    local = instant.astimezone(_PARIS)
    if local.time() != time():
        return instant.isoformat()
    return (local.date() - timedelta(days=1 if last_day else 0)).isoformat()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _bare(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
