"""The Merkle tree of RFC 6962 §2.1 (SHA-256): roots, proofs and their verification. Pure and streaming.

A leaf hashes ``0x00 || content``, a node ``0x01 || left || right``. A *node* is named by its level (0: leaves) and
its place in that level, and stands for the leaves ``[place << level, (place + 1) << level)`` as far as the tree goes;
it is *complete* when the tree reaches its end, and then never changes again. That is why complete nodes may be
stored for ever (``TILE`` of them in a row, as C2SP's tlog-tiles do) and why nothing else need be.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
"""Hashes in a full tile: a proof reads two or three tiles of 8 KiB instead of a row per node."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """A subtree: ``level`` 0 is a leaf, ``place`` counts from the left."""

    level: int
    place: int

    @property
    def first(self) -> int:
        """The index of its first leaf."""
        return self.place << self.level

    @property
    def end(self) -> int:
        """The index after its last leaf, were it complete."""
        return (self.place + 1) << self.level


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """A growing tree of which only the O(log n) complete subtrees at the right edge are kept.

    ``peaks`` are those subtrees' hashes, largest first; they are the binary digits of ``size`` that are set.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list[bytes])

    def add(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        carried = leaf
        size = self.size
        while size & 1:
            carried = node_hash(self.peaks.pop(), carried)
            size >>= 1
        self.peaks.append(carried)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The tree hash of what was added so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, largest first; the empty tree is SHA-256 of nothing."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root


def complete_nodes(node: Node, size: int) -> list[Node]:
    """Return the complete subtrees, largest first, whose ``fold`` is the hash of ``node`` in a tree of ``size``."""
    end = min(node.end, size)
    start = node.first
    found: list[Node] = []
    while start < end:
        level = min((end - start).bit_length() - 1, node.level)
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def hash_in(node: Node, size: int, complete: Mapping[Node, bytes]) -> bytes:
    """Return the hash of any node of a tree of ``size`` from the hashes of complete ones, or raise KeyError."""
    return fold([complete[part] for part in complete_nodes(node, size)])


def top(size: int) -> Node:
    """Return the node that is the whole tree."""
    return Node(max(size - 1, 0).bit_length(), 0)


def inclusion_nodes(index: int, size: int) -> list[Node]:
    """Return the nodes whose hashes prove that leaf ``index`` is in the tree of ``size``, from the leaf upwards.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[Node] = []
    place, last, level = index, size - 1, 0
    while last:
        beside = place ^ 1
        if beside <= last:
            path.append(Node(level, beside))
        place >>= 1
        last >>= 1
        level += 1
    return path


def consistency_nodes(old: int, new: int) -> list[Node]:
    """Return the nodes whose hashes prove that the tree of ``new`` leaves begins with the tree of ``old``.

    Raises:
        ValueError: not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no tree of {old} leaves begins a tree of {new}")
    if old == new:
        return []
    place, level = old - 1, 0
    while place & 1:
        place >>= 1
        level += 1
    path = [Node(level, place)] if place else []
    last = (new - 1) >> level
    while last:
        beside = place ^ 1
        if beside <= last:
            path.append(Node(level, beside))
        place >>= 1
        last >>= 1
        level += 1
    return path


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a path proves a leaf hash to be number ``index`` (from 0) under ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(beside, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, beside)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a path proves that the tree of ``new`` begins with the tree of ``old`` (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old_found = new_found = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_found = node_hash(beside, old_found)
            new_found = node_hash(beside, new_found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new_found = node_hash(new_found, beside)
        place >>= 1
        last >>= 1
    return last == 0 and old_found == old_root and new_found == new_root
