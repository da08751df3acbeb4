"""The connection to NATS JetStream: opened lazily, kept for the life of the process, never fatal.

``Bus.connect`` returns even when the server is away; the connection is made in the background and made again after
every loss. ``reason_away`` says in words why the bus is not usable (readiness shows it). A client library that gave
up (it does so for good after an authorisation error) is thrown away and built anew, so always go through ``bus.nc``
and ``bus.js``, never keep them.

Nobody publishes facts through this connection: that is the relay's, over a connection of its own (``dedicated``),
which neither reconnects nor buffers, because a buffer replayed after a reconnect could put later events before
earlier ones.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

from common.settings import ServiceSettings
from contracts.streams import BUCKETS, STREAMS, StreamSpec

DUPLICATE_WINDOW_SECONDS = 120
"""How long JetStream remembers message ids. Longer costs memory; the inbox remembers for good."""

_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
_FIRST_CONNECTION_SECONDS = 3.0
_CONNECT_SECONDS = 2
_PING_SECONDS = 5
_NANOSECONDS = 1_000_000_000
_EXISTS_OTHERWISE = 10058
"""JetStream error: a stream of that name exists with another configuration."""


class BusAway(ConnectionError):
    """The message bus cannot be reached now; the text says why."""


class BusRefused(RuntimeError):
    """JetStream answered a request with an error."""

    def __init__(self, subject: str, code: int, description: str) -> None:
        self.code = code
        super().__init__(f"{subject}: {description} ({code})")


@dataclass(slots=True)
class _Access:
    """How to reach the server, for every connection of this process."""

    servers: list[str]
    user: str | None
    password: str | None = field(repr=False)


class Bus:
    """One process's way to NATS. Use ``Bus.connect``."""

    def __init__(self, access: _Access, name: str) -> None:
        self._access = access
        self.name = name
        self._log = structlog.get_logger("bus").bind(connection=name)
        self._client: Client | None = None
        self._away = "not connected yet"
        self._usable = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, settings: ServiceSettings | str | Sequence[str], name: str) -> "Bus":
        """Start connecting and wait up to 3 s for the first success; a server that is away is no error.

        Args:
            settings: the service's settings, or NATS URLs.
            name: shown in the server's connection list.
        """
        if isinstance(settings, ServiceSettings):
            password = settings.nats_password.get_secret_value() if settings.nats_password else None
            access = _Access([settings.nats_url], settings.nats_user, password)
        else:
            access = _Access([settings] if isinstance(settings, str) else list(settings), None, None)
        bus = cls(access, name)
        bus._keeper = asyncio.create_task(bus._keep_connected(), name=f"bus {name}")
        with contextlib.suppress(BusAway):
            await bus.wait_usable(_FIRST_CONNECTION_SECONDS)
        return bus

    @property
    def nc(self) -> Client:
        """The connected client; raises BusAway when there is none now."""
        if self._client is None or not self._client.is_connected:
            raise BusAway(self._away)
        return self._client

    @property
    def js(self) -> JetStreamContext:
        """JetStream over the connected client; raises BusAway when there is none now."""
        return self.nc.jetstream()

    @property
    def reason_away(self) -> str | None:
        """None when connected, else one sentence saying why not."""
        connected = self._client is not None and self._client.is_connected
        return None if connected else self._away

    async def check(self) -> str | None:
        """Readiness check: a round trip to the server; returns what is wrong, or None."""
        try:
            await self.nc.flush(timeout=_CONNECT_SECONDS)
        except (BusAway, nats.errors.Error, OSError) as error:
            return self.reason_away or _in_words(error)
        return None

    async def wait_usable(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - callers read better
        """Wait until connected; raises BusAway after ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._usable.wait()
        except TimeoutError:
            raise BusAway(self._away) from None

    async def request(
        self, subject: str, body: dict[str, Any] | None = None, *, seconds: float = 5.0
    ) -> dict[str, Any]:
        """Ask the JetStream API with a JSON body.

        Raises:
            BusAway: no connection, or no answer in time.
            BusRefused: the server answered with an error.
        """
        payload = b"" if body is None else json.dumps(body).encode()
        try:
            answer = await self.nc.request(subject, payload, timeout=seconds)
        except (nats.errors.Error, TimeoutError) as error:
            await self._drop_if_dead()
            raise BusAway(f"{subject}: {_in_words(error)}") from error
        reply: dict[str, Any] = json.loads(answer.data)
        if "error" in reply:
            problem = reply["error"]
            raise BusRefused(subject, int(problem.get("err_code", 0)), str(problem.get("description", "")))
        return reply

    async def ensure_streams(self, specs: Iterable[StreamSpec] = STREAMS) -> None:
        """Declare the streams, or bring them to their declaration; file storage, atomic batches allowed."""
        for spec in specs:
            await self._ensure(
                {
                    "name": spec.name,
                    "subjects": spec.subjects,
                    "max_age": spec.max_age_days * 86_400 * _NANOSECONDS,
                    "discard": "old",
                }
            )

    async def ensure_buckets(self, names: Iterable[str] = BUCKETS) -> None:
        """Declare key-value buckets with a history of one: the state, not its past.

        Revisions of a new bucket begin at the milliseconds of the clock: one that is made anew after the loss of the
        bus's disk goes on above the old one, and what was fenced by a revision stays fenced.
        """
        for name in names:
            await self._ensure(
                {
                    "name": f"KV_{name}",
                    "subjects": [f"$KV.{name}.>"],
                    "max_msgs_per_subject": 1,
                    "allow_rollup_hdrs": True,
                    "deny_delete": True,
                    "allow_direct": True,
                    "discard": "new",
                },
                first_seq=time.time_ns() // 1_000_000,
            )

    async def dedicated(self, purpose: str) -> Client:
        """Open one more connection that neither reconnects nor buffers; the caller closes it.

        Raises:
            BusAway: the server cannot be reached now.
        """
        return await self._connect(f"{self.name} {purpose}", asyncio.Event())

    async def close(self) -> None:
        """Close for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            closed = asyncio.Event()
            try:
                client = await self._connect(self.name, closed)
            except BusAway as away:
                self._away = str(away)
                if failures == 0:
                    self._log.warning("bus away", reason=self._away)
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1
                continue
            failures = 0
            self._client = client
            self._usable.set()
            self._log.info("bus connected")
            await closed.wait()
            self._usable.clear()
            self._away = _in_words(client.last_error) if client.last_error else "connection lost"
            self._log.warning("bus connection lost", reason=self._away)

    async def _connect(self, name: str, closed: asyncio.Event) -> Client:
        """Make one connection that ends when it breaks; sets ``closed`` then. Raises BusAway."""
        errors: list[Exception] = []
        client = Client()

        async def on_error(error: Exception) -> None:
            """Note why there is no connection; once there is one, this is where a forbidden subject shows."""
            if client.is_connected:
                self._log.warning("bus error", reason=_in_words(error))
            else:
                errors.append(error)

        async def on_closed() -> None:
            closed.set()

        options: dict[str, Any] = {
            "servers": self._access.servers,
            "name": name,
            "connect_timeout": _CONNECT_SECONDS,
            "ping_interval": _PING_SECONDS,
            "max_outstanding_pings": 2,
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,  # without a limit the library tries for ever inside connect()
            "reconnect_time_wait": 0.1,
        }
        if self._access.user is not None:
            options |= {
                "user": self._access.user,
                "password": self._access.password,
                "inbox_prefix": f"_INBOX.{self._access.user}",
            }
        try:
            await client.connect(**options, error_cb=on_error, closed_cb=on_closed)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusAway(_in_words(errors[-1] if errors else error)) from error
        return client

    async def _drop_if_dead(self) -> None:
        """After a request without an answer: a connection that does not even answer a ping is made anew.

        One that does stays, since a forbidden subject shows as a time-out, too.
        """
        client = self._client
        if client is None or client.is_closed:
            return
        try:
            await client.flush(timeout=_CONNECT_SECONDS)
        except (nats.errors.Error, TimeoutError, OSError):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await client.close()

    async def _ensure(self, config: dict[str, Any], *, first_seq: int | None = None) -> None:
        full = {
            "storage": "file",
            "retention": "limits",
            "num_replicas": 1,
            "duplicate_window": DUPLICATE_WINDOW_SECONDS * _NANOSECONDS,
            "allow_atomic": True,
            **config,
        }
        name = full["name"]
        try:
            created = full if first_seq is None else {**full, "first_seq": first_seq}
            await self.request(f"$JS.API.STREAM.CREATE.{name}", created)
        except BusRefused as refusal:
            if refusal.code != _EXISTS_OTHERWISE:
                raise
            await self.request(f"$JS.API.STREAM.UPDATE.{name}", full)


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
