"""One device over HTTP: every call has one limit of time over everything, and one of size.

What a device points at is not believed: requests go to the host that we were given, whatever host its answers name
(devices behind NAT name their inner one, and a hostile one could name ours).
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.soap import DEVICE, Operation, SoapFault, answer_in, envelope
from camera_registry.onvif.xml_tree import MAX_BYTES, Node, XmlRefused

MAX_REDIRECTS = 2
MAX_PICTURE_BYTES = 16_777_216
_UNAUTHORISED = 401
_FORBIDDEN = 403
_REDIRECTS = frozenset({301, 302, 307, 308})
_SOAP_STATUSES = frozenset({200, 202, 400, 500})

GET_CLOCK = Operation(DEVICE, "GetSystemDateAndTime")


class DeviceTrouble(Exception):
    """A device cannot be understood; ``message`` is French, without address and without secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DeviceAway(DeviceTrouble):
    """Nobody there, or nobody who answers in time."""


class NotOnvif(DeviceTrouble):
    """Something answers, but not as ONVIF says."""

    def __init__(self) -> None:
        super().__init__("La réponse n'est pas celle d'un équipement ONVIF.")


class DeviceRefuses(DeviceTrouble):
    """Wrong account."""

    def __init__(self) -> None:
        super().__init__("La caméra refuse l'identifiant ou le mot de passe.")


class DeviceFault(DeviceTrouble):
    """An answer of ONVIF that says no; ``unsupported``: the device does not know the operation."""

    def __init__(self, fault: SoapFault) -> None:
        super().__init__("La caméra répond par une erreur ONVIF.")
        self.unsupported = fault.unsupported
        self.codes = fault.codes


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """The device's clock against ours: ``offset`` is added to ours; measured within ± half the round trip."""

    offset: timedelta
    round_trip: timedelta


@dataclass(slots=True)
class _Account:
    """How this device wants to be asked: which clock it accepts, and whether over HTTP Basic."""

    credentials: Credentials | None
    offset: timedelta = timedelta(0)
    basic: bool = False
    tried_own_clock: bool = field(default=False)


