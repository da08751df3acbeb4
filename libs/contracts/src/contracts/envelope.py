"""The event envelope: CloudEvents 1.0, structured JSON mode.

Source: CloudEvents 1.0.2, https://github.com/cloudevents/spec. Extension attributes used here: ``insee`` (the
commune the fact belongs to) and ``aggregate`` (the thing whose events keep their order).
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Insee = Annotated[str, StringConstraints(pattern=r"^(\d{5}|2[AB]\d{3}|00000)$")]
"""INSEE commune code, five characters; ``00000`` stands for the centre itself (no single commune)."""

CENTRE: Insee = "00000"

_TYPE = re.compile(r"^vigie\.(?P<owner>[a-z]+)\.(?P<fact>[a-z_]+)\.v(?P<version>\d+)$")


class Payload(BaseModel):
    """What happened, as plain values. A payload never carries a secret or a camera address.

    A reader ignores members it does not know: services are upgraded one after the other, and an old one must not
    miss a revocation because a newer writer says more than it understands.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Envelope(BaseModel):
    """One event on the bus.

    ``id`` is the idempotency key everywhere: NATS message id, outbox key, inbox key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: Annotated[str, StringConstraints(pattern=r"^/vigie/[a-z-]+$")]
    type: Annotated[str, StringConstraints(pattern=_TYPE.pattern)]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    insee: Insee
    data: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def nats_subject(self) -> str:
        """``vigie.<insee>.<owner>.<fact>.<version>``: the commune is a token so that a site gets only its own."""
        match = _TYPE.match(self.type)
        if match is None:  # cannot happen after validation; keeps the type checker honest
            msg = f"not an event type: {self.type}"
            raise ValueError(msg)
        return f"vigie.{self.insee}.{match['owner']}.{match['fact']}.v{match['version']}"


def event_type(owner: str, fact: str, version: int = 1) -> str:
    """Return the CloudEvents type of a fact, e.g. ``vigie.incident.incident_opened.v1``."""
    return f"vigie.{owner}.{fact}.v{version}"


def make_envelope(
    payload: Payload,
    *,
    event_id: UUID,
    owner: str,
    fact: str,
    source: str,
    aggregate: str,
    insee: str,
    at: datetime,
) -> Envelope:
    """Wrap a payload; ``aggregate`` names the thing whose events must keep their order."""
    return Envelope(
        id=event_id,
        source=f"/vigie/{source}",
        type=event_type(owner, fact),
        subject=aggregate,
        time=at,
        insee=insee,
        data=payload.model_dump(mode="json"),
    )
