"""``python -m stream_gateway api|worker|relay|node|migrate|all``."""

import sys

from common.service import run_service
from stream_gateway.app import build
from stream_gateway.settings import Settings

if __name__ == "__main__":
    settings = Settings()  # pyright: ignore[reportCallIssue] - the environment fills it
    sys.exit(run_service("stream-gateway", "stream_gateway", settings, lambda: build(settings), sys.argv[1:]))
