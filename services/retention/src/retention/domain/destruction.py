"""What a sweep may destroy, and the proof it leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.merkle import leaf_hash, root_of
from retention.domain.hold import Hold
from retention.domain.segment import Segment


class NothingDestroyed(ValueError):
    """A batch without segments proves nothing."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """A batch of footage of one commune that is physically gone. ``bytes`` in bytes, root in hex."""

    batch_id: UUID
    insee: str
    count: int
    bytes: int
    oldest: datetime
    newest: datetime
    merkle_root: str
    at: datetime


def destructible(segments: Iterable[Segment], holds: Sequence[Hold], at: datetime) -> list[Segment]:
    """Return the segments past their retention that neither an active hold nor an evidence lock keeps.

    A hold always wins. After it the segment waits, unreadable, until its evidence copy can be removed as well.
    """
    active = [hold for hold in holds if hold.active_at(at)]
    return [
        segment
        for segment in segments
        if not segment.readable_at(at)
        and not segment.locked_at(at)
        and not any(hold.covers(segment) for hold in active)
    ]


def proof_of(segments: Sequence[Segment], *, batch_id: UUID, insee: str, at: datetime) -> Destruction:
    """Summarise a destroyed batch; raises NothingDestroyed for an empty one."""
    if not segments:
        raise NothingDestroyed
    return Destruction(
        batch_id=batch_id,
        insee=insee,
        count=len(segments),
        bytes=sum(segment.size for segment in segments),
        oldest=min(segment.started_at for segment in segments),
        newest=max(segment.started_at for segment in segments),
        merkle_root=merkle_root([bytes.fromhex(segment.sha256) for segment in segments]).hex(),
        at=at,
    )


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of RFC 6962 §2.1 over ``leaves`` (32 bytes); the empty tree is SHA-256 of nothing."""
    return root_of(leaf_hash(leaf) for leaf in leaves)
