"""A hold (gel): footage kept beyond its retention for a judicial procedure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from retention.domain.segment import Segment

LAPSES_AFTER = timedelta(days=7)
"""Without an accepted réquisition within 7 days a hold lapses (DOMAIN §3)."""

MINIMUM_REFERENCE = 3


class HoldIncomplete(ValueError):
    """A hold without what the law wants; ``field`` names what is missing."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"a hold needs {field}")


class HoldWindowInvalid(ValueError):
    """A hold whose window ends before it begins."""

    def __init__(self, window_from: datetime, window_until: datetime) -> None:
        super().__init__(f"window ends at {window_until} before it begins at {window_from}")


class HoldAlreadyLifted(ValueError):
    """The hold was lifted before."""

    def __init__(self, hold_id: UUID, lifted_at: datetime) -> None:
        self.hold_id, self.lifted_at = hold_id, lifted_at
        super().__init__(f"hold {hold_id} was lifted at {lifted_at}")


class HoldLapsed(ValueError):
    """The hold ended by itself: no réquisition confirmed it in time. A new one must be placed."""

    def __init__(self, hold_id: UUID, lapsed_at: datetime) -> None:
        self.hold_id, self.lapsed_at = hold_id, lapsed_at
        super().__init__(f"hold {hold_id} lapsed at {lapsed_at}")


class SecondPersonNeeded(ValueError):
    """The same person cannot lift a hold twice: two persons lift it."""

    def __init__(self, hold_id: UUID, first: str) -> None:
        self.hold_id, self.first = hold_id, first
        super().__init__(f"hold {hold_id}: {first} already asked, another person must confirm")


@dataclass(frozen=True, slots=True)
class Hold:
    """Footage of one camera frozen over a window, half-open [window_from, window_until).

    It keeps what could still be read when it was placed: it revives nothing that was past its retention.
    It needs a legal basis, a procedure number and a requesting service; it lapses after 7 days unless a
    réquisition confirmed it; two different persons lift it.
    """

    hold_id: UUID
    camera_id: str
    insee: str
    window_from: datetime
    window_until: datetime
    legal_basis: str
    procedure_number: str
    requesting_service: str
    placed_at: datetime
    placed_by: str
    confirmed_at: datetime | None = None
    lift_asked_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str | None = None

    def __post_init__(self) -> None:
        for field in ("legal_basis", "procedure_number", "requesting_service"):
            if len(getattr(self, field).strip()) < MINIMUM_REFERENCE:
                raise HoldIncomplete(field)
        if self.window_until <= self.window_from:
            raise HoldWindowInvalid(self.window_from, self.window_until)

    @property
    def lapses_at(self) -> datetime | None:
        """When the hold ends by itself; None once a réquisition confirmed it."""
        return None if self.confirmed_at else self.placed_at + LAPSES_AFTER

    def active_at(self, at: datetime) -> bool:
        """Tell whether the hold keeps footage at an instant."""
        if self.lifted_at is not None and at >= self.lifted_at:
            return False
        lapses_at = self.lapses_at
        return lapses_at is None or at < lapses_at

    def covers(self, segment: Segment) -> bool:
        """Tell whether any instant of a segment, unexpired when the hold was placed, lies in the window."""
        return (
            self.camera_id == segment.camera_id
            and segment.readable_at(self.placed_at)
            and segment.started_at < self.window_until
            and self.window_from < segment.ended_at
        )

    def confirm(self, at: datetime) -> "Hold":
        """A réquisition was accepted: the hold no longer lapses.

        Raises:
            HoldAlreadyLifted: it was lifted before.
            HoldLapsed: it lapsed before.
        """
        self._refuse_if_ended(at)
        return replace(self, confirmed_at=self.confirmed_at or at)

    def lift(self, *, by: str, reason: str, at: datetime) -> "Hold":
        """Ask for, or as the second person carry out, the end of the hold.

        Raises:
            HoldAlreadyLifted: it was lifted before.
            HoldLapsed: it lapsed before.
            SecondPersonNeeded: the same person asked before.
        """
        self._refuse_if_ended(at)
        if self.lift_asked_by is None:
            return replace(self, lift_asked_by=by, lift_reason=reason)
        if self.lift_asked_by == by:
            raise SecondPersonNeeded(self.hold_id, by)
        return replace(self, lifted_at=at, lift_reason=reason)

    def _refuse_if_ended(self, at: datetime) -> None:
        if self.lifted_at is not None:
            raise HoldAlreadyLifted(self.hold_id, self.lifted_at)
        if self.lapses_at is not None and at >= self.lapses_at:
            raise HoldLapsed(self.hold_id, self.lapses_at)
