"""Accounts on the bus: each service may publish its own facts and nobody else's."""

from contracts.streams import (
    BUCKET_AGENTS,
    BUCKET_CAMERAS,
    BUCKET_INCIDENTS,
    BUCKET_MEDIA_NODES,
    BUCKET_PLACEMENTS,
    BUCKET_TICKETS,
)
from embedded.nats import NatsUser

# JetStream's own API: declaring streams and consumers, pulling, acknowledging, reading buckets, dead letters.
_EVERYBODY = ("$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "vigie.*.dlq.>", "vigie.*.register.>")

_OWN: dict[str, tuple[str, ...]] = {
    "camera-registry": ("vigie.*.registry.>", f"$KV.{BUCKET_CAMERAS}.>", f"$KV.{BUCKET_TICKETS}.>"),
    "stream-gateway": (
        *("vigie.*.stream.>", "vigie.*.segment.>"),
        *(f"$KV.{BUCKET_MEDIA_NODES}.>", f"$KV.{BUCKET_PLACEMENTS}.>"),
    ),
    "incident": ("vigie.*.incident.>", f"$KV.{BUCKET_INCIDENTS}.>"),
    "dispatch": ("vigie.*.dispatch.>",),
    "retention": ("vigie.*.retention.>", "vigie.*.segment.>"),
    "access": ("vigie.*.access.>", f"$KV.{BUCKET_AGENTS}.>"),
}


def bus_user(service: str, password: str) -> NatsUser:
    """Return the account of a service.

    Everybody may ask for a register row (the act and its row are one transaction, the row travels by the actor's
    own relay) and everybody may read all facts; only the owner of a fact may publish it.
    """
    return NatsUser(
        name=service, password=password, publish=(*_EVERYBODY, *_OWN[service]), subscribe=("vigie.>", "$KV.>", "$JS.>")
    )
