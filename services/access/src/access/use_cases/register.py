"""Commands on the register: append what the services asked for, sign where it ends, verify all of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import ChainHead, chain, to_the_millisecond
from access.domain.register_walk import Pin, RegisterWalk, Verification
from access.domain.tree import TreeHead
from access.ports import CheckpointSeal
from access.repository import register as repository
from access.repository import register_heads as heads
from access.repository import register_tree as tree
from access.repository.register_heads import StoredHead
from contracts.access import RegisterEntry
from contracts.merkle import TILE, leaf_hash

_FORGOTTEN = "vigie-register-forgotten-v1"
_WORTH_NOTHING = b""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint and the note that signs it."""

    head: TreeHead
    note: str


async def append_entries(conn: AsyncConnection, *, entries: Sequence[RegisterEntry]) -> None:
    """Put entries at the end of the chain and the tree, in the order given; one already there is left out."""
    head = await repository.lock_chain(conn)
    seen = await repository.known(conn, [entry.entry_id for entry in entries])
    fresh = {entry.entry_id: entry for entry in entries if entry.entry_id not in seen}
    rows = chain(head, fresh.values())
    await repository.append(conn, rows)
    await tree.grow(conn, old=head.seq, leaves=[leaf_hash(row.canonical) for row in rows])


async def sign_head(conn: AsyncConnection, *, seal: CheckpointSeal, at: datetime) -> Checkpoint:
    """Sign where the register ends now. Waits for a writer that is under way, so that the end is an end."""
    end = await repository.lock_chain(conn)
    head = TreeHead(end.seq, await tree.root_at(conn, end.seq), end.hash, to_the_millisecond(at))
    note = seal.close(head)
    await heads.save(conn, StoredHead(head.size, head.at, note))
    return Checkpoint(head, note)


async def sign_when_due(conn: AsyncConnection, *, seal: CheckpointSeal, at: datetime, every: timedelta) -> bool:
    """Sign when the last checkpoint is ``every`` old, or there is none; tells whether it did."""
    last = await heads.last(conn)
    if last is not None and last.signed_at > at - every:
        return False
    await sign_head(conn, seal=seal, at=at)
    return True


async def verify_register(conn: AsyncConnection, *, seal: CheckpointSeal) -> Verification:
    """Walk rows and tree from first to last, through everything that was ever signed about them."""
    end = (await repository.head(conn)).seq
    pins = await _pins(conn, seal)
    base, walk = await _start(conn, seal, pins)
    after = base
    while True:
        rows = await repository.walk(conn, after=after, until=end)
        if not rows:
            break
        tiles = await tree.tiles_between(conn, after // TILE, rows[-1].seq // TILE + 1)
        await asyncio.to_thread(walk.take, rows, tiles)  # hashing leaves the event loop to others
        after = rows[-1].seq
    walk.take_upper(await tree.upper_tiles(conn, end))
    beyond = await tree.first_beyond(conn)
    if beyond is not None:
        walk.blame_tree(beyond)
    return walk.result


async def forget_expired(conn: AsyncConnection, *, seal: CheckpointSeal, at: datetime, keep: timedelta) -> int:
    """Delete the rows that are older than the register's retention, whole tiles of them; returns how many.

    Their leaves stay in the tiles, and a signed statement says where the chain goes on from: proofs, checkpoints and
    the walk go on working. The newest row always stays. Needs the rights of the tables' owner.
    """
    end = await repository.lock_chain(conn)
    expired = await heads.expired(conn, before=at - keep)
    up_to = min(expired, end.seq - 1) // TILE * TILE
    chain_hash = await repository.chain_hash_at(conn, up_to)
    if chain_hash is None:
        return 0
    text = f"{_FORGOTTEN}\n{up_to}\n{chain_hash.hex()}\n{at.isoformat()}\n"
    return await heads.forget(conn, up_to=up_to, expired_before=at - keep, at=at, note=seal.sign(text))


async def _pins(conn: AsyncConnection, seal: CheckpointSeal) -> list[Pin]:
    """Return what was signed; a statement that we did not sign, or that is kept under another size, fits nothing."""
    pins: list[Pin] = []
    for stored in await heads.every(conn):
        head = seal.opened(stored.note)
        if head is None or (head.size, head.at) != (stored.size, stored.signed_at):
            pins.append(Pin(stored.size, _WORTH_NOTHING, _WORTH_NOTHING))
        else:
            pins.append(Pin(head.size, head.chain_hash, head.root))
    for seq, token in await heads.tokens(conn):
        sealed = seal.opened_token(token)
        agrees = sealed is not None and sealed.seq == seq
        pins.append(Pin(seq, sealed.hash if sealed and agrees else _WORTH_NOTHING, None))
    return pins


async def _start(conn: AsyncConnection, seal: CheckpointSeal, pins: Sequence[Pin]) -> tuple[int, RegisterWalk]:
    """Return the number of the last forgotten row and a walk that starts there, its tree made from the tiles."""
    forgotten = await heads.last_forgetting(conn)
    if forgotten is None:
        return 0, RegisterWalk(pins)
    up_to, note = forgotten
    lines = (seal.text_of(note) or "").split("\n")
    signed = lines[:2] == [_FORGOTTEN, str(up_to)]
    base = ChainHead(up_to, bytes.fromhex(lines[2]) if signed else _WORTH_NOTHING)
    walk = RegisterWalk(pins)
    for start in range(0, up_to // TILE, TILE):
        tiles = await tree.tiles_between(conn, start, min(start + TILE, up_to // TILE))
        await asyncio.to_thread(walk.take_forgotten, tiles, start, min(start + TILE, up_to // TILE))
    walk.go_on_from(base)
    return up_to, walk
