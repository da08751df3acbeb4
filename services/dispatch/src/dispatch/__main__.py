"""``python -m dispatch api|worker|relay|migrate|all``, and ``seed`` for the demonstration's partners."""

import sys

from common.service import run_service
from dispatch import seed
from dispatch.app import build
from dispatch.settings import Settings

if __name__ == "__main__":
    settings = Settings()  # pyright: ignore[reportCallIssue] - the environment fills it
    if sys.argv[1:2] == ["seed"]:
        sys.exit(seed.main(settings, sys.argv[2:]))
    sys.exit(run_service("dispatch", "dispatch", settings, lambda: build(settings), sys.argv[1:]))
