"""The delivery job: claims due dispatches, calls the partners outside of any transaction, writes the result."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from common.clock import Clock
from common.database import Database
from dispatch import repository, use_cases
from dispatch.domain import Dispatch, RetryPolicy
from dispatch.ports import NotDelivered, PartnerChannel, SecretUnreadable, SecretVault

LEASE = timedelta(seconds=30)
"""Longer than the longest delivery (3 s to connect, 5 s for each phase of the answer)."""


@dataclass(slots=True)
class DeliveryJob:
    """Delivers up to ``at_once`` messages at a time; looks for due ones every ``poll_seconds``.

    Any number may run: a claim is a row lock that others skip, then a lease.
    """

    database: Database
    channel: PartnerChannel
    vault: SecretVault
    clock: Clock
    retries: RetryPolicy
    poll_seconds: float
    at_once: int = 16
    _under_way: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                claimed = await self._claim(self.at_once - len(self._under_way))
                for dispatch in claimed:
                    task = deliveries.create_task(self._deliver(dispatch))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if not claimed:
                    await asyncio.sleep(self.poll_seconds)

    async def _claim(self, free: int) -> list[Dispatch]:
        if free <= 0:
            return []
        now = self.clock.now()
        async with self.database.transaction() as conn:
            return await repository.claim_due(conn, now=now, lease_until=now + LEASE, limit=free)

    async def _deliver(self, claimed: Dispatch) -> None:
        failure = await self._failure_of(claimed)
        async with self.database.transaction() as conn:
            await use_cases.record_delivery(
                conn, claimed=claimed, failure=failure, at=self.clock.now(), retries=self.retries
            )
        log = structlog.get_logger("dispatch").bind(
            dispatch=str(claimed.dispatch_id), partner=claimed.partner_id, attempt=claimed.attempts
        )
        if failure is None:
            log.info("delivered")
        else:
            log.warning("not delivered", reason=failure)

    async def _failure_of(self, claimed: Dispatch) -> str | None:
        """Return why the partner did not take the message, None when it did."""
        try:
            async with self.database.transaction() as conn:
                endpoint = await use_cases.endpoint_of(conn, partner_id=claimed.partner_id, vault=self.vault)
            if endpoint is None:
                return "le partenaire n'existe plus."
            await self.channel.deliver(claimed, endpoint, at=self.clock.now())
        except SecretUnreadable:
            return "le secret du partenaire est illisible : saisissez-le à nouveau."
        except NotDelivered as failure:
            return failure.reason
        return None
