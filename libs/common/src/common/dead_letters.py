"""Events that a consumer gave up: kept with the reason, listed, replayed.

A dead letter lies in the stream ``DLQ`` under ``vigie.<insee>.dlq.<durable>.v1``: the original bytes, and headers
that say whose letter it is, why, and where the original was. It travels through the service's own outbox, so it is
as safe as any event.

A replay calls the handler again, here and now, in the service that the event died in, and tells at once whether it
still fails. It does not publish the event a second time: only the owner of a fact may publish it (the bus enforces
that), and nobody else's consumers and boards are disturbed. The replay's own inbox row, written with the effect,
makes a second replay harmless.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from common import inbox
from common.bus import Bus, BusRefused
from common.database import Database
from common.outbox import OutboxMessage
from common.subscription import Refused, Subscription, in_words
from contracts.envelope import CENTRE

STREAM = "DLQ"
_DURABLE = "Vigie-Dead-Durable"
_EVENT = "Vigie-Dead-Event"
_REASON = "Vigie-Dead-Reason"
_SUBJECT = "Vigie-Dead-Subject"
_STREAM = "Vigie-Dead-Stream"
_ATTEMPTS = "Vigie-Dead-Attempts"
_LONGEST_REASON = 1000
_GONE = frozenset({10037, 10043, 10057})
"""JetStream's ways to say that a message is not there: not found, outside the stream, already deleted."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. ``sequence`` is its place in the DLQ; ``died_at`` when the bus got it, UTC."""

    sequence: int
    durable: str
    event_id: UUID
    reason: str
    attempts: int
    stream: str
    subject: str
    died_at: datetime
    body: bytes


def message(durable: str, event_id: UUID, original: Msg, reason: str) -> OutboxMessage:
    """Make the outbox row of a dead letter out of a message as delivered."""
    tokens = original.subject.split(".")
    insee = tokens[1] if len(tokens) > 1 and tokens[0] == "vigie" else CENTRE
    headers = {
        _DURABLE: durable,
        _EVENT: str(event_id),
        _REASON: _one_line(reason),
        _SUBJECT: original.subject,
        _STREAM: original.metadata.stream,
        _ATTEMPTS: str(original.metadata.num_delivered),
    }
    letter_id = uuid5(NAMESPACE_URL, f"{durable}/{event_id}/{original.metadata.sequence.stream}")
    subject = f"vigie.{insee}.dlq.{durable}.v1"
    return OutboxMessage(letter_id, STREAM, subject, f"dlq/{durable}", original.data, headers)


async def letters(bus: Bus, durable: str | None = None, *, at_most: int = 1000) -> AsyncIterator[DeadLetter]:
    """Yield the dead letters, oldest first; only those of ``durable`` if given. Raises BusAway."""
    wanted = f"vigie.*.dlq.{durable or '*'}.v1"
    sequence = 1
    for _ in range(at_most):
        try:
            raw = await bus.js.get_msg(STREAM, seq=sequence, subject=wanted, next=True)
        except NotFoundError:
            return
        letter = _letter(raw)
        yield letter
        sequence = letter.sequence + 1


async def replay(database: Database, bus: Bus, subscription: Subscription, letter: DeadLetter) -> str | None:
    """Act upon a dead letter again and take it out of the stream if that succeeds (or was done before).

    The order of its aggregate does not hold for it: its successors went on without it.

    Returns:
        None when the letter is settled, else why it still fails; then it stays where it is.

    Raises:
        BusAway: it was acted upon, but is still in the stream; replaying it once more removes it.
    """
    try:
        envelope, payload = subscription.read(letter.body)
    except ValidationError as error:
        return in_words(error)
    try:
        async with database.transaction() as conn:
            if await inbox.take_in_replay(conn, letter.durable, letter.event_id):
                await subscription.on_event(conn, envelope, payload)
    except Refused:
        pass  # an answer, too: nothing of the handler's is kept, the letter is settled
    except Exception as error:  # noqa: BLE001 - whatever the handler raises is the answer
        if not getattr(error, "keeps_transaction", False):
            return in_words(error)
    await remove(bus, [letter])
    return None


async def replay_all(database: Database, bus: Bus, subscriptions: Sequence[Subscription]) -> dict[UUID, str | None]:
    """Replay every letter of a service's subscriptions; returns ``replay``'s answer by event id. Raises BusAway."""
    answers: dict[UUID, str | None] = {}
    for subscription in subscriptions:
        for letter in [letter async for letter in letters(bus, subscription.durable)]:
            answers[letter.event_id] = await replay(database, bus, subscription, letter)
    return answers


async def remove(bus: Bus, dead: Sequence[DeadLetter]) -> None:
    """Take letters out of the stream; one that is already gone is no error. Raises BusAway."""
    for letter in dead:
        try:
            await bus.request(f"$JS.API.STREAM.MSG.DELETE.{STREAM}", {"seq": letter.sequence})
        except BusRefused as refusal:
            if refusal.code not in _GONE:
                raise


def _letter(raw: RawStreamMsg) -> DeadLetter:
    headers = raw.headers or {}
    return DeadLetter(
        sequence=int(raw.seq or 0),
        durable=str(headers[_DURABLE]),
        event_id=UUID(headers[_EVENT]),
        reason=str(headers[_REASON]),
        attempts=int(headers[_ATTEMPTS]),
        stream=str(headers[_STREAM]),
        subject=str(headers[_SUBJECT]),
        died_at=raw.time or datetime.fromtimestamp(0, UTC),
        body=raw.data or b"",
    )


def _one_line(text: str) -> str:
    """Make a text fit for a header: ASCII, one line, bounded."""
    return " ".join(text.encode("ascii", "replace").decode().split())[:_LONGEST_REASON]
