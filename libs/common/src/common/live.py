"""Server push: a service's own stream as Server-Sent Events with sequence numbers.

The event id is the stream sequence, so that a browser that reconnects with ``Last-Event-ID`` resumes without a
gap; when the stream no longer holds what was missed, a ``reset`` event tells the page to reload its list.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from pydantic import ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent

from common.bus import Bus
from contracts.envelope import Envelope

_HEARTBEAT_SECONDS = 10
_POLL_SECONDS = 1.0


async def live_response(
    request: Request,
    bus: Bus,
    stream: str,
    filter_subject: str,
    *,
    allowed: Callable[[Envelope], bool],
    present: Callable[[], bool],
) -> EventSourceResponse:
    """Answer with the live facts of ``stream`` that ``allowed`` lets this caller see.

    ``allowed`` is asked for every event, so that a revoked agent stops receiving at once. ``present`` is asked every
    second and with every event; once it is False (revoked, logged out) the stream ends, and a reconnect is refused.
    """
    last = _last_event_id(request)
    return EventSourceResponse(
        _events(request, bus, stream, filter_subject, allowed, present, last), ping=_HEARTBEAT_SECONDS
    )


def _last_event_id(request: Request) -> int | None:
    raw = request.headers.get("last-event-id") or request.query_params.get("after")
    return int(raw) if raw is not None and raw.isdecimal() else None


async def _events(
    request: Request,
    bus: Bus,
    stream: str,
    filter_subject: str,
    allowed: Callable[[Envelope], bool],
    present: Callable[[], bool],
    last: int | None,
) -> AsyncIterator[ServerSentEvent]:
    state = (await bus.js.stream_info(stream)).state
    if last is not None and (last > state.last_seq or last + 1 < state.first_seq):
        yield ServerSentEvent(event="reset", data="{}", id=str(state.last_seq))
        last = None
    start = state.last_seq + 1 if last is None else last + 1
    yield ServerSentEvent(event="hello", data=json.dumps({"stream": stream}), id=str(start - 1))
    subscription = await bus.js.subscribe(
        filter_subject,
        stream=stream,
        ordered_consumer=True,
        config=ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start),
    )
    try:
        while present() and not await request.is_disconnected():
            try:
                message = await subscription.next_msg(timeout=_POLL_SECONDS)
            except TimeoutError:
                continue
            try:
                envelope = Envelope.model_validate_json(message.data)
            except ValidationError:
                continue  # the consumers send it to the dead letters; a screen has no use for it
            if allowed(envelope):
                fact = envelope.type.split(".")[2]
                yield ServerSentEvent(event=fact, data=message.data.decode(), id=str(message.metadata.sequence.stream))
    finally:
        with contextlib.suppress(NatsError):  # the connection may have gone first
            await subscription.unsubscribe()
