"""Missing time that a camera may have kept itself: what to ask it for, in which order, how often (ADR 0026).

Only time that was declared missing is asked for, only where the camera had to be recorded then and nothing about it
has changed since, so that its masks and its arrêté are known to be those of that time. What a camera answered is
remembered: it is asked a few times at most, ever more rarely, and never for what it gave.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.registry import CameraState
from stream_gateway.domain.coverage import TOLERANCE, Gap
from stream_gateway.domain.intervals import Interval, common, union, without


class EdgeRefusal(StrEnum):
    """Why missing time does not come from the camera."""

    MASKS_BY_MEDIA_PLANE = "masks_by_media_plane"
    MASKS_NOT_IN_FORCE = "masks_not_in_force"
    CHANGED_SINCE = "changed_since"
    NO_ARCHIVE = "no_archive"
    NO_CARD = "no_card"
    UNKNOWN_TIME = "unknown_time"
    SEVERAL_SOURCES = "several_sources"
    UNREACHABLE = "unreachable"
    UNSUPPORTED = "unsupported"
    CLOCK_UNSURE = "clock_unsure"
    INTERRUPTED = "interrupted"

    @property
    def sentence(self) -> str:
        """The reason for a person, in French."""
        return _SENTENCES[self]

    @property
    def of_camera(self) -> bool:
        """Whether the camera would answer the same for any other time."""
        return self in {self.NO_ARCHIVE, self.NO_CARD, self.SEVERAL_SOURCES, self.UNSUPPORTED}


_SENTENCES = {
    EdgeRefusal.MASKS_BY_MEDIA_PLANE: "la carte garde les images sans leurs masques : elles ne sont pas reprises",
    EdgeRefusal.MASKS_NOT_IN_FORCE: "les masques de cette caméra ne sont pas en vigueur",
    EdgeRefusal.CHANGED_SINCE: "la caméra a été modifiée depuis (masques, arrêté, adresse) : rien n'est repris d'avant",
    EdgeRefusal.NO_ARCHIVE: "la caméra ne rejoue pas ses propres enregistrements (ONVIF, profil G)",
    EdgeRefusal.NO_CARD: "la caméra n'a rien enregistré elle-même : carte absente ou vide",
    EdgeRefusal.UNKNOWN_TIME: "la carte de la caméra n'a pas gardé ce moment",
    EdgeRefusal.SEVERAL_SOURCES: "l'équipement garde plusieurs caméras sans dire laquelle est celle-ci",
    EdgeRefusal.UNREACHABLE: "la caméra n'a pas répondu",
    EdgeRefusal.UNSUPPORTED: "la caméra rejoue ses enregistrements d'une façon qui n'est pas lisible",
    EdgeRefusal.CLOCK_UNSURE: "l'horloge de la caméra a été réglée depuis : l'instant de ses images n'est pas sûr",
    EdgeRefusal.INTERRUPTED: "la reprise a été interrompue",
}


@dataclass(frozen=True, slots=True)
class BackfillRules:
    """How a camera is asked.

    ``settle``: a gap that ended less than so long ago waits. ``piece``: the most that is asked for at once. ``tries``:
    how often the same time is asked for at most, ``retry`` after the first try, twice as long after each one more.
    ``lead``: how much earlier the key frame may be that the first picture needs. ``margin``: time whose retention ends
    within it is not fetched any more.
    """

    settle: timedelta = timedelta(seconds=60)
    piece: timedelta = timedelta(minutes=10)
    tries: int = 5
    retry: timedelta = timedelta(minutes=10)
    lead: timedelta = timedelta(seconds=30)
    margin: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """What came of asking for a time, half-open. ``times``: how often so far; ``reason`` empty: it was stored."""

    window: Interval
    times: int
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a camera's recording. ``expected``: with the camera's revision of that time, None: unknown."""

    gaps: Sequence[Gap]
    footage: Sequence[Interval]
    expected: Sequence[tuple[Interval, int | None]]
    asked: Sequence[EdgeAnswer]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for a camera now.

    ``refused``: time that will never be asked for, with the reason, not told before. ``missing``: all that could be
    asked for at some time. ``window``: ask for this now; ``earliest``: pictures before it may not be stored with it.
    ``next_at``: look again then, None: when another gap is declared.
    """

    refused: tuple[tuple[Interval, EdgeRefusal], ...] = ()
    missing: tuple[Interval, ...] = ()
    window: Interval | None = None
    earliest: datetime | None = None
    next_at: datetime | None = None


def refusal_of(camera: CameraState) -> EdgeRefusal | None:
    """Return why nothing of what this camera kept itself may be stored; None when it may."""
    if camera.masks_by_media_plane:
        return EdgeRefusal.MASKS_BY_MEDIA_PLANE
    return None if camera.masks_signed else EdgeRefusal.MASKS_NOT_IN_FORCE


def plan(camera: CameraState, known: Known, at: datetime, rules: BackfillRules) -> Plan:
    """Decide what to ask a camera for at an instant; the newest missing time first."""
    authorisation = camera.authorisation_at(at)
    if authorisation is None:
        return Plan()
    oldest = at - timedelta(days=authorisation.retention_days) + rules.margin
    left = _missing(known, oldest, at)
    allowed = [span for span, revision in known.expected if revision == camera.revision]
    allowed = common(allowed, [(authorisation.valid_from, authorisation.valid_until)])
    kind = refusal_of(camera)
    mine = [] if kind is not None else _long(common(left, allowed))
    refused = _untold(_long(without(left, mine)), known.asked, kind or EdgeRefusal.CHANGED_SINCE)
    waiting = {one: _due(one, rules) for one in known.asked if one.reason and one.times < rules.tries}
    shut = [one.window for one in known.asked if one not in waiting or waiting[one] > at]
    free = [one for one in _long(without(mine, shut)) if one[1] <= at - rules.settle]
    later = [due for one, due in waiting.items() if due > at and common([one.window], mine)]
    later += [end + rules.settle for _, end in mine if end + rules.settle > at]
    if not free:
        return Plan(refused, tuple(mine), next_at=min(later, default=None))
    begin, end = free[-1]
    window = max(begin, end - rules.piece), end
    home = next(span for span in union(allowed) if span[0] <= window[0] < span[1])
    return Plan(refused, tuple(mine), window, max(home[0], window[0] - rules.lead), at)


def answered(
    known: Known, windows: Iterable[Interval], stored: Sequence[Interval], reason: str, at: datetime
) -> list[EdgeAnswer]:
    """Return what to remember of an answer: what was stored, and the rest of the windows as asked for once more."""
    notes = [EdgeAnswer(one, 1, at) for one in union(stored)]
    for rest in _long(without(windows, union(stored, touching=TOLERANCE))):
        before = [one.times for one in known.asked if one.reason and common([one.window], [rest])]
        notes.append(EdgeAnswer(rest, 1 + max(before, default=0), at, reason))
    return notes


def refused_for_good(
    refused: Iterable[tuple[Interval, EdgeRefusal]], at: datetime, rules: BackfillRules
) -> list[EdgeAnswer]:
    """Return what to remember of time that is never asked for."""
    return [EdgeAnswer(window, rules.tries, at, kind.sentence) for window, kind in refused]


def _missing(known: Known, oldest: datetime, at: datetime) -> list[Interval]:
    declared = union((gap.started_at, gap.ended_at) for gap in known.gaps)
    due = common(common(declared, [span for span, _ in known.expected]), [(oldest, at)])
    stored = [one.window for one in known.asked if not one.reason]
    return _long(without(due, union([*known.footage, *stored], touching=TOLERANCE)))


def _untold(
    left: Iterable[Interval], asked: Iterable[EdgeAnswer], kind: EdgeRefusal
) -> tuple[tuple[Interval, EdgeRefusal], ...]:
    told = [one.window for one in asked if one.reason == kind.sentence]
    return tuple((window, kind) for window in _long(without(left, told)))


def _due(one: EdgeAnswer, rules: BackfillRules) -> datetime:
    return one.at + rules.retry * 2 ** (one.times - 1)


def _long(intervals: Iterable[Interval]) -> list[Interval]:
    """Leave out what is jitter at the border of footage."""
    return [(begin, end) for begin, end in intervals if end - begin > TOLERANCE]
