"""How long this platform's register rows have been waiting for the register: no row for a day, no image any more.

A row waits in two places, both durable: in the acting service's outbox until the bus takes it, then on the bus until
``access`` has chained it. Both are asked here, so that the limit holds whoever is away.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from common.bus import Bus, BusAway, BusRefused
from common.clock import Clock
from common.database import Database
from contracts.access import REGISTER_OWNER
from contracts.streams import REGISTER_DURABLE, STREAM_OF_OWNER
from policy import Decision

LONGEST_WAIT = timedelta(hours=24)
RULE = "registre_injoignable"
CITATION = (
    "Politique d'accès Vigie : pas de ligne au registre, pas d'image (arrêté du 3 août 2007, journal ;"
    " attente de 24 heures au plus)"
)
_EXPLANATION = (
    "Le registre n'a pas reçu les lignes de la plateforme depuis trop longtemps : prévenez l'exploitant,"
    " les images reviendront dès qu'il les aura."
)
_LOOK_SECONDS = 15.0
_STREAM = STREAM_OF_OWNER[REGISTER_OWNER]
_NO_CONSUMER = 10014
_NO_MESSAGE = 10037
_WAITING = Gauge("vigie_register_oldest_waiting_seconds", "Age of the oldest register row that is not chained yet")


class RegisterSpool:
    """Knows since when the oldest row has been waiting; looked up in the background, asked without waiting."""

    def __init__(self, database: Database, bus: Bus, clock: Clock, *, longest: timedelta = LONGEST_WAIT) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._longest = longest
        self._since: datetime | None = None
        self._on_bus_since: datetime | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look every fifteen seconds until ``stop``."""
        self._watching = asyncio.create_task(self._watch(), name="register spool")

    async def stop(self) -> None:
        """Stop looking."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def waiting(self, at: datetime) -> timedelta:
        """Return the age of the oldest row that was waiting at the last look; zero when none was."""
        return max(at - self._since, timedelta(0)) if self._since is not None else timedelta(0)

    def refusal(self, at: datetime) -> Decision | None:
        """Return the refusal of every image when a row has waited too long, else None."""
        if self.waiting(at) <= self._longest:
            return None
        return Decision(allowed=False, rule=RULE, citation=CITATION, hides_existence=False, explanation=_EXPLANATION)

    async def check(self) -> str | None:
        """Readiness check: None while rows reach the register in time."""
        waited = self.waiting(self._clock.now())
        if waited <= self._longest:
            return None
        return f"register rows wait since {waited.total_seconds() / 3600:.1f} h: images are refused"

    async def look(self) -> None:
        """Find out since when the oldest row waits. While the bus is away, what it last said stands."""
        with contextlib.suppress(BusAway):
            self._on_bus_since = await self._oldest_on_bus()
        candidates = [since for since in (self._on_bus_since, await self._oldest_here()) if since is not None]
        self._since = min(candidates, default=None)
        _WAITING.set(self.waiting(self._clock.now()).total_seconds())

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError, BusRefused) as error:
                structlog.get_logger("spool").warning("register spool not looked up", reason=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _oldest_here(self) -> datetime | None:
        async with self._database.transaction() as conn:
            oldest = await conn.exec_driver_sql(
                "SELECT created_at FROM outbox WHERE stream = $1 ORDER BY seq LIMIT 1", (_STREAM,)
            )
            return oldest.scalar_one_or_none()

    async def _oldest_on_bus(self) -> datetime | None:
        """Return when the bus got the first row that ``access`` has not acknowledged."""
        acknowledged = 0
        try:
            consumer = await self._bus.request(f"$JS.API.CONSUMER.INFO.{_STREAM}.{REGISTER_DURABLE}")
        except BusRefused as refusal:
            if refusal.code != _NO_CONSUMER:  # 10014: access has never run; then every row waits
                raise
        else:
            if not consumer["num_pending"] + consumer["num_ack_pending"]:
                return None
            acknowledged = int(consumer["ack_floor"]["stream_seq"])
        question = {"seq": acknowledged + 1, "next_by_subj": f"vigie.*.{REGISTER_OWNER}.>"}
        try:
            found = await self._bus.request(f"$JS.API.STREAM.MSG.GET.{_STREAM}", question)
        except BusRefused as refusal:
            if refusal.code == _NO_MESSAGE:
                return None
            raise
        return datetime.fromisoformat(str(found["message"]["time"]))
