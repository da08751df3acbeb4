"""The register away for a day: thousands of sealed rows wait, then arrive in order, none lost, none twice.

Two services' relays and the access worker are real processes that are killed (kill -9) while they catch up. One row
is changed in a service's outbox meanwhile, by somebody with every right there.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from common.database import Database
from common.ids import new_id
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.tokens import TokenMint
from contracts.access import RegisterEntry, RegisterResult
from guard.seal import ask_for_row, seal_rows_of

pytestmark = [pytest.mark.integration, pytest.mark.chaos]
SERVICES = ("stream-gateway", "incident")
ROWS = 1500
CHANGED = 700
START = datetime(2026, 7, 14, tzinfo=UTC)


class Processes:
    """Relays and the access worker, each killed and started as a test likes."""

    def __init__(self) -> None:
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def add(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self._commands[name] = (command, {"PATH": os.environ["PATH"], **environment})

    def start(self, name: str) -> None:
        command, environment = self._commands[name]
        quiet = subprocess.DEVNULL
        self._running[name] = subprocess.Popen([sys.executable, *command], stdout=quiet, stderr=quiet, env=environment)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)


@pytest.fixture
def processes() -> Iterator[Processes]:
    held = Processes()
    yield held
    held.stop()


def a_row(service: str, number: int) -> RegisterEntry:
    return RegisterEntry(
        entry_id=new_id(),
        at=START + timedelta(seconds=57 * number),
        actor_id="op.durand",
        actor_name="Camille Durand",
        actor_role="operateur",
        habilitation_id="HAB-1",
        organisation="CA Plaine Vallée",
        action="live",
        camera_id="PV-95598-0001-P1",
        camera_label="Gare",
        insee="95598",
        authorisation_id="AUT-1",
        motive_code="surveillance",
        motive_text="",
        context=f"incident:{service}-{number}",
        station="10.0.0.1",
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.ALLOWED,
        rule="toutes_regles",
        citation="CSI L.252-3",
    )


@pytest.mark.usefixtures("bus")  # with its streams, empty
async def test_a_day_of_rows_arrives_in_order_once_and_the_changed_one_is_found(
    nats_url: str,
    make_database: Callable[[str | None], TestDatabase],
    tokens: TokenMint,
    processes: Processes,
) -> None:
    access = make_database("access")
    processes.add("access", ["-m", "access", "worker"], environment_of(access, nats_url, tokens))
    asked: dict[str, list[RegisterEntry]] = {}
    for service in SERVICES:
        spool = make_database("retention")
        processes.add(f"relay {service}", ["-m", "common.testing.event_lab", "relay", spool.app_url, nats_url], {})
        asked[service] = await asked_for_a_day(spool, service, tokens)
    for service in SERVICES:
        processes.start(f"relay {service}")
    processes.start("access")
    register = Database(access.app_url)

    for strike, reached in ((0, 300), (1, 1500)):
        await eventually(lambda: rows_of(register), until=lambda rows, reached=reached: len(rows) >= reached)
        for name in ("access", f"relay {SERVICES[strike]}"):
            processes.kill(name)
            processes.start(name)

    wanted = 2 * ROWS  # one of them is not the row that was asked for, but the row that says so
    rows = await eventually(lambda: rows_of(register), until=lambda rows: len(rows) >= wanted, within=120)
    await asyncio.sleep(1)  # whatever would come twice would come now
    assert len(rows) == len(await rows_of(register)) == wanted
    for service in SERVICES:
        kept = [row for place, row in enumerate(asked[service]) if (service, place) != (SERVICES[0], CHANGED)]
        arrived = [row["entry_id"] for row in rows if row["context"].startswith(f"incident:{service}-")]
        assert arrived == [str(row.entry_id) for row in kept]
    (told,) = [row for row in rows if row["action"] == "row_refused"]
    assert told["context"] == f"lettre_morte:{asked[SERVICES[0]][CHANGED].entry_id}"
    await register.dispose()


def environment_of(access: TestDatabase, nats_url: str, tokens: TokenMint) -> dict[str, str]:
    settings = {
        "DATABASE_URL": access.app_url,
        "NATS_URL": nats_url,
        "API_PORT": "1",
        "TRUSTED_KEYS_DIR": str(tokens.folder),
        "SERVICE_KEY_FILE": str(tokens.key_file("access")),
        "OIDC_ISSUER": "http://127.0.0.1:1",
        "OIDC_CLIENT_ID": "vigie",
    }
    return {f"ACCESS_{name}": value for name, value in settings.items()}


async def asked_for_a_day(urls: TestDatabase, service: str, tokens: TokenMint) -> list[RegisterEntry]:
    """Ask for rows in a service's outbox while nobody takes them; change one there afterwards."""
    spool = Database(urls.app_url)
    seal_rows_of(spool, tokens.key(service))
    rows = [a_row(service, number) for number in range(ROWS)]
    for start in range(0, ROWS, 50):
        async with spool.transaction() as conn:
            for row in rows[start : start + 50]:
                await ask_for_row(conn, row, source=service)
    if service == SERVICES[0]:
        async with spool.transaction() as conn:
            one = text("SELECT body FROM outbox ORDER BY seq OFFSET :place LIMIT 1")
            body = (await conn.execute(one, {"place": CHANGED})).scalar_one()
            forged = body.replace(b'"op.durand"', b'"op.autre"')
            assert forged != body
            change = text("UPDATE outbox SET body = :forged WHERE body = :body")
            await conn.execute(change, {"forged": forged, "body": body})
    await spool.dispose()
    return rows


async def rows_of(register: Database) -> list[dict[str, str]]:
    async with register.transaction() as conn:
        found = await conn.execute(text("SELECT canonical FROM register_entries ORDER BY seq"))
        return [json.loads(canonical) for canonical in found.scalars()]
