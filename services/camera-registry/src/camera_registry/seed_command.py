"""``python -m camera_registry seed``: registers a town in-process, through the same commands as anybody else."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera import Credentials
from camera_registry.domain.masks import REVIEW_AFTER, MaskStanding
from camera_registry.ports import CredentialVault
from camera_registry.repository.masks import never_masked
from camera_registry.seeds.generator import Streams, TownSeed, generate
from camera_registry.seeds.planned_needs import seed_needs
from camera_registry.seeds.town import TOWNS, load_town
from camera_registry.settings import Settings
from camera_registry.use_cases.authorisations import AuthorisationAlreadyRecorded, record_authorisation
from camera_registry.use_cases.cameras import register_cameras, register_town
from camera_registry.use_cases.masks import declare_without_masks
from common.database import Database
from common.ids import new_id


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a town has after seeding; ``written`` cameras were new or had other endpoints before."""

    town: str
    communes: int
    sites: int
    cameras: int
    live: int
    written: int


def run_seed(settings: Settings, argv: Sequence[str]) -> int:
    """Seed the service's database; a second run changes nothing. Returns the exit status."""
    options = _parser().parse_args(argv)
    streams = _streams(options)
    vault = AesGcmVault.from_file(settings.credential_key_file)
    at = datetime.now(UTC)
    seed = generate(load_town(options.town), at, streams)
    if options.communes_only:
        seed = replace(seed, sites=(), cameras=(), authorisations=())
    surveyed = None if options.communes_only else options.town
    report = asyncio.run(_seed(settings.database_url.get_secret_value(), vault, seed, at, surveyed))
    if options.json:
        sys.stdout.write(json.dumps(asdict(report)) + "\n")
    else:
        sys.stdout.write(
            f"{report.town} : {report.communes} communes, {report.sites} points d'implantation, "
            f"{report.cameras} caméras dont {report.live} avec flux ({report.written} écrites).\n"
        )
    return 0


async def seed_town(*, database: Database, vault: CredentialVault, seed: TownSeed, at: datetime) -> SeedReport:
    """Register a generated town in one transaction. Arrêtés that are recorded already stay as people left them."""
    async with database.transaction() as conn:
        await register_town(conn=conn, communes=seed.communes, sites=seed.sites)
        for authorisation in seed.authorisations:
            try:
                await record_authorisation(conn=conn, vault=vault, authorisation=authorisation, at=at)
            except AuthorisationAlreadyRecorded:
                continue
        signed = MaskStanding(signed=True, review_due=at + REVIEW_AFTER)  # said below, published once with the camera
        cameras = [replace(camera, masks=signed) for camera in seed.cameras]
        written = await register_cameras(conn=conn, vault=vault, cameras=cameras, at=at)
        await _declare_without_masks(conn, vault, seed, at)
    return SeedReport(
        town=seed.town,
        communes=len(seed.communes),
        sites=len(seed.sites),
        cameras=len(seed.cameras),
        live=sum(camera.has_stream for camera in seed.cameras),
        written=written,
    )


async def _declare_without_masks(conn: AsyncConnection, vault: CredentialVault, seed: TownSeed, at: datetime) -> None:
    """Sign that a drawn town's cameras see nothing private: else none of them could be watched."""
    camera_ids = await never_masked(conn, [camera.camera_id for camera in seed.cameras])
    await declare_without_masks(
        conn,
        vault=vault,
        mask_set_ids=[str(new_id()) for _ in camera_ids],
        camera_ids=camera_ids,
        declaration="Ville de démonstration : aucune zone privée n'est visible.",
        by="amorçage",
        at=at,
    )


async def _seed(url: str, vault: CredentialVault, seed: TownSeed, at: datetime, surveyed: str | None) -> SeedReport:
    """Seed the town and, where ``surveyed`` names it, the needs that were surveyed there."""
    database = Database(url)
    try:
        report = await seed_town(database=database, vault=vault, seed=seed, at=at)
        if surveyed is not None:
            async with database.transaction() as conn:
                await seed_needs(conn, surveyed, at)
        return report
    finally:
        await database.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m camera_registry seed", description="Enregistre une ville.")
    parser.add_argument("--town", choices=TOWNS, required=True)
    parser.add_argument("--communes-only", action="store_true", help="les communes et leurs contours, rien d'autre")
    parser.add_argument("--live-cameras", type=int, default=0, help="nombre de caméras avec un flux")
    parser.add_argument("--ptz-count", type=int, default=0, help="combien d'entre elles sont orientables")
    parser.add_argument("--rtsp-base", help="rtsp://hôte:port/cam ; suivi de /0001/main et /0001/sub")
    parser.add_argument("--onvif-base", help="http://hôte:port/onvif ; suivi de /0001/device_service")
    parser.add_argument("--stream-username")
    parser.add_argument("--stream-password-file", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser


def _streams(options: argparse.Namespace) -> Streams | None:
    if not options.live_cameras or not options.rtsp_base:
        return None
    credentials = None
    if options.stream_username and options.stream_password_file:
        password = options.stream_password_file.read_text().strip()
        credentials = Credentials(options.stream_username, password)
    return Streams(
        count=options.live_cameras,
        ptz_count=options.ptz_count,
        rtsp_base=options.rtsp_base.rstrip("/"),
        onvif_base=options.onvif_base.rstrip("/") if options.onvif_base else None,
        credentials=credentials,
    )
