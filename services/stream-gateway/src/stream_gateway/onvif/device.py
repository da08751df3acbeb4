"""One ONVIF device over HTTP: every call has one limit of time over everything, and one of size.

What a device points at is not believed: requests go to the host that the registry gave, whatever host its answers
name (devices behind NAT name their inner one, and a hostile one could name ours).
"""

import asyncio
import time
from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from stream_gateway.onvif.soap import (
    DEVICE,
    MOST_BYTES,
    Account,
    AnswerUnreadable,
    Node,
    Operation,
    SoapFault,
    answer_in,
    envelope,
)

_UNAUTHORISED = frozenset({401, 403})
_SOAP_STATUSES = frozenset({200, 202, 400, 500})
_GET_CLOCK = Operation(DEVICE, "GetSystemDateAndTime")
_KEPT_OPEN_SECONDS = 60.0
_CLOCK_TRUSTED_SECONDS = 60.0
"""A refusal within this time of reading the device's clock is one of the account, and not asked again."""


class DeviceTrouble(Exception):
    """A device did not do what was asked; the text is a French sentence without address or password."""


class DeviceFault(DeviceTrouble):
    """The device understood and said no; ``unsupported``: it does not know the operation."""

    def __init__(self, *, unsupported: bool) -> None:
        super().__init__("La caméra a refusé la commande.")
        self.unsupported = unsupported


class OnvifDevice:
    """A device at an address. ``within`` bounds each call in seconds, whatever happens in it.

    ``now`` tells seconds of a clock that never goes back.
    """

    def __init__(
        self, url: str, account: Account | None, *, within: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url
        self._account = account
        self._within = within
        self._now = now
        self._clock_error = timedelta(0)
        self._clock_read_at: float | None = None
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, operation: Operation, url: str | None = None, *, signed: bool = True) -> Node:
        """Ask one thing of a service (the device service unless ``url`` says another); raises DeviceTrouble."""
        try:
            async with asyncio.timeout(self._within):
                return await self._asked(operation, self.reachable(url) if url else self.url, signed=signed)
        except TimeoutError:
            raise DeviceTrouble("La caméra ne répond pas à la commande.") from None
        except SoapFault as fault:
            if fault.refused:
                raise DeviceTrouble("La caméra refuse les identifiants de commande.") from fault
            raise DeviceFault(unsupported=fault.unsupported) from fault
        except (aiohttp.ClientConnectionError, OSError) as error:
            raise DeviceTrouble("La caméra est injoignable.") from error
        except (aiohttp.ClientError, AnswerUnreadable, ValueError, OverflowError) as error:
            raise DeviceTrouble("La réponse de la caméra n'est pas celle d'un équipement ONVIF.") from error

    async def clock_offset(self) -> timedelta:
        """Return the device's clock minus ours, to about a second; raises DeviceTrouble."""
        try:
            async with asyncio.timeout(self._within):
                if await self._read_clock():
                    return self._clock_error
        except TimeoutError:
            raise DeviceTrouble("La caméra ne répond pas à la commande.") from None
        except (aiohttp.ClientError, SoapFault, AnswerUnreadable, ValueError, OverflowError, OSError) as error:
            raise DeviceTrouble("La caméra ne dit pas l'heure qu'il est chez elle.") from error
        raise DeviceTrouble("La caméra ne dit pas l'heure qu'il est chez elle.")

    def reachable(self, told: str) -> str:
        """Return an address that the device named, on the host and port that we know it by."""
        own, named = urlsplit(self.url), urlsplit(told)
        return urlunsplit((own.scheme, own.netloc, named.path or "/", named.query, ""))

    async def _asked(self, operation: Operation, url: str, *, signed: bool) -> Node:
        try:
            return await self._exchanged(operation, url, signed=signed)
        except SoapFault as fault:  # a token of another time is refused like one of another account
            if not (signed and fault.refused) or self._clock_is_fresh() or not await self._read_clock():
                raise
        return await self._exchanged(operation, url, signed=signed)

    def _clock_is_fresh(self) -> bool:
        read_at = self._clock_read_at
        return read_at is not None and self._now() - read_at < _CLOCK_TRUSTED_SECONDS

    async def _read_clock(self) -> bool:
        """Tell whether the device says its time; raises ValueError or OverflowError when that is none."""
        told = (await self._exchanged(_GET_CLOCK, self.url, signed=False)).find("UTCDateTime")
        if told is None:
            return False
        date, hours = ("Year", "Month", "Day"), ("Hour", "Minute", "Second")
        parts = [told.value("Date", name) for name in date] + [told.value("Time", name) for name in hours]
        year, month, day, hour, minute, second = (int(part) for part in parts)
        if year == MAXYEAR:  # would leave no room for the seconds that pass until the next request
            raise AnswerUnreadable("a clock at the end of time")
        device_now = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        self._clock_error = device_now - datetime.now(UTC)
        self._clock_read_at = self._now()
        return True

    async def _exchanged(self, operation: Operation, url: str, *, signed: bool) -> Node:
        account = self._account if signed else None
        request = envelope(operation, account, datetime.now(UTC) + self._clock_error)
        headers = {
            "Content-Type": f'application/soap+xml; charset=utf-8; action="{operation.namespace}/{operation.name}"'
        }
        async with self._connected().post(url, data=request, headers=headers, allow_redirects=False) as response:
            if response.status in _UNAUTHORISED:
                raise SoapFault("not authorized", ())
            if response.status not in _SOAP_STATUSES:
                raise AnswerUnreadable(f"HTTP {response.status}")
            read = bytearray()
            async for part in response.content.iter_any():
                read += part
                if len(read) > MOST_BYTES:
                    raise AnswerUnreadable("larger than 1 MiB")
        return answer_in(bytes(read), operation)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            middlewares: list[aiohttp.ClientMiddlewareType] = []
            if self._account is not None:
                middlewares.append(aiohttp.DigestAuthMiddleware(self._account.username, self._account.password))
            self._session = aiohttp.ClientSession(
                # cameras sign their certificates themselves
                connector=aiohttp.TCPConnector(ssl=False, limit=4, keepalive_timeout=_KEPT_OPEN_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=middlewares,
                headers={"Accept-Encoding": "identity", "User-Agent": "Vigie"},
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
            )
        return self._session
