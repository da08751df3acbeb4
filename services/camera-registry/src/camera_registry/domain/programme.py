"""The proposed programme: which kept need is paid for in which year, within each year's envelope.

Needs go by priority, then by the day they were surveyed, then by reference. Each one takes the first year whose
envelope still holds it whole. So the money of a year that is too short for an urgent need serves the next one that
fits, but never at the urgent one's expense: a less urgent need is only ever ahead of a more urgent one in a year in
which that one did not fit. Adding a less urgent need moves nothing that was proposed before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from camera_registry.domain.planning import Need, NeedStatus

COMMITTED = frozenset({NeedStatus.PROGRAMME, NeedStatus.REALISE})
"""What is voted or spent: it stands in its year, whatever is proposed."""


@dataclass(frozen=True, slots=True)
class YearBudget:
    """One commune's year, in cents: the envelope, what people put there, what is proposed on top."""

    insee: str
    year: int
    envelope_cents: int
    committed_cents: int
    proposed_cents: int

    @property
    def left_cents(self) -> int:
        """What stays; below 0 when people put more into the year than its envelope holds."""
        return self.envelope_cents - self.committed_cents - self.proposed_cents


@dataclass(frozen=True, slots=True)
class Programme:
    """The proposal: a year by need id, the needs that no year holds, and each year's money."""

    years: dict[str, int] = field(default_factory=dict[str, int])
    unplaced: tuple[str, ...] = ()
    budgets: tuple[YearBudget, ...] = ()


def rank(need: Need) -> tuple[int, date, str, str]:
    """Return the order in which needs are served."""
    return need.priority, need.surveyed_on, need.reference, need.need_id


def put_by_people(need: Need) -> bool:
    """Tell whether a person's choice keeps the need in its year: programmed, carried out, or its year was fixed."""
    fixed = need.status is NeedStatus.RETENU and need.year_fixed
    return need.budget_year is not None and (need.status in COMMITTED or fixed)


def propose(needs: Iterable[Need], envelopes: Mapping[tuple[str, int], int], *, from_year: int) -> Programme:
    """Propose a year for every kept need that people did not put into one.

    Args:
        needs: the needs of any communes, in any order; each commune pays for its own.
        envelopes: cents by (INSEE code, year).
        from_year: the first year in which something may still be put.
    """
    known = list(needs)
    committed: dict[tuple[str, int], int] = {}
    for need in known:
        if put_by_people(need) and need.budget_year is not None:
            key = need.insee, need.budget_year
            committed[key] = committed.get(key, 0) + need.total_cents
    proposed: dict[tuple[str, int], int] = {}
    years: dict[str, int] = {}
    unplaced: list[str] = []
    open_years = sorted(key for key in envelopes if key[1] >= from_year)
    waiting = [need for need in known if need.status is NeedStatus.RETENU and not put_by_people(need)]
    for need in sorted(waiting, key=rank):
        for key in open_years:
            spent = committed.get(key, 0) + proposed.get(key, 0)
            if key[0] == need.insee and spent + need.total_cents <= envelopes[key]:
                proposed[key] = proposed.get(key, 0) + need.total_cents
                years[need.need_id] = key[1]
                break
        else:
            unplaced.append(need.need_id)
    budgets = tuple(
        YearBudget(*key, envelopes.get(key, 0), committed.get(key, 0), proposed.get(key, 0))
        for key in sorted(envelopes.keys() | committed.keys())
    )
    return Programme(years, tuple(unplaced), budgets)
