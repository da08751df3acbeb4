"""Looking for devices: which addresses a person may have looked at, and what was found."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

MOST_ADDRESSES = 1024
MOST_PORTS = 4
USUAL_PORTS = (80, 8080)


class DiscoveryMode(StrEnum):
    """By multicast on the camera network, or address by address."""

    ANNONCE = "annonce"
    PLAGE = "plage"


class DiscoveryStatus(StrEnum):
    """Life of a search."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ECHOUEE = "echouee"


class RangeRefused(ValueError):
    """Addresses that nobody may have looked at here; the text is French and tells what to write."""


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """A device that answered. ``xaddrs`` are the addresses of its device service as it tells them, at most 8."""

    address: str
    xaddrs: tuple[str, ...]
    manufacturer: str | None = None
    model: str | None = None
    location: str | None = None
    scopes: tuple[str, ...] = field(default_factory=tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Reach:
    """Where searches may go: ``networks`` for ranges; ``interface``, one of our addresses, for multicast (None: never).

    ``multicast`` is the group and port of WS-Discovery.
    """

    networks: tuple[IPv4Network, ...]
    interface: str | None
    multicast: tuple[str, int] = ("239.255.255.250", 3702)


def addresses_in(text: str, allowed: tuple[IPv4Network, ...]) -> tuple[IPv4Address, ...]:
    """Return the addresses of ``10.1.2.0/24``, ``10.1.2.10-10.1.2.80``, ``10.1.2.10-80``, or several by commas.

    Every one of them must lie in a network of ``allowed``; network and broadcast addresses of a block are left out.

    Raises:
        RangeRefused: unreadable, outside, or more than 1 024 addresses.
    """
    found: dict[IPv4Address, None] = {}
    for part in (piece.strip() for piece in text.split(",")):
        first, last = _bounds(part)
        if int(last) - int(first) >= MOST_ADDRESSES + 2 or len(found) > MOST_ADDRESSES:
            raise RangeRefused(f"Au plus {MOST_ADDRESSES} adresses à la fois : découpez la plage.")
        found |= dict.fromkeys(IPv4Address(number) for number in range(int(first), int(last) + 1))
    if len(found) > MOST_ADDRESSES:
        raise RangeRefused(f"Au plus {MOST_ADDRESSES} adresses à la fois : découpez la plage.")
    outside = next((address for address in found if not any(address in network for network in allowed)), None)
    if outside is not None:
        raise RangeRefused(f"{outside} n'est pas dans un réseau de caméras de ce centre.")
    return tuple(found)


def _bounds(part: str) -> tuple[IPv4Address, IPv4Address]:
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    try:
        if dash:
            start = IPv4Address(first)
            end = IPv4Address(last if "." in last else f"{first.rpartition('.')[0]}.{last}")
            if end < start:
                raise RangeRefused("Une plage va de la plus petite adresse à la plus grande.")
            return start, end
        network = IPv4Network(part, strict=False)
    except ValueError as error:
        if isinstance(error, RangeRefused):
            raise
        raise RangeRefused("Écrivez par exemple 10.1.2.0/24 ou 10.1.2.10-10.1.2.80.") from error
    inner = 1 if network.num_addresses > 2 else 0  # noqa: PLR2004 - a /31 has no network and broadcast address
    return network.network_address + inner, network.broadcast_address - inner
