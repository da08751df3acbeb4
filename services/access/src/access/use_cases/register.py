"""Commands on the register: append what the services asked for, verify the whole chain."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import ChainHead, ChainWalk, Verification, chain
from access.ports import CheckpointSeal
from access.repository import register as repository
from contracts.access import RegisterEntry


async def append_entries(conn: AsyncConnection, *, entries: Sequence[RegisterEntry]) -> None:
    """Put entries at the end of the chain, in the order given; one already there is left out."""
    head = await repository.lock_chain(conn)
    seen = await repository.known(conn, [entry.entry_id for entry in entries])
    fresh = {entry.entry_id: entry for entry in entries if entry.entry_id not in seen}
    await repository.append(conn, chain(head, fresh.values()))


async def seal_register(conn: AsyncConnection, *, seal: CheckpointSeal, at: datetime) -> None:
    """Sign where the chain ends, when it has grown since the last checkpoint."""
    head = await repository.head(conn)
    last = await repository.last_checkpoint(conn)
    if head.seq > (last[0] if last else 0):
        await repository.save_checkpoint(conn, head.seq, seal.close(head), at)


async def verify_register(conn: AsyncConnection, *, seal: CheckpointSeal) -> Verification:
    """Walk the chain from its first row to its last, through the last checkpoint."""
    last = await repository.last_checkpoint(conn)
    walk = ChainWalk(_pin(*last, seal) if last else None)
    async for row in repository.walk(conn):
        walk.step(row)
    return walk.result


def _pin(seq: int, token: str, seal: CheckpointSeal) -> ChainHead:
    """Return what the checkpoint at ``seq`` says; one that we did not sign for that row matches no hash."""
    sealed = seal.opened(token)
    return sealed if sealed is not None and sealed.seq == seq else ChainHead(seq, b"")
