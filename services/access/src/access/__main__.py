"""``python -m access api|worker|relay|migrate|all``, ``seed [--town NAME] [--only AGENT]`` and ``forget-expired``.

``forget-expired`` deletes the register's rows past their retention, as the owner of its tables.
"""

import argparse
import asyncio
import sys
from datetime import timedelta

from access.app import build
from access.checkpoints import SignedSeal
from access.seed import seed_town
from access.settings import Settings
from access.use_cases.register import forget_expired
from common.auth import ServiceKey
from common.clock import SystemClock
from common.database import Database
from common.service import run_service


def main(argv: list[str]) -> int:
    """Run one part of the service; returns the exit status."""
    settings = Settings()  # pyright: ignore[reportCallIssue] - filled from the environment
    if argv and argv[0] == "seed":
        asked = _seed_options().parse_args(argv[1:])
        return asyncio.run(seed_town(settings, asked.town or settings.town, only=asked.only))
    if argv and argv[0] == "forget-expired":
        return asyncio.run(_forget_expired(settings))
    return run_service("access", "access", settings, lambda: build(settings), argv)


async def _forget_expired(settings: Settings) -> int:
    if settings.migration_database_url is None:
        sys.stderr.write("ACCESS_MIGRATION_DATABASE_URL manque : seul le propriétaire des tables peut oublier.\n")
        return 2
    seal = SignedSeal(
        ServiceKey.load(settings.service_key_file), settings.origin_of_register, settings.trusted_keys_dir
    )
    database = Database(settings.migration_database_url.get_secret_value())
    keep = timedelta(days=settings.register_retention_days)
    try:
        async with database.transaction() as conn:
            gone = await forget_expired(conn, seal=seal, at=SystemClock().now(), keep=keep)
    finally:
        await database.dispose()
    sys.stdout.write(f"{gone} lignes de plus de {keep.days} jours oubliées ; l'arbre garde leurs empreintes.\n")
    return 0


def _seed_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m access seed", description="First content of a town; idempotent.")
    parser.add_argument("--town", help="default: the town of the settings")
    parser.add_argument("--only", metavar="AGENT", help="one agent, e.g. admin.vigie, for an installation in earnest")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