class OnvifDevice:
    """A device at an address; a context manager. ``within`` bounds each call in seconds, whatever happens in it.

    The password goes out readable, as HTTP Basic, only over TLS or where ``basic_in_clear`` allows it.
    """

    def __init__(
        self, url: str, credentials: Credentials | None, *, within: float, basic_in_clear: bool = False
    ) -> None:
        self.url = url
        self._within = within
        self._basic_in_clear = basic_in_clear
        self._account = _Account(credentials)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        middlewares: list[aiohttp.ClientMiddlewareType] = []
        if self._account.credentials is not None:
            wanted = self._account.credentials
            middlewares.append(aiohttp.DigestAuthMiddleware(wanted.username, wanted.password))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=False, limit=4),  # cameras sign their certificates themselves
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=middlewares,
            headers={"Accept-Encoding": "identity", "User-Agent": "Vigie"},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self, operation: Operation, url: str | None = None, *, signed: bool = True, within: float | None = None
    ) -> Node:
        """Ask one thing of a service; ``url`` is the device service's own unless another is given.

        Raises:
            DeviceTrouble: whatever goes wrong, in words for a person.
        """
        at = self.reachable(url) if url else self.url
        limit = within or self._within
        try:
            async with asyncio.timeout(limit):
                return await self._asked(operation, at, signed=signed)
        except TimeoutError:
            raise DeviceAway(f"Pas de réponse en {limit:g} s.") from None
        except SoapFault as fault:
            raise DeviceRefuses if fault.refused else DeviceFault(fault) from fault
        except XmlRefused as error:
            raise NotOnvif from error
        except (aiohttp.ClientConnectionError, OSError) as error:
            raise DeviceAway("Caméra injoignable : adresse, port ou réseau.") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise NotOnvif from error

    async def read_clock(self) -> DeviceClock:
        """Compare clocks, and sign from now on with the device's; raises DeviceTrouble.

        A device tells whole seconds: what it says lies half a second later on average.
        """
        loop = asyncio.get_running_loop()
        asked_at, started = datetime.now(UTC), loop.time()
        answer = await self.call(GET_CLOCK, signed=False)
        round_trip = timedelta(seconds=loop.time() - started)
        told = _utc_in(answer)
        if told is None:
            raise DeviceTrouble("La caméra ne dit pas son heure.")
        clock = DeviceClock(told + timedelta(milliseconds=500) - (asked_at + round_trip / 2), round_trip)
        self._account.offset = clock.offset
        return clock

    async def fetch_picture(self, url: str) -> bytes:
        """Fetch a still by HTTP GET, with Digest or Basic if asked; raises DeviceTrouble."""
        try:
            async with asyncio.timeout(self._within):
                status, _, body = await self._exchange("GET", self.reachable(url), None, MAX_PICTURE_BYTES)
        except TimeoutError:
            raise DeviceTrouble(f"Pas d'image en {self._within:g} s.") from None
        except (aiohttp.ClientError, OSError, XmlRefused, ValueError) as error:
            raise DeviceTrouble("La caméra ne donne pas d'image fixe.") from error
        if status in (_UNAUTHORISED, _FORBIDDEN):
            raise DeviceRefuses
        if not body.startswith(b"\xff\xd8\xff"):
            raise DeviceTrouble("L'image fixe de la caméra n'est pas un JPEG.")
        return body

    def reachable(self, url: str) -> str:
        """Return an address that a device named, on the host that we know it by, without any password in it.

        Where the device names another host than ours, its port is no more believed than its host.
        """
        try:
            given, named = urlsplit(self.url), urlsplit(url.strip())
            own = named.hostname == given.hostname
            port = named.port if own else given.port
        except ValueError as error:
            raise DeviceTrouble("La caméra donne une adresse illisible.") from error
        host = given.hostname or ""
        host = f"[{host}]" if ":" in host else host
        scheme = named.scheme if own and named.scheme in {"http", "https"} else given.scheme
        return urlunsplit((scheme, f"{host}:{port}" if port else host, named.path or "/", named.query, ""))

    async def _asked(self, operation: Operation, url: str, *, signed: bool) -> Node:
        """Ask; when a signed request is refused, once more by our own clock: some devices tell local time as UTC."""
        try:
            return await self._sent(operation, url, self._account.offset, signed=signed)
        except SoapFault as fault:
            again = signed and fault.refused and self._account.offset and not self._account.tried_own_clock
            if not again:
                raise
        self._account.tried_own_clock = True
        answer = await self._sent(operation, url, timedelta(0), signed=signed)
        self._account.offset = timedelta(0)
        return answer

    async def _sent(self, operation: Operation, url: str, offset: timedelta, *, signed: bool) -> Node:
        request = envelope(
            operation,
            credentials=self._account.credentials if signed else None,
            device_now=datetime.now(UTC) + offset,
            to=url,
        )
        status, _, body = await self._exchange("POST", url, request, MAX_BYTES, action=operation.action, signed=signed)
        if status in (_UNAUTHORISED, _FORBIDDEN):
            raise SoapFault("not authorized", ())
        if status not in _SOAP_STATUSES:
            raise XmlRefused(f"HTTP {status}")
        return answer_in(body, operation)

    async def _exchange(
        self, method: str, url: str, body: bytes | None, most: int, *, action: str | None = None, signed: bool = True
    ) -> tuple[int, str, bytes]:
        """Send one request; follow a device's redirections to itself, a few; return status, challenge and body."""
        for _ in range(MAX_REDIRECTS + 1):
            shown = signed and (self._basic_in_clear or urlsplit(url).scheme == "https")
            account = self._account.credentials if shown and self._account.basic else None
            status, told, answer = await self._once(method, url, body, most, action, account)
            if status in _REDIRECTS and told:
                url = self.reachable(told)
                continue
            basic = status == _UNAUTHORISED and told.lower().startswith("basic") and self._account.credentials
            if basic and shown and account is None:
                self._account.basic = True
                continue
            return status, told, answer
        raise XmlRefused("redirected in circles")

    async def _once(
        self, method: str, url: str, body: bytes | None, most: int, action: str | None, account: Credentials | None
    ) -> tuple[int, str, bytes]:
        if self._session is None:
            raise RuntimeError("use the device as a context manager")
        headers: dict[str, str] = {}
        if body is not None:
            suffix = f'; action="{action}"' if action else ""
            headers["Content-Type"] = f"application/soap+xml; charset=utf-8{suffix}"
        if account is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(account.username, account.password)
        async with self._session.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            told = response.headers.get("Location") or response.headers.get("WWW-Authenticate") or ""
            read = bytearray()
            async for part in response.content.iter_chunked(65_536):
                read += part
                if len(read) > most:
                    raise XmlRefused("an oversized answer")
            return response.status, told, bytes(read)


def _utc_in(answer: Node) -> datetime | None:
    """Return the UTC time of a GetSystemDateAndTime answer, or None where there is none or no such date."""
    told = answer.find("UTCDateTime")
    if told is None:
        return None
    parts = [told.number(*path) for path in _CLOCK_PATHS]
    if any(part is None for part in parts):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


_CLOCK_PATHS = (
    ("Date", "Year"),
    ("Date", "Month"),
    ("Date", "Day"),
    ("Time", "Hour"),
    ("Time", "Minute"),
    ("Time", "Second"),
)
