"""The register's tree: full tiles are inserted once; every other node is made from them and from the last rows."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.tree import Tile, TileKey, filled_by, node_from, tile_of, tiles_for
from contracts.merkle import TILE, TILE_HEIGHT, Node, complete_nodes, hash_in, leaf_hash, top


async def grow(conn: AsyncConnection, *, old: int, leaves: Sequence[bytes]) -> None:
    """Store the tiles that become full when ``leaves`` follow the ``old`` first ones.

    Call it as the chain's only writer, in the transaction that inserts the rows.
    """
    new = old + len(leaves)
    made: dict[TileKey, Tile] = {}
    filled = list(filled_by(old, new))
    if not filled:
        return
    started = old % TILE
    pending = [*await _leaves_between(conn, old - started, old), *leaves]
    base = old - started
    for key in filled:
        if key.height == 0:
            first = key.place * TILE - base
            hashes = pending[first : first + TILE]
        else:
            hashes = await _roots_below(conn, key, made)
        made[key] = Tile.of(key, hashes)
    await conn.exec_driver_sql(
        "INSERT INTO register_tiles (height, place, hashes, root)"
        " SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[]) ON CONFLICT DO NOTHING",
        (
            [tile.key.height for tile in made.values()],
            [tile.key.place for tile in made.values()],
            [tile.hashes for tile in made.values()],
            [tile.root for tile in made.values()],
        ),
    )


async def hashes_of(
    conn: AsyncConnection, nodes: Sequence[Node], size: int, known: dict[TileKey, bytes] | None = None
) -> list[bytes]:
    """Return the hashes of nodes of the tree of ``size`` rows, in a few reads.

    Args:
        conn: inside a transaction.
        nodes: of that tree, complete or not.
        size: at most the rows there are.
        known: full tiles read before; those read now are added.
    """
    tiles = known if known is not None else {}
    wanted = tiles_for(nodes, size)
    missing = wanted - tiles.keys()
    if missing:
        tiles |= await _full(conn, missing)
    partial: dict[TileKey, bytes] = {}
    for key in wanted - tiles.keys():
        partial[key] = await _partial(conn, key, size)
    at_hand = {**tiles, **partial}
    complete = {part: node_from(part, at_hand[tile_of(part)]) for node in nodes for part in complete_nodes(node, size)}
    return [hash_in(node, size, complete) for node in nodes]


async def root_at(conn: AsyncConnection, size: int) -> bytes:
    """Return the tree hash over the first ``size`` rows."""
    return (await hashes_of(conn, [top(size)], size))[0]


async def tiles_between(conn: AsyncConnection, start: int, end: int) -> dict[TileKey, Tile]:
    """Return the stored tiles of leaves with ``start <= place < end``."""
    rows = await conn.exec_driver_sql(
        "SELECT height, place, hashes, root FROM register_tiles WHERE height = 0 AND place >= $1 AND place < $2",
        (start, end),
    )
    tiles = [Tile(TileKey(row.height, row.place), row.hashes, row.root) for row in rows]
    return {tile.key: tile for tile in tiles}


async def upper_tiles(conn: AsyncConnection, size: int) -> list[Tile]:
    """Return the stored tiles above the leaves', of the tree as it was at ``size`` rows."""
    rows = await conn.exec_driver_sql(_UPPER, (size,))
    return [Tile(TileKey(row.height, row.place), row.hashes, row.root) for row in rows]


async def first_beyond(conn: AsyncConnection) -> int | None:
    """Return the first row number of a tile that stands beyond the rows there are, None when all is well."""
    row = await conn.exec_driver_sql(_BEYOND)
    found = row.scalar_one()
    return None if found is None else int(found)


async def _full(conn: AsyncConnection, keys: Iterable[TileKey]) -> dict[TileKey, bytes]:
    wanted = sorted(keys)
    rows = await conn.exec_driver_sql(
        "SELECT height, place, hashes FROM register_tiles JOIN unnest($1::smallint[], $2::bigint[]) AS w (h, p)"
        " ON height = h AND place = p",
        ([key.height for key in wanted], [key.place for key in wanted]),
    )
    return {TileKey(row.height, row.place): row.hashes for row in rows}


async def _partial(conn: AsyncConnection, key: TileKey, size: int) -> bytes:
    """Return the hashes of a tile that is not full yet, as far as the tree of ``size`` has filled it."""
    first = key.place * TILE
    end = min(first + TILE, size >> (TILE_HEIGHT * key.height))
    if key.height == 0:
        return b"".join(await _leaves_between(conn, first, end))
    return b"".join(await _roots(conn, key.height - 1, first, end))


async def _roots_below(conn: AsyncConnection, key: TileKey, made: dict[TileKey, Tile]) -> list[bytes]:
    """Return the roots of the 256 tiles under ``key``; those made in this very transaction are not stored yet."""
    first = key.place * TILE
    fresh = {
        place: made[below].root
        for place in range(first, first + TILE)
        if (below := TileKey(key.height - 1, place)) in made
    }
    stored = await _roots(conn, key.height - 1, first, min(fresh, default=first + TILE))
    return [*stored, *(fresh[place] for place in sorted(fresh))]


async def _roots(conn: AsyncConnection, height: int, start: int, end: int) -> list[bytes]:
    rows = await conn.exec_driver_sql(
        "SELECT root FROM register_tiles WHERE height = $1 AND place >= $2 AND place < $3 ORDER BY place",
        (height, start, end),
    )
    return list(rows.scalars())


async def _leaves_between(conn: AsyncConnection, start: int, end: int) -> list[bytes]:
    """Return the leaf hashes of rows ``start + 1`` to ``end``."""
    if start >= end:
        return []
    rows = await conn.exec_driver_sql(
        "SELECT canonical FROM register_entries WHERE seq > $1 AND seq <= $2 ORDER BY seq", (start, end)
    )
    return [leaf_hash(canonical) for canonical in rows.scalars()]


_ENDS_AT = f"(place + 1) << ({TILE_HEIGHT} * (height + 1))"
_UPPER = f"SELECT height, place, hashes, root FROM register_tiles WHERE height > 0 AND {_ENDS_AT} <= $1"  # noqa: S608
_BEYOND = f"""
SELECT min(place << ({TILE_HEIGHT} * (height + 1))) + 1 FROM register_tiles
WHERE {_ENDS_AT} > greatest((SELECT max(seq) FROM register_entries), (SELECT max(up_to) FROM register_forgettings), 0)
"""  # noqa: S608 - constants of ours
