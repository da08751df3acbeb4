"""Events this service acts upon: every service's requests for a row of the register."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.entries import GivenUp, given_up_entry
from access.use_cases import register
from common.auth import TokenVerifier
from common.clock import Clock
from common.consumer import Burial, Hopeless, Subscription
from contracts.access import FACT_REGISTER_ENTRY, REGISTER_OWNER, RegisterEntry
from contracts.envelope import Envelope
from contracts.streams import REGISTER_DURABLE, STREAM_OF_OWNER
from guard.seal import broken_seal

_BATCH = 512
_REFUSED = Counter("vigie_register_refused_rows_total", "Rows that were given up, by the rule they broke", ["rule"])


class SealBroken(Hopeless):
    """The row is not what the service it names has sealed."""

    def __init__(self, wrong: str, source: str) -> None:
        super().__init__(wrong)
        self.source = source


@dataclass(frozen=True, slots=True)
class RegisterDesk:
    """Takes requested rows in, once their seals are found to be good.

    ``accepts_unsealed``: rows without any seal are chained too, while services of an older release still run. A
    broken seal is never accepted. What is refused becomes a dead letter, a row of the register that says so, a log
    line and a count: neither a loss nor a forgery is silent.
    """

    keys: TokenVerifier
    clock: Clock
    accepts_unsealed: bool = False

    async def on_entry_requested(self, conn: AsyncConnection, envelope: Envelope, entry: RegisterEntry) -> None:
        """Put the row at the end of the chain; a second delivery finds it there."""
        await self.on_entries_requested(conn, [(envelope, entry)])

    async def on_entries_requested(
        self, conn: AsyncConnection, requested: Sequence[tuple[Envelope, RegisterEntry]]
    ) -> None:
        """Put rows at the end of the chain, in the order given, or none of them."""
        for envelope, entry in requested:
            self._judge(envelope, entry)
        await register.append_entries(conn, entries=[entry for _, entry in requested])

    async def on_given_up(self, conn: AsyncConnection, burial: Burial) -> None:
        """Say in the register itself that a requested row is not in it, and why; log it and count it, once."""
        rule = _rule_of(burial.cause)
        entry = given_up_entry(burial.event_id, rule, burial.reason, at=self.clock.now())
        await register.append_entries(conn, entries=[entry])
        source = burial.cause.source if isinstance(burial.cause, SealBroken) else None
        _REFUSED.labels(rule.value).inc()
        structlog.get_logger("register").error(
            "row given up", event_id=str(burial.event_id), rule=rule.value, source=source, reason=burial.reason
        )

    def subscriptions(self) -> list[Subscription]:
        """Return what this service consumes."""
        return [
            Subscription(
                durable=REGISTER_DURABLE,
                stream=STREAM_OF_OWNER[REGISTER_OWNER],
                filter_subject=f"vigie.*.{REGISTER_OWNER}.{FACT_REGISTER_ENTRY}.v1",
                payload=RegisterEntry,
                on_event=self.on_entry_requested,
                on_batch=self.on_entries_requested,
                on_buried=self.on_given_up,
                batch=_BATCH,
            )
        ]

    def _judge(self, envelope: Envelope, entry: RegisterEntry) -> None:
        source = envelope.source.removeprefix("/vigie/")
        if entry.seal is None and self.accepts_unsealed:
            return
        wrong = broken_seal(entry, source, self.keys)
        if wrong is not None:
            raise SealBroken(wrong, source)


def _rule_of(cause: Exception | None) -> GivenUp:
    if cause is None:
        return GivenUp.UNREADABLE
    return GivenUp.SEAL if isinstance(cause, SealBroken) else GivenUp.NOT_CHAINED
