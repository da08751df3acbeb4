"""Where cameras may be: an address that a person writes makes this service connect to it, credentials in hand."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from camera_registry.domain.camera import CameraInvalid, Endpoints

CREDENTIALS_DROPPED = "retirés : adresse changée"
"""What a person reads of credentials that did not follow their camera to another address."""

_FIELDS = {"main_url": "rtsp_main", "sub_url": "rtsp_sub", "onvif_url": "onvif"}
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_LOCAL_NAME = "localhost"


@dataclass(frozen=True, slots=True)
class CameraNetworks:
    """``networks`` that cameras stand in, and ``hosts``: names (lower case) that may stand for one of them."""

    networks: tuple[IPv4Network | IPv6Network, ...]
    hosts: frozenset[str] = frozenset()

    def check(self, after: Endpoints, before: Endpoints) -> None:
        """Raise CameraInvalid unless every address that is not ``before``'s already leads into these networks.

        A name leads wherever its owner says, today here and tomorrow elsewhere: only those that were named to us pass.
        """
        for name, field in _FIELDS.items():
            url = getattr(after, name)
            if url is not None and url != getattr(before, name):
                self._check_host(field, _place(url)[0])

    def _check_host(self, field: str, host: str) -> None:
        try:
            address = ip_address("127.0.0.1" if host == _LOCAL_NAME else host)
        except ValueError:
            if host not in self.hosts:
                raise CameraInvalid(
                    field,
                    "Ce nom d'hôte n'est pas déclaré : écrivez l'adresse IP de la caméra, ou faites ajouter le nom "
                    "aux réglages du registre.",
                ) from None
        else:
            if not any(address in network for network in self.networks):
                raise CameraInvalid(
                    field,
                    "Cette adresse n'est pas dans un réseau de caméras de ce centre : vérifiez-la, ou faites ajouter "
                    "le réseau aux réglages du registre.",
                )


def same_devices(before: Endpoints, after: Endpoints, *, told_by_device: bool = False) -> bool:
    """Tell whether credentials may stay: whether every address leads to a host and port they were given for.

    Where the device itself told its addresses (``told_by_device``), the first one of a kind may be on another port of
    a host that is known: who asked it has shown it the credentials already.
    """
    known = {_place(url) for url in _urls(before).values()}
    if not told_by_device:
        return {_place(url) for url in _urls(after).values()} <= known
    hosts, given = {host for host, _ in known}, _urls(before)
    return all(
        _place(url) == _place(given[name]) if name in given else _place(url)[0] in hosts
        for name, url in _urls(after).items()
    )


def _urls(endpoints: Endpoints) -> dict[str, str]:
    return {name: url for name in _FIELDS if (url := getattr(endpoints, name)) is not None}


def _place(url: str) -> tuple[str, int]:
    """Return the host, in lower case, and the port that an address leads to."""
    parts = urlsplit(url)
    return (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]
