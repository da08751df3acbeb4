"""The life of one durable consumer in the process that holds its lease. See ``common.consumer`` for the guarantees."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

import nats.errors
import structlog
from nats.aio.msg import Msg
from opentelemetry import context as trace_context
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from common import dead_letters, inbox, telemetry
from common.bus import Bus
from common.database import Database
from common.leases import Leases
from common.messaging_metrics import CONSUMED, DEAD, DUPLICATES, LAG, NAKED, REFUSED
from common.outbox import append_messages
from common.parking import Parking
from common.pull_feed import PullFeed, stream_sequence
from common.subscription import Burial, Hopeless, Refused, Subscription, in_words
from contracts.envelope import Envelope, Payload

_RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0)
_NAK_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_MAX_ACK_PENDING = 4096
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as delivered; ``defect`` says why it cannot be read (then there is no envelope)."""

    message: Msg
    sequence: int
    event_id: UUID
    aggregate: str
    envelope: Envelope | None
    payload: Payload | None
    defect: str | None


class HandlerFailed(Exception):
    """The handler raised for the event at ``index`` of the batch."""

    def __init__(self, index: int, cause: Exception, *, alone: bool) -> None:
        self.index = index
        self.cause = cause
        self.keeps_transaction = alone and bool(getattr(cause, "keeps_transaction", False))
        super().__init__(str(cause))


