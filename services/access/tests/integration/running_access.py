"""The running service as a test sees it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from common.bus import Bus
from common.clock import SteppedClock
from common.database import Database
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.tokens import TokenMint


@dataclass(frozen=True, slots=True)
class RunningAccess:
    """A served application with its loops, its database, its clock, and a mint of tokens it trusts."""

    url: str
    app: FastAPI
    bus: Bus
    database: Database
    clock: SteppedClock
    tokens: TokenMint
    urls: TestDatabase

    @asynccontextmanager
    async def client(self, headers: dict[str, str] | None = None) -> AsyncGenerator[httpx.AsyncClient]:
        """Yield an HTTP client; redirects are looked at, not followed."""
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as client:
            yield client

    def as_agent(self, agent_id: str) -> dict[str, str]:
        """Return headers that speak for an agent."""
        return self.tokens.agent_headers(agent_id)

    def as_service(self, *scopes: str) -> dict[str, str]:
        """Return headers that speak for a machine."""
        return self.tokens.service_headers("test-machine", *scopes)

    async def register(self, wanted: int = 1, **question: str) -> list[dict[str, Any]]:
        """Return the register's rows, oldest first, once at least ``wanted`` answer the question."""

        async def read() -> list[dict[str, Any]]:
            async with self.client(self.as_service("register.read")) as client:
                answer = await client.get("/api/access/register", params={**question, "limit": 500})
            return list(reversed(answer.json()["items"]))

        return await eventually(read, until=lambda rows: len(rows) >= wanted)
