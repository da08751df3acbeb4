"""Keeps events of one aggregate behind an earlier one that has not succeeded yet. Pure: no clock, no I/O.

When an event fails for now, it is *parked*: the bus will deliver it again after a delay. Until then every later event
of its aggregate is held back here, so that it is not overtaken. The order of an aggregate therefore holds until the
event succeeds, is refused or becomes a dead letter; then its followers are released, in order.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class Ordered(Protocol):
    """What parking needs to know of an event."""

    @property
    def aggregate(self) -> str:
        """The thing whose events keep their order."""
        ...

    @property
    def sequence(self) -> int:
        """Position in the stream; a redelivery has the same."""
        ...


E = TypeVar("E", bound=Ordered)


class Parking(Generic[E]):
    """The aggregates with a parked event, and what is held back behind each."""

    def __init__(self) -> None:
        self._heads: dict[str, int] = {}
        self._held: dict[str, OrderedDict[int, E]] = {}

    def __len__(self) -> int:
        return len(self._heads)

    @property
    def held(self) -> list[E]:
        """Every event held back in memory (the parked ones themselves are with the bus)."""
        return [event for followers in self._held.values() for event in followers.values()]

    def admit(self, events: Iterable[E]) -> list[E]:
        """Return the events that may be acted upon now; holds back those behind a parked one."""
        admitted: list[E] = []
        for event in events:
            head = self._heads.get(event.aggregate)
            if head is None or event.sequence <= head:
                admitted.append(event)
            else:
                self._held[event.aggregate][event.sequence] = event
        return admitted

    def park(self, event: E) -> None:
        """Put an event aside until the bus delivers it again."""
        self._heads[event.aggregate] = event.sequence
        self._held.setdefault(event.aggregate, OrderedDict())

    def settle(self, event: E) -> list[E]:
        """Note that an event is done with; returns the followers this releases, in stream order."""
        if self._heads.get(event.aggregate) != event.sequence:
            return []
        del self._heads[event.aggregate]
        followers = self._held.pop(event.aggregate)
        return [followers[sequence] for sequence in sorted(followers)]
