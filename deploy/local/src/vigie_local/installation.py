"""Where this checkout keeps what is not a Python package: the built console, the identity provider's program."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
CONSOLE = CHECKOUT / "console" / "dist"
IDENTITY_PROGRAM = CHECKOUT / ".venv-idp" / "bin" / "canaille"
DATA = CHECKOUT / "var"
"""Default parent of the data folders, one per town."""
