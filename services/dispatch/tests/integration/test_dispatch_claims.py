"""Claims of due dispatches: nobody waits, nobody takes twice, what a dead worker held is taken again."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from common.database import Database
from common.ids import new_id
from common.testing.servers import TestDatabase
from contracts.access import OrganisationKind
from contracts.dispatch import DispatchStatus
from contracts.incident import IncidentTransmitted
from dispatch import repository, use_cases
from dispatch.domain import Partner, RetryPolicy
from dispatch.jobs import LEASE
from dispatch.secret_box import SecretBox

from .conftest import a_transmission

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RETRIES = RetryPolicy(3, timedelta(seconds=1), timedelta(seconds=30))


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    opened = Database(make_database("dispatch").app_url)
    partner = Partner(
        partner_id="sdis-95",
        name="SDIS",
        kind=OrganisationKind.SDIS,
        organisation_id="sdis-95",
        communes=frozenset({"95598"}),
        webhook_url="https://partenaire.example/hook",
    )
    async with opened.transaction() as conn:
        await use_cases.register_partner(conn, partner=partner, secret=b"s" * 32, vault=SecretBox(b"k" * 32))
    yield opened
    await opened.dispose()


async def ask(database: Database, count: int) -> None:
    for _ in range(count):
        transmitted = IncidentTransmitted.model_validate(a_transmission("sdis-95").data | {"at": NOW.isoformat()})
        async with database.transaction() as conn:
            await use_cases.ask_dispatches(conn, transmitted=transmitted, new_dispatch_id=new_id)


async def test_two_workers_at_once_take_different_ones(database: Database) -> None:
    await ask(database, 5)
    until = NOW + LEASE
    async with database.transaction() as one, database.transaction() as two:
        first = await repository.claim_due(one, now=NOW, lease_until=until, limit=3)
        second = await repository.claim_due(two, now=NOW, lease_until=until, limit=3)
    assert (len(first), len(second)) == (3, 2)
    assert not {item.dispatch_id for item in first} & {item.dispatch_id for item in second}


async def test_a_lease_that_ended_is_taken_again_and_the_late_worker_harms_nothing(database: Database) -> None:
    await ask(database, 1)
    async with database.transaction() as conn:
        (lost,) = await repository.claim_due(conn, now=NOW, lease_until=NOW + LEASE, limit=9)
    async with database.transaction() as conn:
        assert await repository.claim_due(conn, now=NOW, lease_until=NOW + LEASE, limit=9) == []
    later = NOW + LEASE
    async with database.transaction() as conn:
        (again,) = await repository.claim_due(conn, now=later, lease_until=later + LEASE, limit=9)
    assert (lost.attempts, again.attempts) == (1, 2)
    async with database.transaction() as conn:
        await use_cases.record_delivery(conn, claimed=lost, failure="trop tard", at=later, retries=RETRIES)
        untouched = await repository.load(conn, lost.dispatch_id)
    assert untouched is not None
    assert untouched.next_attempt_at == later + LEASE
    async with database.transaction() as conn:
        await use_cases.record_delivery(conn, claimed=again, failure=None, at=later, retries=RETRIES)
        await use_cases.record_delivery(conn, claimed=lost, failure=None, at=later, retries=RETRIES)
        delivered = await repository.load(conn, lost.dispatch_id)
    assert delivered is not None
    assert delivered.status is DispatchStatus.TRANSMIS
    assert delivered.next_attempt_at is None


async def test_the_most_urgent_goes_first(database: Database) -> None:
    for priority in ("P3", "P1", "P2"):
        changed = a_transmission("sdis-95").data | {"at": NOW.isoformat(), "priority": priority}
        async with database.transaction() as conn:
            transmitted = IncidentTransmitted.model_validate(changed)
            await use_cases.ask_dispatches(conn, transmitted=transmitted, new_dispatch_id=new_id)
    taken: list[str] = []
    for _ in range(3):
        async with database.transaction() as conn:
            (claimed,) = await repository.claim_due(conn, now=NOW, lease_until=NOW + LEASE, limit=1)
            taken.append(claimed.message.priority.value)
    assert taken == ["P1", "P2", "P3"]
