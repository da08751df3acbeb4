"""Settings of the camera registry, from ``CAMERA_REGISTRY_…`` environment variables."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings

PRIVATE_NETWORKS = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918: where cameras stand. Neither this machine (127/8) nor link-local addresses, where a cloud keeps secrets."""


class Settings(ServiceSettings):
    """``credential_key_file`` holds the key that seals camera passwords (32 bytes, base64, mode 600).

    ``probe_within`` bounds a look at a stream and each ONVIF call; ``renew_every`` is how often a renewal that
    was recorded in advance is looked for, ``warn_every`` arrêtés that end soon. All in seconds.
    Health: each camera is asked for a sign of life every ``ask_every`` (unless the media plane records it), looked at
    every ``look_every`` and measured against the minima every ``measure_every``; ``looks_at_once`` bounds the looks
    under way in one process. Zero for ``ask_every`` or ``look_every`` switches them off.
    Addresses of cameras lie in ``camera_networks`` or bear a name of ``camera_hosts``: whatever is written elsewhere is
    refused, for this service connects to it. A password goes out readable (HTTP or RTSP Basic without TLS) only with
    ``basic_in_clear``, for cameras that know nothing better.
    Searches for devices reach only ``discovery_networks``; ``discovery_interface`` is our own IPv4 address on the
    camera network, from which WS-Discovery asks by multicast (None: never). At most ``events_at_most`` cameras are
    listened to; reports of one kind from one camera within ``events_quiet`` seconds are one alarm.
    Signed masks are put on cameras that can hide by themselves every ``mask_look_every`` seconds.
    ``usual_optics_file`` says what each kind of camera sees where nobody measured it (None: what is shipped).
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="CAMERA_REGISTRY_")

    credential_key_file: Path
    probe_within: float = 8.0
    renew_every: float = 15.0
    warn_every: float = 60.0
    ask_every: float = 3.5
    look_every: float = 120.0
    measure_every: float = 21_600.0
    looks_at_once: int = 200
    usual_optics_file: Path | None = None
    mask_look_every: float = 5.0
    camera_networks: tuple[IPv4Network | IPv6Network, ...] = PRIVATE_NETWORKS
    camera_hosts: frozenset[str] = frozenset()
    basic_in_clear: bool = False
    discovery_networks: tuple[IPv4Network, ...] = PRIVATE_NETWORKS
    discovery_interface: str | None = None
    discovery_port: int = 3702
    discovery_group: str = "239.255.255.250"
    discovery_every: float = 2.0
    events_at_most: int = 500
    events_quiet: float = 10.0
