"""Nearest cameras and map boxes among 200 000 cameras, through the real HTTP API, against brute force.

The town: 100 communes of 4 × 4 km side by side, their cameras dense in the middle as towns are (PTZ, panoramic, fixed),
9 of 10 usable. The service runs as in production (``python -m camera_registry api``) on its own PostgreSQL and NATS;
two agents ask over HTTP: one of all communes, one of a single commune, who also asks about places far from it. Brute
force is measured in the same run: the same question put to the same PostgreSQL without its indexes, and numpy over
arrays that already lie in memory (no database, no HTTP, no JSON: what mere arithmetic costs).

    python bench/registry_geography.py [--json] [--cameras 200000] [--requests 400]
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import numpy as np

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.position import Position, lambert93
from common import migrations
from common.bus import Bus
from common.testing.states import an_agent, put_agent
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from embedded.nats import NatsServer
from embedded.ports import reserve_port
from embedded.postgres import DatabaseAccess, PostgresServer

GOAL_P95_MS = 20.0
SIDE = 10
WEST, SOUTH = 2.0, 48.5
WIDE, HIGH = 0.0547, 0.0360  # degrees of 4 km there
SCREEN = 0.1  # side of a map box, as a share of a commune's: a street view of 400 × 400 m
PAGE = 500
KINDS = (("ptz", 0.25), ("panoramique", 0.25), ("fixe", 0.5))

Ask = Callable[[], Awaitable[int]]


def commune_codes() -> list[str]:
    """Return the INSEE codes of the town."""
    return [f"9{number:04d}" for number in range(SIDE * SIDE)]


def place_in(number: int, dice: random.Random) -> Position:
    """Return a place of a commune, its middle more likely than its edge."""
    east = min(0.999, max(0.0, dice.gauss(0.5, 0.2)))
    north = min(0.999, max(0.0, dice.gauss(0.5, 0.2)))
    column, line = number % SIDE, number // SIDE
    return Position(round(WEST + (column + east) * WIDE, 6), round(SOUTH + (line + north) * HIGH, 6))


def camera_rows(count: int, dice: random.Random) -> list[tuple[Any, ...]]:
    """Draw the cameras, as the table has them."""
    codes = commune_codes()
    now = datetime.now(UTC)
    rows: list[tuple[Any, ...]] = []
    for number in range(count):
        commune = number % len(codes)
        place = place_in(commune, dice)
        east_m, north_m = lambert93(place)
        kind = dice.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])[0]
        camera_id = f"BE-{codes[commune]}-{number:06d}"
        measured = kind == "fixe"
        rows.append(
            (
                camera_id,
                camera_id,
                f"Place de la Mairie {number}",
                codes[commune],
                f"S-{codes[commune]}",
                kind,
                "en_service" if dice.random() > 0.05 else "en_panne",
                place.lon,
                place.lat,
                east_m,
                north_m,
                f"place de la mairie {number}",
                now,
                kind == "ptz",
                f"rtsp://10.0.0.1/{number}",
                "A",
                dice.random() > 0.05,
                True,
                1,
                dice.uniform(0, 359) if measured else None,
                dice.uniform(30, 100) if measured else None,
                dice.uniform(30, 300) if measured else None,
            )
        )
    return rows


CAMERA_COLUMNS = (
    *("camera_id", "code", "label", "insee", "site_id", "kind", "status", "lon", "lat", "east_m", "north_m"),
    *("search", "registered_at", "has_ptz", "main_url", "authorisation_id", "online", "masks_signed", "revision"),
    *("azimuth_deg", "opening_deg", "range_m"),
)


async def fill(url: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put communes, one site each, one arrêté and the cameras into the database."""
    conn = await asyncpg.connect(url)
    codes = commune_codes()
    square = json.dumps({"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]})
    await conn.executemany("INSERT INTO communes VALUES ($1, $2, $3)", [(code, code, square) for code in codes])
    await conn.executemany(
        "INSERT INTO sites (site_id, insee, label, lon, lat) VALUES ($1, $2, 'Mairie', 2, 48)",
        [(f"S-{code}", code) for code in codes],
    )
    now = datetime.now(UTC)
    await conn.execute(
        "INSERT INTO authorisations (authorisation_id, arrete_number, valid_from, valid_until, communes, camera_count,"
        " finalites, recipients, retention_days, mode, event_windows, revision)"
        " VALUES ('A', '2025-1', $1, $2, $3, 300000, '{}', '{}', 14, 'DIRECT', '[]', 1)",
        now - timedelta(days=30),
        now + timedelta(days=365),
        codes,
    )
    await conn.copy_records_to_table("cameras", records=rows, columns=CAMERA_COLUMNS)
    await conn.execute("ANALYZE")
    await conn.close()


class Service:
    """``python -m camera_registry api`` and what speaks to it."""

    def __init__(self, folder: Path, access: DatabaseAccess, nats_url: str) -> None:
        self.tokens = TokenMint(folder / "keys")
        key_file = folder / "credentials.key"
        AesGcmVault.write_new_key(key_file)
        port = reserve_port()
        self.url = f"http://127.0.0.1:{port}"
        prefix = "CAMERA_REGISTRY_"
        self.environment = os.environ | {
            f"{prefix}DATABASE_URL": access.app_url,
            f"{prefix}NATS_URL": nats_url,
            f"{prefix}API_PORT": str(port),
            f"{prefix}TRUSTED_KEYS_DIR": str(self.tokens.folder),
            f"{prefix}SERVICE_KEY_FILE": str(self.tokens.key_file("camera-registry")),
            f"{prefix}CREDENTIAL_KEY_FILE": str(key_file),
            f"{prefix}LOG_LEVEL": "ERROR",
        }

    def start(self) -> subprocess.Popen[bytes]:
        """Start the API alone."""
        return subprocess.Popen([sys.executable, "-m", "camera_registry", "api"], env=self.environment)

    async def ready(self, http: aiohttp.ClientSession) -> None:
        """Wait until agents are mirrored and the database answers."""
        for _ in range(600):
            try:
                async with http.get(f"{self.url}/healthz/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
        raise TimeoutError("the service does not get ready")


async def timed(asks: Sequence[Ask], at_once: int) -> tuple[list[float], float]:
    """Put the questions, ``at_once`` at a time; return milliseconds of each and the mean number of answers."""
    waiting = iter(asks)
    spent: list[float] = []
    answers: list[int] = []

    async def worker() -> None:
        for ask in waiting:
            started = time.perf_counter()
            answers.append(await ask())
            spent.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return spent, statistics.mean(answers)


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return round(statistics.quantiles(values, n=20)[18], 2)


def box_around(place: Position, share: float) -> str:
    """Return a bbox of a share of a commune around a place."""
    east, north = WIDE * share / 2, HIGH * share / 2
    return f"{place.lon - east},{place.lat - north},{place.lon + east},{place.lat + north}"


async def measure_api(service: Service, http: aiohttp.ClientSession, count: int) -> dict[str, float]:
    """Ask the API; p95 by question and number of clients at once."""
    dice = random.Random(2)  # noqa: S311 - a drawing, not a secret
    everywhere = service.tokens.agent_headers("op.durand")
    local = service.tokens.agent_headers("op.local")

    def asking(path: str, headers: dict[str, str], **params: str | float) -> Ask:
        async def ask() -> int:
            url = f"{service.url}/api/registry/cameras{path}"
            async with http.get(url, params={k: str(v) for k, v in params.items()}, headers=headers) as answer:
                body = await answer.json()
                assert answer.status == 200, body
                return len(body["items"])

        return ask

    def at(number: int | None = None) -> Position:
        return place_in(dice.randrange(SIDE * SIDE) if number is None else number, dice)

    def nearest(headers: dict[str, str], place: Position) -> Ask:
        return asking("/nearest", headers, lon=place.lon, lat=place.lat, limit=10, usable="true")

    questions: dict[str, Callable[[], Ask]] = {
        "nearest10": lambda: nearest(everywhere, at()),
        "nearest10_one_commune": lambda: nearest(local, at(44)),
        "nearest10_far_from_ones_commune": lambda: nearest(local, at()),
        "seeing": lambda: asking("/seeing", everywhere, lon=(place := at()).lon, lat=place.lat),
        "bbox_street": lambda: asking("", everywhere, bbox=box_around(at(), SCREEN), limit=PAGE),
        "bbox_town_page100": lambda: asking("", everywhere, bbox=box_around(at(), 1.0), limit=100),
        "bbox_town_page500": lambda: asking("", everywhere, bbox=box_around(at(), 1.0), limit=PAGE),
        "bbox_all_page100": lambda: asking("", everywhere, bbox="1,48,3,49.5", limit=100),
        "clusters_town": lambda: asking("/clusters", everywhere, bbox=box_around(at(), 1.0), zoom=15),
        "clusters_all": lambda: asking("/clusters", everywhere, bbox="1,48,3,49.5", zoom=10),
    }
    figures: dict[str, float] = {}
    for name, make in questions.items():
        await timed([make() for _ in range(20)], 4)  # each connection has prepared the statement
        asked = count if "all" not in name else max(20, count // 10)
        for at_once in (1, 4):
            spent, answers = await timed([make() for _ in range(asked)], at_once)
            figures[f"{name}_p50_ms_c{at_once}"] = round(statistics.median(spent), 2)
            figures[f"{name}_p95_ms_c{at_once}"] = p95(spent)
        figures[f"{name}_answers"] = round(answers, 1)
    return figures


async def measure_seq_scan(url: str, rounds: int = 20) -> dict[str, float]:
    """Put the same questions to PostgreSQL without any index: p95 in milliseconds."""
    dice = random.Random(3)  # noqa: S311 - a drawing, not a secret
    conn = await asyncpg.connect(url)
    for setting in ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan"):
        await conn.execute(f"SET {setting} = off")
    usable = "status = 'en_service' AND main_url IS NOT NULL AND online IS NOT FALSE AND masks_signed"
    near, boxes = [], []
    for _ in range(rounds):
        place = place_in(dice.randrange(SIDE * SIDE), dice)
        east_m, north_m = lambert93(place)
        started = time.perf_counter()
        await conn.fetch(
            f"SELECT camera_id FROM cameras WHERE {usable} ORDER BY point(east_m, north_m) <-> point($1, $2) LIMIT 10",  # noqa: S608 - a constant
            east_m,
            north_m,
        )
        near.append((time.perf_counter() - started) * 1000)
        west, south, east, north = map(float, box_around(place, SCREEN).split(","))
        started = time.perf_counter()
        await conn.fetch(
            "SELECT camera_id FROM cameras WHERE lon BETWEEN $1 AND $2 AND lat BETWEEN $3 AND $4"
            " ORDER BY camera_id LIMIT 500",
            *(west, east, south, north),
        )
        boxes.append((time.perf_counter() - started) * 1000)
    await conn.close()
    return {"seq_scan_nearest10_p95_ms": p95(near), "seq_scan_bbox_p95_ms": p95(boxes)}


def measure_numpy(rows: Sequence[tuple[Any, ...]], rounds: int = 50) -> dict[str, float]:
    """Reckon every distance in memory and keep the ten least: p95 in milliseconds."""
    dice = random.Random(4)  # noqa: S311 - a drawing, not a secret
    east, north = np.array([row[9] for row in rows]), np.array([row[10] for row in rows])
    spent: list[float] = []
    for _ in range(rounds):
        place = place_in(dice.randrange(SIDE * SIDE), dice)
        east_m, north_m = lambert93(place)
        started = time.perf_counter()
        away = (east - east_m) ** 2 + (north - north_m) ** 2
        np.argpartition(away, 10)[:10]
        spent.append((time.perf_counter() - started) * 1000)
    return {"numpy_nearest10_p95_ms": p95(spent)}


async def measure(folder: Path, access: DatabaseAccess, nats_url: str, cameras: int, requests: int) -> dict[str, float]:
    """Fill, start, ask."""
    rows = camera_rows(cameras, random.Random(1))  # noqa: S311 - a drawing, not a secret
    plain_url = access.owner_url.replace("postgresql+asyncpg://", "postgresql://")
    await fill(plain_url, rows)
    bus = await Bus.connect(nats_url, name="bench")
    await bus.ensure_streams(STREAMS)
    await bus.ensure_buckets(BUCKETS)
    codes = commune_codes()
    await put_agent(bus, an_agent("op.durand", communes=tuple(codes)))
    await put_agent(bus, an_agent("op.local", communes=(codes[44],)))
    service = Service(folder, access, nats_url)
    process = service.start()
    try:
        async with aiohttp.ClientSession() as http:
            await service.ready(http)
            figures = await measure_api(service, http, requests)
    finally:
        process.terminate()
        process.wait(20)
        await bus.close()
    figures |= await measure_seq_scan(plain_url) | measure_numpy(rows)
    figures["nearest10_p50_over_seq_scan"] = round(
        figures["nearest10_p50_ms_c1"] / figures["seq_scan_nearest10_p95_ms"], 3
    )
    figures["bbox_street_p50_over_seq_scan"] = round(
        figures["bbox_street_p50_ms_c1"] / figures["seq_scan_bbox_p95_ms"], 3
    )
    return figures


def main() -> int:
    """Start real servers, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nats_server, postgres = NatsServer(folder / "nats"), PostgresServer(folder / "postgres")
        try:
            nats_server.start()
            postgres.start()
            access = postgres.create_database("camera_registry")
            migrations.upgrade("camera_registry", access.owner_url)
            figures = asyncio.run(measure(folder, access, nats_server.url, options.cameras, options.requests))
        finally:
            nats_server.stop()
            postgres.stop()
    if options.json:
        print(json.dumps(figures))
        return 0
    for key, value in figures.items():
        late = key.endswith(("p95_ms_c1", "p95_ms_c4")) and value > GOAL_P95_MS
        print(f"{key:46} {value:10}{'  over 20 ms' if late else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
