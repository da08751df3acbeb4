"""Is this process alive, and can it do its work? With reasons a person can read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[str | None]]
"""Returns None when all is well, else one sentence saying what is not."""

_CHECK_SECONDS = 3.0


@dataclass(slots=True)
class Health:
    """The readiness checks of a service, by name."""

    checks: dict[str, Check] = field(default_factory=dict[str, Check])

    def add(self, name: str, check: Check) -> None:
        """Register a check; a check that raises or takes more than 3 s counts as failed."""
        self.checks[name] = check

    async def reasons(self) -> dict[str, str]:
        """Return what is not ready, by check name; empty when all is ready."""
        names = list(self.checks)
        results = await asyncio.gather(*(self._run(self.checks[name]) for name in names))
        return {name: reason for name, reason in zip(names, results, strict=True) if reason is not None}

    async def _run(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await check()
        except TimeoutError:
            return "no answer in 3 s"
        except Exception as error:  # noqa: BLE001 - whatever a check raises is the reason it failed
            return f"{type(error).__name__}: {error}"


def health_router(health: Health) -> APIRouter:
    """Routes ``/healthz/live``, ``/healthz/ready`` and ``/metrics``; not forwarded to the outside."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/healthz/ready")
    async def ready(response: Response) -> dict[str, object]:
        reasons = await health.reasons()
        if reasons:
            response.status_code = 503
        return {"status": "not ready" if reasons else "ready", "reasons": reasons}

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
