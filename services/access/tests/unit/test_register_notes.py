"""Signed notes as other implementations write and read them, and what must not pass for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access import notes
from access.checkpoints import SignedSeal
from access.domain.tree import Tile, TileKey, TreeHead, filled_by, nodes_beside
from access.notes import NoteKey
from common.auth import ServiceKey
from contracts.merkle import TILE, Node, leaf_hash

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of Go's golang.org/x/mod/sumdb/note."""

ORIGIN = "vigie/essai/registre"
KEY = ServiceKey.generate("access")
SEAL = SignedSeal(KEY, ORIGIN)
HEAD = TreeHead(12, leaf_hash(b"root"), leaf_hash(b"chain"), datetime(2026, 7, 14, 12, 0, 0, 123000, tzinfo=UTC))


def test_a_note_that_another_implementation_signed_is_read() -> None:
    key = NoteKey.read(GO_KEY)
    assert key.verifier == GO_KEY
    assert notes.opened(GO_NOTE, [key]) == GO_NOTE.partition("\n\n")[0] + "\n"
    assert notes.opened(GO_NOTE.replace("problem is", "problem was"), [key]) is None


def test_a_checkpoint_has_the_lines_of_tlog_checkpoint() -> None:
    note = SEAL.close(HEAD)
    lines = note.split("\n")
    assert lines[:2] == [ORIGIN, "12"]
    assert lines[3:6] == ["time 2026-07-14T12:00:00.123Z", f"chain {HEAD.chain_hash.hex()}", ""]
    assert lines[6].startswith(f"— {ORIGIN} ")
    assert SEAL.opened(note) == HEAD


@given(st.data())
def test_no_changed_checkpoint_opens(data: st.DataObject) -> None:
    note = SEAL.close(HEAD)
    place = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda drawn: drawn != note[place]))
    changed = note[:place] + letter + note[place + 1 :]
    found = SEAL.opened(changed)
    assert found is None or (found == HEAD and changed.partition("\n\n")[0] == note.partition("\n\n")[0])


@pytest.mark.parametrize(
    "text",
    ["", "\n", "x\n\n", GO_NOTE, f"{ORIGIN}\n12\n", SEAL.sign("autre chose\n"), SEAL.sign(f"{ORIGIN}\n-\n-\n-\n-\n")],
    ids=["nothing", "blank", "unsigned", "of-go", "cut", "no-checkpoint", "no-figures"],  # keys are new at each run
)
def test_what_is_no_checkpoint_of_this_log_opens_nothing(text: str) -> None:
    assert SEAL.opened(text) is None


@pytest.mark.parametrize(
    "verifier", ["", "a+b", "a+00000000+AAAA", GO_KEY[:-4], GO_KEY.replace("c74f20a3", "c74f20a4")]
)
def test_what_is_no_key_is_refused(verifier: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        NoteKey.read(verifier)


@given(st.integers(0, 3 * TILE**2), st.integers(0, 70000))
def test_tiles_fill_one_after_the_other_and_none_twice(old: int, grown: int) -> None:
    new = old + grown
    keys = list(filled_by(old, new))
    expected = {
        TileKey(height, place) for height in (0, 1) for place in range(old >> 8 * (height + 1), new >> 8 * (height + 1))
    }
    assert set(keys) == expected | {key for key in keys if key.height > 1}
    assert len(keys) == len(set(keys))
    assert set(filled_by(0, old)) | set(keys) == set(filled_by(0, new))


def test_a_tile_knows_its_root_and_its_leaves() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(TILE)]
    tile = Tile.of(TileKey(0, 3), leaves)
    assert (tile.leaves, len(tile.hashes)) == (leaves, 32 * TILE)


def test_the_nodes_beside_some_leaves_are_each_named_once() -> None:
    assert list(nodes_beside([0, 1, 6], 7)) == [Node(1, 1), Node(1, 2)]
    assert list(nodes_beside(range(7), 7)) == []
    assert list(nodes_beside([4], 7)) == [Node(0, 5), Node(1, 3), Node(2, 0)]
