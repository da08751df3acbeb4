"""Proofs to check against signed checkpoints: a row is in the register, a register goes on from another."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.errors import AccessError
from access.repository import register_heads as heads
from access.repository import register_tree as tree
from contracts.merkle import consistency_nodes, inclusion_nodes


class SizeUnknown(AccessError):
    """No checkpoint was signed at this size, or none that covers this row."""

    def __init__(self, size: int | None) -> None:
        which = (
            "Aucun point de contrôle ne couvre cette ligne" if size is None else f"Aucun point signé à {size} lignes"
        )
        super().__init__(f"{which} : signez-en un (POST /api/access/register/checkpoints) puis recommencez.")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The way from a row to the root under ``note``; ``path`` from the leaf upwards."""

    seq: int
    size: int
    path: Sequence[bytes]
    note: str


@dataclass(frozen=True, slots=True)
class Consistency:
    """The way from the register of ``old_note`` to that of ``new_note``."""

    old: int
    new: int
    path: Sequence[bytes]
    old_note: str
    new_note: str


async def prove_row(conn: AsyncConnection, *, seq: int, size: int | None) -> Inclusion:
    """Prove that row ``seq`` is in the register as signed at ``size`` rows (by default: last).

    Raises:
        SizeUnknown: no checkpoint of that size, or none that has the row.
    """
    head = await heads.at_size(conn, size)
    if head is None or head.size < seq:
        raise SizeUnknown(size)
    path = await tree.hashes_of(conn, inclusion_nodes(seq - 1, head.size), head.size)
    return Inclusion(seq, head.size, path, head.note)


async def prove_consistency(conn: AsyncConnection, *, old: int, new: int | None) -> Consistency:
    """Prove that the register signed at ``new`` rows (by default: last) begins with the one signed at ``old``.

    Raises:
        SizeUnknown: no checkpoint of one of the sizes, or the old one is the larger.
    """
    before, after = await heads.at_size(conn, old), await heads.at_size(conn, new)
    if before is None or after is None or before.size > after.size:
        raise SizeUnknown(old if before is None else new)
    nodes = consistency_nodes(before.size, after.size) if before.size else []
    return Consistency(before.size, after.size, await tree.hashes_of(conn, nodes, after.size), before.note, after.note)
