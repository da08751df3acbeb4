"""What a service declares to consume events: subscriptions, and the refusal a handler may raise."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from contracts.envelope import Envelope, Payload


class Refused(Exception):
    """An expected refusal of an event: logged, counted, acknowledged; nothing of the handler's is kept."""


class Hopeless(Exception):
    """No attempt will ever succeed with this event: it becomes a dead letter at once, its successors go on."""


@dataclass(frozen=True, slots=True)
class Burial:
    """An event that becomes a dead letter. ``cause``: what the handler raised; None where it could not be read."""

    event_id: UUID
    reason: str
    cause: Exception | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One durable consumer.

    Args:
        durable: unique name, ``<service>-on-<fact>``; at most ten per stream.
        stream: JetStream stream that holds the events.
        filter_subject: e.g. ``vigie.*.incident.incident_opened.v1``.
        payload: what ``data`` of the envelope must be.
        on_event: called inside the transaction with the connection, the envelope and the payload.
        max_deliver: attempts before the event becomes a dead letter.
        ack_wait: seconds without a sign of life after which the bus delivers again.
        batch: events per transaction at most.
        on_batch: called instead with the connection and a list of (envelope, payload), all those of a transaction
            that are new, in order. When it raises, nothing of it is kept and ``on_event`` gets them one by one,
            which finds the culprit: the two must have the same effect.
        on_buried: called with the connection and the `Burial` in the transaction that makes an event a dead letter,
            once for each, for a consumer that must leave a trace of what it gave up.
    """

    durable: str
    stream: str
    filter_subject: str
    payload: type[Payload]
    on_event: Callable[..., Awaitable[None]]
    max_deliver: int = 8
    ack_wait: float = 30.0
    batch: int = 256
    on_batch: Callable[..., Awaitable[None]] | None = None
    on_buried: Callable[..., Awaitable[None]] | None = None

    def read(self, body: bytes) -> tuple[Envelope, Payload]:
        """Validate an event: its envelope, then its payload. Raises pydantic's ValidationError."""
        envelope = Envelope.model_validate_json(body)
        return envelope, self.payload.model_validate(envelope.data)


def in_words(error: Exception) -> str:
    """Say why an event failed, without what it carried: reasons travel in headers and logs."""
    if isinstance(error, ValidationError):
        shown = error.errors(include_input=False, include_url=False, include_context=False)[:3]
        return f"{error.error_count()} errors: {shown}"
    if isinstance(error, DBAPIError):  # the first line only: the rest shows parameters and rows
        return f"{type(error).__name__}: {str(error.orig).partition(chr(10))[0]}"
    return f"{type(error).__name__}: {error}"
