"""WS-Discovery (OASIS 2005/04 as ONVIF Core §7 takes it): ask everybody on the camera network who is there."""

import asyncio
import socket
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from camera_registry.domain.discovery import DeviceFound
from camera_registry.onvif.readings import name_of
from camera_registry.onvif.xml_tree import Node, XmlRefused, read_xml

MOST_ANSWERS = 2048
MOST_XADDRS = 8
_ASKED = 2
_BETWEEN_SECONDS = 0.3
_SCOPE = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """What a device's scopes say of it."""

    name: str | None
    hardware: str | None
    location: str | None


def probe_message(message_id: str) -> bytes:
    """Return a Probe for network video transmitters and any newer ONVIF device."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>{message_id}</w:MessageID>"
        "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
        "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
        "<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
    ).encode()


def matches_in(document: bytes, sender: str, message_id: str) -> list[DeviceFound]:
    """Return the devices of a ProbeMatches that answers our Probe; nothing for anything else, however strange.

    A device's address is the sender's: what it writes into its answer is kept, not believed.
    """
    try:
        root = read_xml(document)
    except XmlRefused:
        return []
    if root.value("Header", "RelatesTo") != message_id:
        return []
    return [_device(match, sender) for match in root.all("ProbeMatch")[:MOST_XADDRS]]


def scope_words(scopes: tuple[str, ...]) -> ScopeWords:
    """Return name, hardware and location of scopes such as ``onvif://www.onvif.org/hardware/P3245``."""
    words: dict[str, str] = {}
    for scope in scopes:
        kind, _, value = scope.removeprefix(_SCOPE).partition("/")
        told = name_of(unquote(value).replace("/", " "))
        if scope.startswith(_SCOPE) and told:
            words.setdefault(kind, told)
    return ScopeWords(words.get("name"), words.get("hardware"), words.get("location"))


async def who_is_there(interface: str, *, target: tuple[str, int], within: float = 3.0) -> list[DeviceFound]:
    """Ask on the network of ``interface`` (one of our IPv4 addresses) and gather answers for ``within`` seconds.

    Raises:
        OSError: the interface is not one of this machine's.
    """
    listener = _Listener(f"urn:uuid:{uuid4()}")
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)  # never past the camera network
        sock.bind((interface, 0))
        transport, _ = await loop.create_datagram_endpoint(lambda: listener, sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        for _ in range(_ASKED):  # a datagram may get lost
            transport.sendto(probe_message(listener.message_id), target)
            await asyncio.sleep(_BETWEEN_SECONDS)
        await asyncio.sleep(max(0.0, within - _ASKED * _BETWEEN_SECONDS))
    finally:
        transport.close()
    return list(listener.found.values())


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.found: dict[tuple[str, tuple[str, ...]], DeviceFound] = {}
        self._heard = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard += 1
        if self._heard > MOST_ANSWERS:
            return
        for device in matches_in(data, addr[0], self.message_id):
            self.found.setdefault((device.address, device.xaddrs), device)


def _device(match: Node, sender: str) -> DeviceFound:
    xaddrs = tuple(dict.fromkeys(filter(_is_web, (match.value("XAddrs") or "").split())))[:MOST_XADDRS]
    scopes = tuple(scope[:200] for scope in (match.value("Scopes") or "").split())[:64]
    words = scope_words(scopes)
    return DeviceFound(
        address=sender,
        xaddrs=xaddrs,
        manufacturer=words.name,
        model=words.hardware,
        location=words.location,
        scopes=scopes,
    )


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
