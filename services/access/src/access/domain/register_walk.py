"""The walk that verifies the whole register: rows, columns, chain, tree and every signed statement about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from access.domain.register import ChainHead, RegisterRow, columns_agree, link
from access.domain.tree import Tile, TileKey
from contracts.merkle import TILE, TILE_HEIGHT, Frontier, leaf_hash


class Fault(StrEnum):
    """What is wrong; the value is what the API says."""

    ROW = "ligne"
    TREE = "arbre"
    CHECKPOINT = "point_de_controle"
    MISSING = "fin_manquante"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a signed checkpoint says of the row ``seq``; None where it says nothing.

    ``chain_hash`` and ``root`` of a checkpoint whose signature does not verify are empty: they match nothing.
    """

    seq: int
    chain_hash: bytes | None
    root: bytes | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the register found.

    ``first_bad_seq``: the first row that is not what was sealed, or the first of a tile that is not the rows'. When
    only a checkpoint disagrees (a chain rewritten with fresh hashes, or cut short) it is the first row known to be
    wrong or missing; the change lies at or before it. ``checkpoints``: how many the register passed through.
    """

    entries: int
    valid: bool
    first_bad_seq: int | None
    head_hash: str
    root_hash: str
    checkpoints: int
    fault: Fault | None


class RegisterWalk:
    """Verifies rows in order of ``seq`` with O(log n) memory and 32 bytes per 256 rows.

    Args:
        pins: what was signed about the register.
    """

    def __init__(self, pins: Sequence[Pin] = ()) -> None:
        self._pins: dict[int, list[Pin]] = {}
        for pin in pins:
            self._pins.setdefault(pin.seq, []).append(pin)
        self._head = ChainHead()
        self._frontier = Frontier()
        self._open: list[bytes] = []
        self._roots: list[bytes] = []
        self._entries = 0
        self._passed = 0
        self._first_bad: int | None = None
        self._fault: Fault | None = None
        self._pass(self._pins.pop(0, []))

    def take_forgotten(self, tiles: Mapping[TileKey, Tile], start: int, end: int) -> None:
        """Look at tiles ``start <= place < end`` whose rows are past their retention: their leaves still count."""
        for place in range(start, end):
            tile = tiles.get(TileKey(0, place))
            leaves = tile.leaves if tile else []
            if tile is None or tile != Tile.of(tile.key, leaves):
                self._blame(place * TILE + 1, Fault.TREE)
            for number, leaf in enumerate(leaves, start=place * TILE + 1):
                self._frontier.add(leaf)
                if number in self._pins:
                    self._pass([Pin(pin.seq, None, pin.root) for pin in self._pins.pop(number)])
            self._roots.append(tile.root if tile else b"")

    def go_on_from(self, base: ChainHead) -> None:
        """Start the chain after its last forgotten row; an empty hash (a statement nobody signed) fits no row."""
        self._head = base

    def take(self, rows: Sequence[RegisterRow], tiles: Mapping[TileKey, Tile]) -> None:
        """Look at the next rows, which need not be whole tiles; ``tiles`` are the stored ones of height 0 they fill."""
        for row in rows:
            self._step(row, tiles)

    def take_upper(self, tiles: Sequence[Tile]) -> None:
        """Look, at the end, at all stored tiles above height 0: they must be those that the rows make."""
        expected: dict[TileKey, Tile] = {}
        roots, height = self._roots, 1
        while len(roots) >= TILE:
            full = [roots[place : place + TILE] for place in range(0, len(roots) - TILE + 1, TILE)]
            made = [Tile.of(TileKey(height, place), hashes) for place, hashes in enumerate(full)]
            expected |= {tile.key: tile for tile in made}
            roots, height = [tile.root for tile in made], height + 1
        stored = {tile.key: tile for tile in tiles}
        for key in sorted(expected.keys() | stored.keys()):
            if expected.get(key) != stored.get(key):
                self._blame((key.place << (TILE_HEIGHT * (key.height + 1))) + 1, Fault.TREE)

    def blame_tree(self, seq: int) -> None:
        """Note that a tile exists beyond the rows."""
        self._blame(seq, Fault.TREE)

    def _step(self, row: RegisterRow, tiles: Mapping[TileKey, Tile]) -> None:
        self._entries += 1
        if self._first_bad is None and not _follows(self._head, row):
            self._blame(min(row.seq, self._head.seq + 1), Fault.ROW)
        self._head = ChainHead(row.seq, row.hash)
        leaf = leaf_hash(row.canonical)
        self._frontier.add(leaf)
        self._open.append(leaf)
        if len(self._open) == TILE:
            self._close_tile(tiles)
        if row.seq in self._pins:
            self._pass(self._pins.pop(row.seq))

    def _close_tile(self, tiles: Mapping[TileKey, Tile]) -> None:
        made = Tile.of(TileKey(0, len(self._roots)), self._open)
        if tiles.get(made.key) != made:
            self._blame(made.key.place * TILE + 1, Fault.TREE)
        self._roots.append(made.root)
        self._open = []

    def _pass(self, pins: Sequence[Pin]) -> None:
        root = self._frontier.root
        for pin in pins:
            agrees = pin.chain_hash in (None, self._head.hash) and pin.root in (None, root)
            self._passed += agrees
            if not agrees:
                self._blame(pin.seq, Fault.CHECKPOINT)

    def _blame(self, seq: int, fault: Fault) -> None:
        if self._first_bad is None:
            self._first_bad, self._fault = seq, fault

    @property
    def result(self) -> Verification:
        """What was found up to here."""
        ahead = [seq for seq in self._pins if seq > self._head.seq]
        if ahead:
            self._blame(self._head.seq + 1, Fault.MISSING)
        return Verification(
            entries=self._entries,
            valid=self._first_bad is None,
            first_bad_seq=self._first_bad,
            head_hash=self._head.hash.hex(),
            root_hash=self._frontier.root.hex(),
            checkpoints=self._passed,
            fault=self._fault,
        )


def _follows(head: ChainHead, row: RegisterRow) -> bool:
    chained = row.seq == head.seq + 1 and row.prev_hash == head.hash and row.hash == link(head.hash, row.canonical)
    return chained and columns_agree(row)
