"""Which pictures a window shows, in order and once each, and what is missing in between.

Recordings of one camera may overlap: while a camera is handed from one node to another both write, and a file that
was just uploaded still lies in the spool. A decoder can begin at a key frame only, so the timeline is made of groups
of pictures: each begins where its key frame is and is cut where the next one shown begins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_PICTURES = timedelta(milliseconds=500)
"""Two nodes stamp the same key frame with their own clocks. What is shorter than this before another recording takes
over shows the same pictures once more, and is left out."""

NOT_A_GAP = timedelta(seconds=1)
"""As in the recording ledger: clocks jitter by some frames."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pictures of group ``group`` of recording ``recording``, half-open [starts_at, ends_at) on the wall clock.

    ``cut`` tells that the group goes on after ``ends_at``, and those pictures are not to be shown.
    """

    recording: int
    group: int
    starts_at: datetime
    ends_at: datetime
    cut: bool = False

    def until(self, at: datetime) -> "Stretch":
        """Return what lies before an instant."""
        if at >= self.ends_at:
            return self
        return Stretch(self.recording, self.group, self.starts_at, at, cut=True)


@dataclass(frozen=True, slots=True)
class Hole:
    """Time without pictures, half-open; ``cause`` as declared, None when nobody declared one (yet)."""

    starts_at: datetime
    ends_at: datetime
    cause: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Uninterrupted pictures, half-open. ``position``: seconds of film before them, gaps not counted."""

    starts_at: datetime
    ends_at: datetime
    position: float


def cover(
    groups: Iterable[Stretch], starts_at: datetime, ends_at: datetime, *, same: timedelta = SAME_PICTURES
) -> tuple[Stretch, ...]:
    """Choose what to show of a half-open window: in order, without overlap, everything that was recorded.

    The first group may begin before the window, since its pictures need its key frame: never a whole group before.
    Nothing at or after ``ends_at`` is shown. Another recording takes over only where it reaches further.

    Args:
        groups: whole groups of pictures of any number of recordings, in any order.
        starts_at: beginning of the window.
        ends_at: its end.
        same: shorter remainders before another recording takes over are repetitions and left out; with 0 the result
            covers exactly the union of the groups.
    """
    waiting = [group for group in groups if group.ends_at > starts_at and group.starts_at < ends_at]
    waiting = [group for group in waiting if group.ends_at > group.starts_at]
    waiting.sort(key=lambda group: (group.starts_at, -group.ends_at.timestamp(), group.recording))
    shown: list[Stretch] = []
    at = 0
    while at < len(waiting):
        present = waiting[at]
        at = _successor(waiting, at)
        until = min(ends_at, waiting[at].starts_at) if at < len(waiting) else ends_at
        piece = present.until(until)
        taken_over = piece.cut and at < len(waiting) and waiting[at].recording != present.recording
        repeated = taken_over and piece.ends_at - piece.starts_at < same
        if piece.ends_at > max(starts_at, piece.starts_at) and not repeated:
            shown.append(piece)
    return tuple(shown)


def _successor(waiting: Sequence[Stretch], at: int) -> int:
    """Return the place of the group to show after the one at ``at``.

    Of those that begin before it ends: the next of the same recording, unless a group before that one reaches even
    further; else the one that reaches furthest. Of none: the first that begins after it.
    """
    present = waiting[at]
    best, after = None, at + 1
    while after < len(waiting) and waiting[after].starts_at <= present.ends_at:
        rival = waiting[after]
        if rival.ends_at > present.ends_at and rival.starts_at > present.starts_at:
            reach = waiting[best].ends_at if best is not None else present.ends_at
            if rival.recording == present.recording and rival.ends_at >= reach:
                return after
            if rival.ends_at > reach:
                best = after
        after += 1
    return after if best is None else best


def holes(
    shown: Sequence[Stretch],
    starts_at: datetime,
    ends_at: datetime,
    declared: Sequence[Hole] = (),
    *,
    shortest: timedelta = NOT_A_GAP,
) -> tuple[Hole, ...]:
    """Return the window minus what is shown, each part with its declared cause; order of time, no overlap."""
    found: list[Hole] = []
    reached = starts_at
    for stretch in shown:
        if stretch.starts_at - reached > shortest:
            found.extend(_caused(reached, stretch.starts_at, declared, shortest))
        reached = max(reached, stretch.ends_at)
    if ends_at - reached > shortest:
        found.extend(_caused(reached, ends_at, declared, shortest))
    return tuple(found)


def _caused(starts_at: datetime, ends_at: datetime, declared: Sequence[Hole], shortest: timedelta) -> Iterable[Hole]:
    """Split missing time by the declarations over it; what is left of it by a moment takes the neighbour's cause."""
    reached = starts_at
    for gap in sorted(declared, key=lambda gap: gap.starts_at):
        begin, end = max(gap.starts_at, reached), min(gap.ends_at, ends_at)
        if end <= begin:
            continue
        if begin - reached > shortest:
            yield Hole(reached, begin, None)
            reached = begin
        end = ends_at if ends_at - end <= shortest else end
        yield Hole(reached, end, gap.cause)
        reached = end
    if reached < ends_at:
        yield Hole(reached, ends_at, None)


def pieces(shown: Sequence[Stretch], *, shortest: timedelta = NOT_A_GAP) -> tuple[Piece, ...]:
    """Return the film's uninterrupted parts, with where each lies in the film and on the clock."""
    found: list[Piece] = []
    position = 0.0
    for stretch in shown:
        seconds = (stretch.ends_at - stretch.starts_at).total_seconds()
        if found and stretch.starts_at - found[-1].ends_at <= shortest:
            found[-1] = Piece(found[-1].starts_at, stretch.ends_at, found[-1].position)
        else:
            found.append(Piece(stretch.starts_at, stretch.ends_at, position))
        position += seconds
    return tuple(found)
