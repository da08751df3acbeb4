"""``python -m access api|worker|relay|migrate|all`` and ``python -m access seed [--town NAME] [--only AGENT]``."""

import argparse
import asyncio
import sys

from access.app import build
from access.seed import seed_town
from access.settings import Settings
from common.service import run_service


def main(argv: list[str]) -> int:
    """Run one part of the service; returns the exit status."""
    settings = Settings()  # pyright: ignore[reportCallIssue] - filled from the environment
    if argv and argv[0] == "seed":
        asked = _seed_options().parse_args(argv[1:])
        return asyncio.run(seed_town(settings, asked.town or settings.town, only=asked.only))
    return run_service("access", "access", settings, lambda: build(settings), argv)


def _seed_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m access seed", description="First content of a town; idempotent.")
    parser.add_argument("--town", help="default: the town of the settings")
    parser.add_argument("--only", metavar="AGENT", help="one agent, e.g. admin.vigie, for an installation in earnest")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
