"""What a simulated partner has received, and how it was told to behave."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

KEPT_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the partner answers. ``fail``: how many of the next deliveries are answered 503."""

    ack: bool = True
    fail: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message, received ``deliveries`` times (a sender may repeat; the webhook id is the same)."""

    webhook_id: str
    received_at: datetime
    payload: dict[str, Any]
    deliveries: int = 1
    acknowledged_at: datetime | None = None
    acknowledgement_attempts: int = 0
    acknowledgement_error: str | None = None


@dataclass(slots=True)
class Inbox:
    """The messages of one partner, oldest first, bounded to the last ``KEPT_MESSAGES``."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    refused: int = 0
    _messages: OrderedDict[str, ReceivedMessage] = field(default_factory=OrderedDict[str, ReceivedMessage])

    @property
    def messages(self) -> list[ReceivedMessage]:
        return list(self._messages.values())

    def must_fail(self) -> bool:
        """Tell whether this delivery is to be answered 503, and count it."""
        if self.behaviour.fail == 0:
            return False
        self.behaviour = replace(self.behaviour, fail=self.behaviour.fail - 1)
        return True

    def receive(self, webhook_id: str, payload: dict[str, Any], *, at: datetime) -> bool:
        """Keep a message; return False when it had come before."""
        known = self._messages.get(webhook_id)
        if known is not None:
            self._messages[webhook_id] = replace(known, deliveries=known.deliveries + 1)
            return False
        self._messages[webhook_id] = ReceivedMessage(webhook_id, at, payload)
        while len(self._messages) > KEPT_MESSAGES:
            self._messages.popitem(last=False)
        return True

    def acknowledgement_failed(self, webhook_id: str, error: str) -> None:
        """Note that the platform did not take the acknowledgement."""
        self._note(webhook_id, acknowledged_at=None, error=error)

    def acknowledged(self, webhook_id: str, *, at: datetime) -> None:
        """Note that the platform took the acknowledgement."""
        self._note(webhook_id, acknowledged_at=at, error=None)

    def _note(self, webhook_id: str, *, acknowledged_at: datetime | None, error: str | None) -> None:
        known = self._messages.get(webhook_id)
        if known is None:  # pushed out by newer messages meanwhile
            return
        self._messages[webhook_id] = replace(
            known,
            acknowledged_at=acknowledged_at,
            acknowledgement_attempts=known.acknowledgement_attempts + 1,
            acknowledgement_error=error,
        )
