"""A register of a million rows: how long the whole walk takes, and how fast the four questions are answered.

Verified: every row's chain hash and leaf, every column beside the canonical bytes, every stored tile, every signed
checkpoint. Beside it, on the same server in the same run: reading the same bytes and hashing each row once with bare
SHA-256 (no parsing, no tree), which is the least anybody could do. Then proofs, and pages of 100 rows for questions of
each kind, 60 of each with changing arguments; their p95 is told per kind.

    python bench/register_verify.py [--json] [--rows 1000000]
"""

import argparse
import asyncio
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
from register_rows import START, entry
from sqlalchemy import text

from access.checkpoints import SignedSeal
from access.repository import register as repository
from access.repository.register_questions import Question
from access.use_cases import register, register_proofs
from common.database import Database
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint

_BATCH = 4096
_ASKED = 60
_PAGE = 100
_TERRITORY = frozenset({"95598", "95210"})


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds, rows per second, and p95 in milliseconds; ``verify_cpu_seconds`` is this process's own time."""

    rows: int
    fill_rows_per_second: float
    verify_seconds: float
    verify_rows_per_second: float
    verify_cpu_seconds: float
    bare_sha256_rows_per_second: float
    ratio_to_bare_sha256: float
    canonical_megabytes: float
    checkpoint_ms: float
    proof_p95_ms: float
    question_p95_ms: dict[str, float]
    worst_question_p95_ms: float


async def measure(rows: int, folder: Path) -> Result:
    """Fill, verify, ask."""
    servers = Servers(folder)
    try:
        return await _measured(servers.make_database("access"), rows, TokenMint(folder / "keys"))
    finally:
        servers.stop()


async def _measured(urls: TestDatabase, rows: int, tokens: TokenMint) -> Result:
    database = Database(urls.app_url)
    database.plan_for_the_values_asked()
    seal = SignedSeal(tokens.key("access"), "vigie/bench/registre")
    fill = rows / await _seconds(lambda: _fill(database, seal, rows))
    await _analyse(urls)
    checkpoint = await _seconds(lambda: _sign(database, seal))
    bare, size = await _bare(urls, rows)
    cpu = time.process_time()
    verify = await _seconds(lambda: _verify(database, seal, rows))
    cpu = time.process_time() - cpu
    questions = {name: await _p95(database, ask, rows) for name, ask in _QUESTIONS.items()}
    proofs = await _proofs_p95(database, rows)
    await database.dispose()
    return Result(
        rows=rows,
        fill_rows_per_second=fill,
        verify_seconds=verify,
        verify_rows_per_second=rows / verify,
        verify_cpu_seconds=cpu,
        bare_sha256_rows_per_second=bare,
        ratio_to_bare_sha256=rows / verify / bare,
        canonical_megabytes=size / 1e6,
        checkpoint_ms=checkpoint * 1000,
        proof_p95_ms=proofs,
        question_p95_ms=questions,
        worst_question_p95_ms=max(questions.values()),
    )


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _fill(database: Database, seal: SignedSeal, rows: int) -> None:
    for start in range(0, rows, _BATCH):
        entries = [entry(number) for number in range(start, min(start + _BATCH, rows))]
        async with database.transaction() as conn:
            await register.append_entries(conn, entries=entries)
            if start % (_BATCH * 10) == 0:
                await register.sign_head(conn, seal=seal, at=START + timedelta(seconds=start))


async def _analyse(urls: TestDatabase) -> None:
    conn = await asyncpg.connect(urls.owner_url.replace("+asyncpg", ""))
    await conn.execute("VACUUM (ANALYZE) register_entries", timeout=600)  # as autovacuum does on a register that grows
    await conn.close()


async def _sign(database: Database, seal: SignedSeal) -> None:
    async with database.transaction() as conn:
        await register.sign_head(conn, seal=seal, at=START + timedelta(days=4000))


async def _verify(database: Database, seal: SignedSeal, rows: int) -> None:
    async with database.transaction() as conn:
        found = await register.verify_register(conn, seal=seal)
    assert found.valid
    assert found.entries == rows


