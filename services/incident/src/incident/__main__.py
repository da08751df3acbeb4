"""``python -m incident api|worker|relay|migrate|all``."""

import sys

from common.service import run_service
from incident.app import build
from incident.settings import Settings

if __name__ == "__main__":
    settings = Settings()  # pyright: ignore[reportCallIssue] - the environment fills it
    sys.exit(run_service("incident", "incident", settings, lambda: build(settings), sys.argv[1:]))
