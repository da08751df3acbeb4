"""Envelopes of this service's facts."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import Envelope, Payload, make_envelope

SOURCE = "stream-gateway"


def fact_envelope(
    payload: Payload, *, event_id: UUID, owner: str, fact: str, aggregate: str, insee: str, at: datetime
) -> Envelope:
    """Return a fact of this service, ready for the outbox."""
    return make_envelope(
        payload,
        event_id=event_id,
        owner=owner,
        fact=fact,
        source=SOURCE,
        aggregate=aggregate,
        insee=insee,
        at=at,
    )