async def _bare(urls: TestDatabase, rows: int) -> tuple[float, int]:
    """Read every row's bytes and hash them once; returns rows per second and the bytes."""
    conn = await asyncpg.connect(urls.app_url.replace("+asyncpg", ""))
    size, started = 0, time.perf_counter()
    for start in range(0, rows, _BATCH):
        query = "SELECT canonical FROM register_entries WHERE seq > $1 AND seq <= $2 ORDER BY seq"
        for record in await conn.fetch(query, start, start + _BATCH):
            hashlib.sha256(record[0]).digest()
            size += len(record[0])
    seconds = time.perf_counter() - started
    await conn.close()
    return rows / seconds, size


async def _p95(database: Database, ask: Callable[[random.Random, int], Question], rows: int) -> float:
    chance = random.Random(1)  # noqa: S311 - a bench that can be repeated
    taken: list[float] = []
    async with database.transaction() as conn:
        await conn.execute(text("SELECT 1"))
        for _ in range(_ASKED):
            question = ask(chance, rows)
            started = time.perf_counter()
            await repository.answer(conn, question, before=None, limit=_PAGE)
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(taken, n=20)[-1]


async def _proofs_p95(database: Database, rows: int) -> float:
    chance = random.Random(2)  # noqa: S311
    taken: list[float] = []
    async with database.transaction() as conn:
        for _ in range(_ASKED):
            started = time.perf_counter()
            await register_proofs.prove_row(conn, seq=chance.randrange(1, rows), size=None)
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(taken, n=20)[-1]


def _day(chance: random.Random, rows: int) -> dict[str, object]:
    start = START + timedelta(seconds=5 * chance.randrange(rows))
    return {"from_at": start, "until_at": start + timedelta(days=1)}


def _camera(chance: random.Random) -> str:
    number = chance.randrange(16000)
    return entry(number).camera_id or ""


_QUESTIONS: dict[str, Callable[[random.Random, int], Question]] = {
    "camera": lambda chance, _rows: Question(camera_id=_camera(chance)),
    "day": lambda chance, rows: Question(**_day(chance, rows)),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    "agent": lambda chance, _rows: Question(actor_id=f"op.agent{chance.randrange(60)}"),
    "why, a rare word": lambda chance, _rows: Question(why=f"numéro {chance.randrange(5000)}"),
    "why, frequent words": lambda _chance, _rows: Question(why="gare rixe"),
    "why, middling words": lambda chance, _rows: Question(why=f"numéro {chance.randrange(100, 500)}"),
    "why, words never together": lambda _chance, _rows: Question(why="gare stade"),
    "why, no more used lately": lambda chance, _rows: Question(why=f"2026-95598-0{chance.randrange(50, 80)}"),
    "why, frequent, territory": lambda _chance, _rows: Question(why="ronde", communes=_TERRITORY),
    "why, rare, territory": lambda chance, _rows: Question(why=f"numéro {chance.randrange(5000)}", communes=_TERRITORY),
    "why, an incident": lambda chance, _rows: Question(why=f"2026-95598-{chance.randrange(90000):06}"),
    "motive code": lambda _chance, _rows: Question(motive_code="requisition"),
    "action": lambda _chance, _rows: Question(action="replay"),
    "refused": lambda _chance, _rows: Question(result="refused"),
    "organisation": lambda _chance, _rows: Question(organisation="Police municipale de Soisy"),
    "commune": lambda _chance, _rows: Question(insee="95426"),
    "four together": lambda chance, rows: Question(
        camera_id=_camera(chance),
        actor_id=f"op.agent{chance.randrange(60)}",
        why="ronde",
        **_day(chance, rows),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ),
    "agent and day": lambda chance, rows: Question(
        actor_id=f"op.agent{chance.randrange(60)}",
        **_day(chance, rows),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ),
    "territory": lambda _chance, _rows: Question(communes=_TERRITORY),
    "nothing known": lambda _chance, _rows: Question(camera_id="inconnue", why="introuvable"),
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(asked.rows, Path(folder)))
    if asked.json:
        print(json.dumps(asdict(result), indent=2, ensure_ascii=False))
        return 0
    shown = asdict(result)
    for name, value in {**shown, **shown.pop("question_p95_ms")}.items():
        if not isinstance(value, dict):
            print(f"{name:32} {value:>14,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
