"""French postcodes and the communes they serve."""

from functools import cache
from importlib.resources import files


@cache
def postcodes() -> dict[str, tuple[str, ...]]:
    """Return INSEE codes by postcode."""
    text = (files("camera_registry.inventory_files") / "postcodes.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: tuple(row[1:]) for row in rows}