class DurableLoop:
    """Reads one durable while this process holds its lease."""

    def __init__(self, database: Database, bus: Bus, subscription: Subscription, leases: Leases) -> None:
        self._database = database
        self._bus = bus
        self._subscription = subscription
        self._durable = subscription.durable
        self._leases = leases
        self._parking: Parking[Delivery] = Parking()
        self._in_hand: list[Delivery] = []
        self.reason: str | None = "not started"
        self._log = structlog.get_logger("consumer").bind(durable=self._durable)

    async def run(self) -> None:
        """Consume until the lease is lost; everything that breaks is opened anew, from the floor."""
        failures = 0
        while self._durable in self._leases.held:
            started = time.monotonic()
            try:
                await self._consume()
            except inbox.LeaseLost:
                return
            except Exception as error:  # noqa: BLE001 - database or bus is away, or a defect: never stop consuming
                self.reason = f"{type(error).__name__}: {error}"
                self._log.warning("consumer reopens", reason=self.reason)
                failures = 1 if time.monotonic() - started > self._leases.seconds else failures + 1
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1])

    async def _consume(self) -> None:
        await self._bus.wait_usable(self._leases.seconds)
        await self._declare_and_rewind()
        self._parking = Parking()
        feed = PullFeed(self._bus.nc, self._subscription.stream, self._durable, batch=self._subscription.batch)
        await feed.open()
        self.reason = None
        alive = asyncio.create_task(self._keep_in_hand(feed))
        try:
            while self._durable in self._leases.held:
                messages = await feed.next_batch(seconds=1.0)
                work = self._parking.admit([self._read(message) for message in messages])
                while work:
                    self._in_hand = work
                    size = self._subscription.batch
                    left = await self._settle(work[:size])
                    work = self._parking.admit([*left, *work[size:]])
                self._in_hand = []
        finally:
            alive.cancel()
            await feed.close()

    async def _declare_and_rewind(self) -> None:
        """Create or update the consumer, then go back to its acknowledgement floor.

        The server counts no attempts (``max_deliver`` -1): an event that it stopped delivering would be lost
        without a dead letter. The rewind (NATS 2.14) brings back, in order, what a dead process had in hand.
        """
        stream = self._subscription.stream
        config = {
            "durable_name": self._durable,
            "filter_subject": self._subscription.filter_subject,
            "ack_policy": "explicit",
            "ack_wait": int(self._subscription.ack_wait * _NANOSECONDS),
            "max_deliver": -1,
            "max_ack_pending": _MAX_ACK_PENDING,
            "deliver_policy": "all",
            "replay_policy": "instant",
        }
        await self._bus.request(
            f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{self._durable}", {"stream_name": stream, "config": config}
        )
        await self._bus.request(f"$JS.API.CONSUMER.RESET.{stream}.{self._durable}")

    def _read(self, message: Msg) -> Delivery:
        """Validate the envelope and the payload; never raises."""
        sequence = stream_sequence(message.reply)
        try:
            envelope, payload = self._subscription.read(message.data)
        except ValidationError as error:
            anonymous = uuid5(NAMESPACE_URL, f"{self._subscription.stream}/{sequence}")
            return Delivery(message, sequence, anonymous, f"#{sequence}", None, None, in_words(error))
        return Delivery(message, sequence, envelope.id, envelope.subject, envelope, payload, None)

    async def _settle(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Act upon a batch and acknowledge it; returns what is still to do, in order."""
        for index, delivery in enumerate(batch):
            if delivery.defect is not None:
                if index == 0:
                    return [*await self._bury(delivery, delivery.defect), *batch[1:]]
                return [*await self._settle(batch[:index]), *batch[index:]]
        if self._subscription.on_batch is not None and await self._acted_together(batch):
            return await self._acknowledge(batch)
        try:
            await self._act(batch)
        except HandlerFailed as failure:
            index = failure.index
            before = await self._settle(batch[:index]) if index else []
            culprit = await self._settle_alone(batch[index])
            return [*before, *culprit, *batch[index + 1 :]]
        return await self._acknowledge(batch)

    async def _acted_together(self, batch: Sequence[Delivery]) -> bool:
        """Give the whole batch to ``on_batch``, in one transaction with its inbox rows; False when it failed."""
        try:
            async with self._database.transaction() as conn:
                ids = [delivery.event_id for delivery in batch]
                fresh = await inbox.take_in(conn, self._durable, self._leases.owner, ids)
                first = {delivery.event_id: delivery for delivery in reversed(batch) if delivery.event_id in fresh}
                new = [delivery for delivery in batch if first.get(delivery.event_id) is delivery]
                if new:
                    await self._call_together(conn, new)
        except HandlerFailed as failure:
            self._log.warning("batch taken apart", reason=in_words(failure.cause))
            return False
        CONSUMED.labels(self._durable).inc(len(new))
        DUPLICATES.labels(self._durable).inc(len(batch) - len(new))
        return True

    async def _call_together(self, conn: AsyncConnection, batch: Sequence[Delivery]) -> None:
        assert self._subscription.on_batch is not None  # noqa: S101 - asked before
        try:
            await self._subscription.on_batch(conn, [(one.envelope, one.payload) for one in batch])
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise HandlerFailed(0, error, alone=False) from error
        except Exception as error:
            raise HandlerFailed(0, error, alone=False) from error

    async def _act(self, batch: Sequence[Delivery], *, alone: bool = False) -> None:
        """Run the handlers of a batch in one transaction with its inbox rows."""
        async with self._database.transaction() as conn:
            ids = [delivery.event_id for delivery in batch]
            fresh = await inbox.take_in(conn, self._durable, self._leases.owner, ids)
            acted = len(fresh)
            for index, delivery in enumerate(batch):
                if delivery.event_id in fresh:
                    fresh.discard(delivery.event_id)
                    await self._call(conn, index, delivery, alone=alone)
        CONSUMED.labels(self._durable).inc(acted)
        DUPLICATES.labels(self._durable).inc(len(batch) - acted)

    async def _call(self, conn: AsyncConnection, index: int, delivery: Delivery, *, alone: bool) -> None:
        token = trace_context.attach(telemetry.extract(delivery.message.headers))
        try:
            await self._subscription.on_event(conn, delivery.envelope, delivery.payload)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise HandlerFailed(index, error, alone=alone) from error
        except Exception as error:
            raise HandlerFailed(index, error, alone=alone) from error
        finally:
            trace_context.detach(token)

    async def _settle_alone(self, delivery: Delivery) -> list[Delivery]:
        """Give the event that broke a batch a transaction of its own, and judge what it raises."""
        try:
            await self._act([delivery], alone=True)
        except HandlerFailed as failure:
            if isinstance(failure.cause, Refused) or failure.keeps_transaction:
                return await self._refuse(delivery, failure)
            attempt = delivery.message.metadata.num_delivered
            reason = in_words(failure.cause)
            self._log.warning("event failed", event_id=str(delivery.event_id), attempt=attempt, reason=reason)
            if attempt >= self._subscription.max_deliver or isinstance(failure.cause, Hopeless):
                return await self._bury(delivery, reason, failure.cause)
            await self._put_back(delivery, attempt)
            return []
        return await self._acknowledge([delivery])

    async def _refuse(self, delivery: Delivery, failure: HandlerFailed) -> list[Delivery]:
        if not failure.keeps_transaction:
            async with self._database.transaction() as conn:
                await inbox.take_in(conn, self._durable, self._leases.owner, [delivery.event_id])
        REFUSED.labels(self._durable).inc()
        self._log.info("event refused", event_id=str(delivery.event_id), reason=str(failure.cause))
        return await self._acknowledge([delivery])

    async def _put_back(self, delivery: Delivery, attempt: int) -> None:
        """Have the bus deliver it again later; its successors wait here meanwhile."""
        self._parking.park(delivery)
        NAKED.labels(self._durable).inc()
        await delivery.message.nak(delay=_NAK_SECONDS[min(attempt, len(_NAK_SECONDS)) - 1])

    async def _bury(self, delivery: Delivery, reason: str, cause: Exception | None = None) -> list[Delivery]:
        """Make it a dead letter, in one transaction with its inbox row, and let its successors go on."""
        letter = dead_letters.message(self._durable, delivery.event_id, delivery.message, reason)
        async with self._database.transaction() as conn:
            fresh = await inbox.take_in(conn, self._durable, self._leases.owner, [delivery.event_id])
            if fresh:
                await append_messages(conn, [letter])
                if self._subscription.on_buried is not None:
                    await self._subscription.on_buried(conn, Burial(delivery.event_id, reason, cause))
        DEAD.labels(self._durable).inc()
        self._log.error("event is a dead letter", event_id=str(delivery.event_id), reason=reason)
        with contextlib.suppress(nats.errors.Error):
            await delivery.message.term()
        return self._parking.settle(delivery)

    async def _acknowledge(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Acknowledge what is committed; returns the events that waited behind one of it.

        An acknowledgement that gets lost costs a redelivery, which the inbox ignores.
        """
        released: list[Delivery] = []
        for delivery in batch:
            with contextlib.suppress(nats.errors.Error):
                await delivery.message.ack()
            released += self._parking.settle(delivery)
        return released

    async def _keep_in_hand(self, feed: PullFeed) -> None:
        """Tell the bus that what is held here is not lost, and measure how much is still to come."""
        while True:
            await asyncio.sleep(self._subscription.ack_wait / 3)
            held = [*self._in_hand, *self._parking.held]
            for message in [*(delivery.message for delivery in held), *feed.waiting]:
                with contextlib.suppress(nats.errors.Error):
                    await message.in_progress()
            with contextlib.suppress(Exception):
                info = await self._bus.request(f"$JS.API.CONSUMER.INFO.{self._subscription.stream}.{self._durable}")
                LAG.labels(self._durable).set(info["num_pending"] + info["num_ack_pending"])
