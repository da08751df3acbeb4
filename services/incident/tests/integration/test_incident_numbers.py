"""Numbers without gaps: fifty at once, some of them rolled back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from common.database import Database
from common.ids import new_id
from common.testing.servers import TestDatabase
from contracts.incident import Priority
from incident import use_cases
from incident.domain import Author, Origin
from incident.use_cases import OpenIncident

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
OPERATOR = Author("op.durand", "Op Durand")


class OperatorHangsUpError(Exception):
    """Something fails after the number was taken."""


def a_command(insee: str) -> OpenIncident:
    return OpenIncident(
        code="atteintes_personnes.rixe",
        priority=Priority.P1,
        insee=insee,
        commune=None,
        camera_ids=(),
        address="",
        lon=None,
        lat=None,
        origin=Origin.RADIO,
        facts="Rixe signalée par radio",
        detected_at=None,
    )


async def open_one(database: Database, insee: str, *, fails: bool, at: datetime = NOW) -> None:
    async with database.transaction() as conn:
        await use_cases.open_incident(
            conn, command=a_command(insee), key=None, incident_id=new_id(), at=at, by=OPERATOR
        )
        if fails:
            raise OperatorHangsUpError


async def test_fifty_openings_at_once_leave_no_gap(make_database: Callable[[str | None], TestDatabase]) -> None:
    database = Database(make_database("incident").app_url)
    results = await asyncio.gather(
        *(open_one(database, "95598", fails=number % 3 == 0) for number in range(50)),
        *(open_one(database, "95210", fails=number % 2 == 0) for number in range(10)),
        return_exceptions=True,
    )
    async with database.transaction() as conn:
        numbers = sorted((await conn.execute(text("SELECT number FROM incidents"))).scalars())
    await database.dispose()
    failed = [result for result in results if result is not None]
    assert len(failed) == 17 + 5
    assert all(isinstance(failure, OperatorHangsUpError) for failure in failed)
    soisy = [f"2026-95598-{sequence:06d}" for sequence in range(1, 34)]
    enghien = [f"2026-95210-{sequence:06d}" for sequence in range(1, 6)]
    assert numbers == sorted([*soisy, *enghien])


async def test_the_year_turns_at_midnight_in_paris(make_database: Callable[[str | None], TestDatabase]) -> None:
    database = Database(make_database("incident").app_url)
    for at in (NOW, NEW_YEAR, NEW_YEAR):
        await open_one(database, "95598", fails=False, at=at)
    async with database.transaction() as conn:
        numbers = sorted((await conn.execute(text("SELECT number FROM incidents"))).scalars())
    await database.dispose()
    assert numbers == ["2026-95598-000001", "2027-95598-000001", "2027-95598-000002"]
