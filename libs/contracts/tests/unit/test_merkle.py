"""The Merkle tree against the letter of RFC 6962 and against an independent implementation (pymerkle)."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from contracts.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    complete_nodes,
    consistency_nodes,
    consistent,
    hash_in,
    included,
    inclusion_nodes,
    leaf_hash,
    root_of,
    top,
)

KNOWN = [
    b"",
    b"\x00",
    b"\x10",
    bytes.fromhex("2021"),
    bytes.fromhex("3031"),
    bytes.fromhex("40414243"),
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def whole(size: int) -> dict[Node, bytes]:
    """Every complete node of the tree over the numbers 0 … size-1."""
    leaves = leaves_of(size)
    return {
        Node(level, place): root_of(leaves[place << level : (place + 1) << level])
        for level in range(size.bit_length())
        for place in range(size >> level)
    }


def peer_of(size: int) -> Any:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(b"%d" % number)
    return tree


def test_the_root_of_certificate_transparencys_known_tree() -> None:
    root = root_of(leaf_hash(leaf) for leaf in KNOWN)
    assert root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert Frontier().root == EMPTY_ROOT


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_the_frontier_gives_the_root_of_the_rfc(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf_hash(leaf))
    assert frontier.root == mth(leaves)
    assert len(frontier.peaks) == len(leaves).bit_count()


@settings(max_examples=60)
@given(st.integers(1, 70), st.data())
def test_every_proof_equals_pymerkles_and_verifies(size: int, draws: st.DataObject) -> None:
    index = draws.draw(st.integers(0, size - 1))
    complete, peer = whole(size), peer_of(size)
    root = hash_in(top(size), size, complete)
    assert root == peer.get_root()
    path = [hash_in(node, size, complete) for node in inclusion_nodes(index, size)]
    leaf = leaves_of(size)[index]
    theirs = [bytes.fromhex(step) for step in peer.prove_inclusion(index + 1, size).serialize()["path"]]
    assert sorted(path) == sorted(step for step in theirs if step != leaf)
    assert included(leaf, index, size, path, root)
    old = draws.draw(st.integers(1, size))
    old_root = hash_in(top(old), old, complete)
    assert old_root == peer.get_root(old)
    steps = [hash_in(node, size, complete) for node in consistency_nodes(old, size)]
    assert consistent(old, size, old_root, root, steps)


@settings(max_examples=80)
@given(st.integers(2, 70), st.data())
def test_no_changed_proof_verifies(size: int, draws: st.DataObject) -> None:
    index = draws.draw(st.integers(0, size - 1))
    old = draws.draw(st.integers(1, size - 1))
    complete = whole(size)
    root, old_root = hash_in(top(size), size, complete), hash_in(top(old), old, complete)
    path = [hash_in(node, size, complete) for node in inclusion_nodes(index, size)]
    steps = [hash_in(node, size, complete) for node in consistency_nodes(old, size)]
    leaf = leaves_of(size)[index]
    for forged in (mutations(path, draws), path[:-1], [*path, root]):
        assert not included(leaf, index, size, forged, root)
    assert not included(leaf_hash(b"other"), index, size, path, root)
    assert not included(leaf, (index + 1) % size, size, path, root)
    if steps:
        assert not consistent(old, size, old_root, root, mutations(steps, draws))
    assert not consistent(old, size, old_root, root, [*steps, root])
    assert not consistent(old, size, leaf_hash(b"other"), root, steps)
    assert not consistent(old, size, old_root, leaf_hash(b"other"), steps)


def mutations(path: list[bytes], draws: st.DataObject) -> list[bytes]:
    place = draws.draw(st.integers(0, len(path) - 1))
    byte, bit = draws.draw(st.integers(0, 31)), draws.draw(st.integers(0, 7))
    changed = bytearray(path[place])
    changed[byte] ^= 1 << bit
    return [*path[:place], bytes(changed), *path[place + 1 :]]


def test_a_partial_node_is_made_of_complete_ones() -> None:
    assert complete_nodes(Node(3, 1), 13) == [Node(2, 2), Node(0, 12)]
    assert complete_nodes(Node(2, 3), 13) == [Node(0, 12)]
    assert complete_nodes(Node(2, 1), 13) == [Node(2, 1)]


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_nodes(index, size)
    assert not included(leaf_hash(b""), index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(0, 4), (5, 4), (-1, 4)])
def test_there_is_no_consistency_with_a_larger_or_empty_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no tree"):
        consistency_nodes(old, new)
    assert not consistent(old, new, EMPTY_ROOT, EMPTY_ROOT, [])
