"""The register's Merkle tree as it is stored: rows are the leaves, full tiles of 256 hashes keep the rest.

Tile ``(height, place)`` holds the hashes of the nodes of level ``8 × height`` from ``256 × place`` on, and their own
root. A tile is written once, when it is full, and never changes: the tree is append-only like the rows. What is not
in a full tile yet is made anew from at most 255 rows, or from the roots of at most 255 tiles below.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from contracts.merkle import HASH_BYTES, TILE, TILE_HEIGHT, Node, complete_nodes, root_of


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A statement about the register at one size: rows, root of their tree, end of their chain, instant."""

    size: int
    root: bytes
    chain_hash: bytes
    at: datetime


class TileKey(NamedTuple):
    """Which tile: its height (0: leaves) and its place from the left."""

    height: int
    place: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 hashes in a row, and their root."""

    key: TileKey
    hashes: bytes
    root: bytes

    @classmethod
    def of(cls, key: TileKey, hashes: Sequence[bytes]) -> "Tile":
        """Make a full tile."""
        return cls(key, b"".join(hashes), root_of(hashes))

    @property
    def leaves(self) -> list[bytes]:
        """The hashes one by one."""
        return [self.hashes[start : start + HASH_BYTES] for start in range(0, len(self.hashes), HASH_BYTES)]


def tile_of(node: Node) -> TileKey:
    """Return the tile from which a complete node's hash can be made."""
    height, within = divmod(node.level, TILE_HEIGHT)
    return TileKey(height, (node.place << within) >> TILE_HEIGHT)


def node_from(node: Node, hashes: bytes) -> bytes:
    """Return a complete node's hash from the hashes of its tile (which need not be full)."""
    within = node.level % TILE_HEIGHT
    first = (node.place << within) % TILE
    parts = [hashes[HASH_BYTES * place : HASH_BYTES * (place + 1)] for place in range(first, first + (1 << within))]
    return root_of(parts)


def tiles_for(nodes: Iterable[Node], size: int) -> set[TileKey]:
    """Return the tiles that hold what makes these nodes in a tree of ``size``."""
    return {tile_of(part) for node in nodes for part in complete_nodes(node, size)}


def filled_by(old: int, new: int) -> Iterator[TileKey]:
    """Yield the tiles that become full when the tree grows from ``old`` to ``new`` leaves, lower ones first."""
    height = 0
    while new >> TILE_HEIGHT:
        for place in range(old >> TILE_HEIGHT, new >> TILE_HEIGHT):
            yield TileKey(height, place)
        old, new, height = old >> TILE_HEIGHT, new >> TILE_HEIGHT, height + 1


def nodes_beside(places: Iterable[int], size: int) -> Iterator[Node]:
    """Yield the nodes that, with some leaves of a tree of ``size``, make its root: each once, lower ones first."""
    known, last, level = sorted(set(places)), size - 1, 0
    while last:
        held = set(known)
        for place in known:
            if place ^ 1 <= last and place ^ 1 not in held:
                yield Node(level, place ^ 1)
        known = sorted({place >> 1 for place in known})
        last, level = last >> 1, level + 1
