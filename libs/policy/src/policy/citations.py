"""The citations shown with a decision: data in ``citations.toml``, never code."""

import tomllib
from functools import cache
from importlib import resources


@cache
def citations() -> dict[str, str]:
    """Return every citation by key."""
    text = resources.files("policy").joinpath("citations.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def citation(key: str) -> str:
    """Return the text of one citation.

    Raises:
        KeyError: no such key; a test proves that every rule's key exists.
    """
    return citations()[key]
