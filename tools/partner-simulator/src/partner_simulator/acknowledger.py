"""Sends signed acknowledgements back to the platform, and tries again while the platform is away."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import httpx

from partner_simulator.inbox import Inbox
from partner_simulator.signatures import partner_secret, signed_headers

ACKNOWLEDGEMENTS_PATH = "/api/dispatch/acknowledgements"
FIRST_RETRY_AFTER = 0.25
LONGEST_RETRY_AFTER = 10.0


@dataclass(slots=True)
class Acknowledger:
    """Answers messages after ``ack_after`` seconds on behalf of any simulated partner."""

    client: httpx.AsyncClient
    master_secret: bytes
    ack_after: float
    now: Callable[[], datetime]
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def schedule(self, partner_id: str, inbox: Inbox, webhook_id: str, dispatch_id: str) -> None:
        """Acknowledge later, in the background; ``close`` cancels what is still waiting."""
        task = asyncio.create_task(self._acknowledge(partner_id, inbox, webhook_id, dispatch_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what has not been acknowledged yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _acknowledge(self, partner_id: str, inbox: Inbox, webhook_id: str, dispatch_id: str) -> None:
        await asyncio.sleep(self.ack_after)
        acknowledgement = {
            "dispatch_id": dispatch_id,
            "acknowledged_at": self.now().isoformat(),
            "acknowledged_by": f"Opérateur simulé ({partner_id})",
            "reference": f"SIM-{webhook_id[-8:].upper()}",
        }
        retry_after = FIRST_RETRY_AFTER
        while not await self._send(partner_id, inbox, webhook_id, json.dumps(acknowledgement)):
            await asyncio.sleep(retry_after)
            retry_after = min(retry_after * 2, LONGEST_RETRY_AFTER)

    async def _send(self, partner_id: str, inbox: Inbox, webhook_id: str, body: str) -> bool:
        """Try once; True when there is nothing more to try (taken, or refused for good)."""
        secret = partner_secret(self.master_secret, partner_id)
        headers = signed_headers(secret, f"ack_{uuid4()}", self.now(), body)
        try:
            response = await self.client.post(ACKNOWLEDGEMENTS_PATH, content=body, headers=headers)
        except httpx.HTTPError as error:
            inbox.acknowledgement_failed(webhook_id, f"plateforme injoignable : {type(error).__name__}")
            return False
        if response.is_success:
            inbox.acknowledged(webhook_id, at=self.now())
            return True
        inbox.acknowledgement_failed(webhook_id, f"la plateforme répond {response.status_code}")
        return response.is_client_error and response.status_code not in {408, 425, 429}
