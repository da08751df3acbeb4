"""``python -m dispatch seed``: the demonstration's partners, each behind a simulated system. Safe to repeat."""

import argparse
import asyncio
import sys
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from common.database import Database
from contracts.access import OrganisationKind
from dispatch import use_cases
from dispatch.addresses import AddressPolicy
from dispatch.domain import Partner
from dispatch.errors import DispatchRule
from dispatch.secret_box import SecretBox
from dispatch.settings import Settings
from dispatch.signatures import demonstration_secret, read_demonstration_secret


def partners_of_town(town: str, *, partner_base: str) -> list[Partner]:
    """Return a town's partners, each listening at ``<partner_base>/partners/<partner_id>/webhook``.

    Raises:
        FileNotFoundError: no such town is shipped.
    """
    document = tomllib.loads((files("dispatch") / "towns" / f"{town}.toml").read_text(encoding="utf-8"))
    return [
        Partner(
            partner_id=item["partner_id"],
            name=item["name"],
            kind=OrganisationKind(item["kind"]),
            organisation_id=item.get("organisation_id", item["partner_id"]),
            communes=frozenset(item.get("communes", document["communes"])),
            webhook_url=f"{partner_base.rstrip('/')}/partners/{item['partner_id']}/webhook",
        )
        for item in document["partners"]
    ]


async def seed(settings: Settings, *, town: str, partner_base: str, secret_file: Path) -> int:
    """Write a town's partners; returns how many."""
    addresses = AddressPolicy(settings.allow_loopback_partners)
    found = partners_of_town(town, partner_base=partner_base)
    shared = read_demonstration_secret(secret_file)
    vault = SecretBox.of_service_key(settings.service_key_file)
    database = Database(settings.database_url.get_secret_value())
    try:
        async with database.transaction() as conn:
            for partner in found:
                addresses.judge_url(partner.webhook_url)
                secret = demonstration_secret(shared, partner.partner_id)
                await use_cases.register_partner(conn, partner=partner, secret=secret, vault=vault)
    finally:
        await database.dispose()
    return len(found)


def main(settings: Settings, argv: Sequence[str]) -> int:
    """Read the command line and seed; 2 with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser("dispatch seed", description="Partenaires de démonstration")
    parser.add_argument("--town", required=True)
    parser.add_argument("--partner-base", required=True, help="origine du simulateur de partenaires")
    parser.add_argument("--webhook-secret-file", required=True, type=Path, help="le même que le simulateur")
    asked = parser.parse_args(argv)
    try:
        written = asyncio.run(
            seed(
                settings,
                town=asked.town,
                partner_base=asked.partner_base,
                secret_file=asked.webhook_secret_file,
            )
        )
    except (OSError, ValueError, DispatchRule) as error:
        sys.stderr.write(f"dispatch seed : {error}\n")
        return 2
    sys.stdout.write(f"{written} partenaires enregistrés pour {asked.town}\n")
    return 0
