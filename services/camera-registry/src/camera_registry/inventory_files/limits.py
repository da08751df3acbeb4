"""What a file may hold at most, so that no file can exhaust the service; and cells as the domain wants them."""

from collections.abc import Sequence

from camera_registry.domain.importing.table import Row

MAX_FILE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_ROWS = 300_000
MAX_COLUMNS = 400
MAX_CELLS = 12_000_000
MAX_CELL_LETTERS = 4_000
MAX_SHEETS = 60
_CONTROLS = {code: " " for code in (*range(0x20), 0x7F) if code not in {0x09, 0x0A}} | {0x00: None, 0xFEFF: None}


class InventoryUnreadable(ValueError):
    """A file that is none of the formats, is cut short, protected, or too large; French, says what to do."""


def cleaned(text: str) -> str:
    """Return a cell without control characters, lone surrogates or excess of length."""
    text = text[:MAX_CELL_LETTERS]
    if not text.isprintable():
        text = text.translate(_CONTROLS)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            text = text.encode("utf-8", "replace").decode()
    return text.strip()


class RowCollector:
    """Gathers the rows of a sheet that hold anything, and refuses a file with too many."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._cells = 0

    def add(self, line: int, cells: Sequence[str]) -> None:
        """Take a row; an empty one is left out. Raises InventoryUnreadable."""
        kept = [cleaned(cell) for cell in cells[:MAX_COLUMNS]]
        while kept and not kept[-1]:
            kept.pop()
        if not kept:
            return
        self._cells += len(kept)
        if len(self.rows) >= MAX_ROWS or self._cells > MAX_CELLS:
            raise InventoryUnreadable(f"Ce fichier dépasse {MAX_ROWS} lignes : découpez-le par commune.")
        self.rows.append((line, kept))
