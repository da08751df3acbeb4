"""Where a webhook may go: http(s) only, and never back into this machine or to a cloud's metadata.

Partners may well live on the town's own private network, so private ranges are allowed; what is refused is what
no partner has: loopback (unless configured, for the demonstration), link-local (169.254.169.254 and the like),
multicast, unspecified and reserved addresses. A name is resolved once and the connection goes to the address that
was judged, so that a name cannot change its mind in between (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 500
DEFAULT_PORTS = {"http": 80, "https": 443}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(ValueError):
    """The URL cannot be a partner's; the text is a French sentence without the URL."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Judges URLs and addresses; ``allow_loopback`` is for a demonstration on one machine."""

    allow_loopback: bool

    def judge_url(self, url: str) -> SplitResult:
        """Return the parts of an acceptable webhook URL.

        Raises:
            AddressRefused: not http(s), no host, credentials or a fragment inside, too long, or a refused
                literal address.
        """
        try:
            parts = urlsplit(url)
            port_is_fine = parts.port is None or parts.port > 0
        except ValueError as error:
            raise AddressRefused("cette adresse n'est pas lisible.") from error
        if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
            raise AddressRefused("cette adresse n'est pas lisible.")
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not port_is_fine:
            raise AddressRefused("seule une adresse http:// ou https:// complète est admise.")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise AddressRefused("ni identifiants ni fragment dans cette adresse.")
        literal = _literal(parts.hostname)
        if literal is not None:
            self.judge_address(literal)
        elif parts.hostname.rstrip(".").lower().endswith("localhost") and not self.allow_loopback:
            raise AddressRefused("cette adresse désigne la machine elle-même.")
        return parts

    def judge_address(self, address: Address) -> None:
        """Raise AddressRefused for an address that no partner has."""
        plain = getattr(address, "ipv4_mapped", None) or address
        if plain.is_loopback:
            if not self.allow_loopback:
                raise AddressRefused("cette adresse désigne la machine elle-même.")
            return
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved:
            raise AddressRefused("cette adresse ne peut pas être celle d'un partenaire.")

    async def resolve(self, parts: SplitResult) -> str:
        """Return the address to connect to, judged; every address behind the name must be acceptable.

        Raises:
            AddressRefused: one of them is not.
            OSError: the name does not resolve.
        """
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses: Sequence[Address] = [ipaddress.ip_address(str(item[4][0]).split("%")[0]) for item in found]
        for address in addresses:
            self.judge_address(address)
        return str(addresses[0])


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
