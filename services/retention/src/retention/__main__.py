"""``python -m retention api|worker|relay|migrate|all``."""

import sys

from common.service import run_service
from retention.app import build
from retention.settings import Settings

if __name__ == "__main__":
    settings = Settings.model_validate({})
    sys.exit(run_service("retention", "retention", settings, lambda: build(settings), sys.argv[1:]))
