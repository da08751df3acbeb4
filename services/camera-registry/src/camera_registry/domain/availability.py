"""How much of a month a camera could be relied on: exact to the second, in the months of Europe/Paris.

Of the seconds in which a camera is followed, planned works come off first; what is left is available or not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_DECEMBER = 12


class MonthInvalid(ValueError):
    """Not a month written ``2026-11``."""


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open interval of whole seconds since 1970, UTC."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        return max(self.end - self.start, 0)


@dataclass(frozen=True, slots=True)
class Availability:
    """Seconds: ``followed`` = ``available`` + ``unavailable`` + ``planned``, always."""

    followed: int = 0
    planned: int = 0
    unavailable: int = 0

    @property
    def available(self) -> int:
        return self.followed - self.planned - self.unavailable

    @property
    def rate(self) -> float | None:
        """Share of the expected seconds in which the camera could be relied on; None where nothing was expected."""
        expected = self.followed - self.planned
        return self.available / expected if expected else None

    def __add__(self, other: "Availability") -> "Availability":
        return Availability(
            self.followed + other.followed, self.planned + other.planned, self.unavailable + other.unavailable
        )


def month_span(month: str) -> Span:
    """Return the seconds of a calendar month in Paris (a March lasts an hour less). Raises MonthInvalid."""
    match = _MONTH.fullmatch(month)
    if match is None or int(match[1]) < 1:
        raise MonthInvalid(month)
    year, number = int(match[1]), int(match[2])
    try:
        after = (year + 1, 1) if number == _DECEMBER else (year, number + 1)
        return Span(_midnight(year, number), _midnight(*after))
    except (ValueError, OverflowError) as error:
        raise MonthInvalid(month) from error


def second_of(instant: datetime) -> int:
    """Return the whole second an instant lies in: the one rounding there is, so that neighbours share their border."""
    return int(instant.timestamp() // 1)


def availability(within: Span, followed: Span, outages: Iterable[Span], planned: Iterable[Span]) -> Availability:
    """Account for one camera. Intervals may overlap and lie outside; a second is counted once."""
    frame = _cut(followed, within)
    if frame.seconds == 0:
        return Availability()
    works = _merged([_cut(one, frame) for one in planned])
    both = _merged([*works, *(_cut(one, frame) for one in outages)])
    planned_seconds = sum(one.seconds for one in works)
    return Availability(frame.seconds, planned_seconds, sum(one.seconds for one in both) - planned_seconds)


def _midnight(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=PARIS).astimezone(UTC).timestamp())


def _cut(one: Span, frame: Span) -> Span:
    return Span(max(one.start, frame.start), min(one.end, frame.end))


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for one in sorted((span for span in spans if span.seconds), key=lambda span: span.start):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged
