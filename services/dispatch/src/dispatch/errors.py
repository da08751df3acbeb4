"""What the domain refuses, by name. Each error states the fact and carries what a caller needs to answer."""

from uuid import UUID

from contracts.dispatch import DispatchStatus


class DispatchRule(Exception):
    """A rule of the domain was not met; nothing changed."""


class DispatchUnknown(DispatchRule):
    """There is no such dispatch."""

    def __init__(self, dispatch_id: UUID) -> None:
        super().__init__(f"no dispatch {dispatch_id}")
        self.dispatch_id = dispatch_id


class DispatchNotFailed(DispatchRule):
    """Only a dispatch that failed is sent again."""

    def __init__(self, dispatch_id: UUID, status: DispatchStatus) -> None:
        super().__init__(f"dispatch {dispatch_id} is {status}, not failed")
        self.dispatch_id = dispatch_id
        self.status = status


class FieldRefused(DispatchRule):
    """A value is not acceptable; ``field`` is its API name, ``reason`` a French sentence for a person."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SignatureRefused(DispatchRule):
    """An acknowledgement does not prove that the partner of the dispatch sent it, just now."""
