"""What a device's answers mean: pure readings that never fail, only know less."""

from urllib.parse import urlsplit, urlunsplit

from camera_registry.onvif.topics import TOPICS
from camera_registry.onvif.xml_tree import Node, as_number
from camera_registry.ports import PresetFound, ProfileFound
from contracts.registry import AlarmKind

MOST_PROFILES = 32
MOST_PRESETS = 300
_LONGEST_NAME = 120
_CODECS = {"H264": "H.264", "H265": "H.265", "HEVC": "H.265", "JPEG": "MJPEG", "MPEG4": "MPEG-4"}


def name_of(text: str | None) -> str | None:
    """Return a name that may stand on a screen and in a database: printable, of a sane length; None for nothing."""
    shown = " ".join("".join(char if char.isprintable() else " " for char in text or "").split())
    return shown[:_LONGEST_NAME] or None


def services_in(answer: Node) -> dict[str, str]:
    """Return the address of each service by its namespace, from GetServices."""
    found: dict[str, str] = {}
    for service in answer.all("Service"):
        namespace, address = service.value("Namespace"), service.value("XAddr")
        if namespace and address:
            found.setdefault(namespace.rstrip("/"), address)
    return found


def capabilities_in(answer: Node, namespaces: dict[str, str]) -> dict[str, str]:
    """Return the same from GetCapabilities, as devices answer that know no GetServices.

    ``namespaces`` maps a section's name (``Media``) to the service's namespace.
    """
    found: dict[str, str] = {}
    for name, namespace in namespaces.items():
        address = answer.value("Capabilities", name, "XAddr")
        if address:
            found[namespace] = address
    return found


def profiles_in(answer: Node) -> list[ProfileFound]:
    """Return the media profiles of a GetProfiles answer, of Media or Media2."""
    profiles = [_profile(node) for node in answer.children if node.name == "Profiles"]
    return [profile for profile in profiles[:MOST_PROFILES] if profile.token]


def presets_in(answer: Node) -> list[PresetFound]:
    """Return the positions stored in the device."""
    presets: list[PresetFound] = []
    for node in answer.children[:MOST_PRESETS]:
        token = name_of(node.attributes.get("token"))
        if node.name == "Preset" and token:
            presets.append(PresetFound(token, name_of(node.value("Name")) or token))
    return presets


def hosts_in(interfaces: Node | None, hostname: Node | None) -> tuple[str, ...]:
    """Return the names and IPv4 addresses that a device believes it has."""
    found: list[str] = []
    if hostname is not None:
        found.append(hostname.value("HostnameInformation", "Name") or "")
    if interfaces is not None:
        for family in interfaces.all("IPv4"):
            found.extend(node.value("Address") or "" for name in ("Manual", "FromDHCP") for node in family.all(name))
    return tuple(dict.fromkeys(name for text in found if (name := name_of(text))))[:16]


def kinds_in(topics: Node) -> tuple[AlarmKind, ...]:
    """Return the alarms that a device's topic set can raise, from GetEventProperties."""
    paths: set[str] = set()
    topic_set = topics.find("TopicSet")
    waiting = [(child, "") for child in (topic_set.children if topic_set else ())]
    while waiting:
        node, above = waiting.pop()
        path = f"{above}/{node.name}" if above else node.name
        paths.add(path.lower())
        waiting.extend((child, path) for child in node.children)
    kinds = {
        topic.kind for name, topic in TOPICS.items() if any(path == name or path.endswith(f"/{name}") for path in paths)
    }
    return tuple(kind for kind in AlarmKind if kind in kinds)


def stream_address(uri: str | None, host: str) -> str | None:
    """Return a stream's address on the host that we know, without user name and password; None when it is none."""
    try:
        parts = urlsplit((uri or "").strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname or any(char.isspace() for char in parts.geturl()):
        return None
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{shown}:{port}" if port else shown, parts.path, parts.query, ""))


def by_size(profiles: list[ProfileFound]) -> list[ProfileFound]:
    """Return the profiles with the largest picture first, as they came among equals."""
    return sorted(profiles, key=lambda profile: -(profile.width or 0) * (profile.height or 0))


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG from its frame header (ITU-T T.81 §B.2.2), or None."""
    at = 2
    while at + 9 <= len(jpeg):
        if jpeg[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            return None
        marker = jpeg[at + 1]
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        is_frame = 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}  # noqa: PLR2004
        if is_frame:
            height, width = int.from_bytes(jpeg[at + 5 : at + 7], "big"), int.from_bytes(jpeg[at + 7 : at + 9], "big")
            return (width, height) if width and height else None
        at += 2 + max(length, 2)
    return None


def _profile(node: Node) -> ProfileFound:
    encoder = node.find("VideoEncoderConfiguration") or node.find("Configurations", "VideoEncoder")
    token = node.attributes.get("token", "")
    name = name_of(node.value("Name")) or name_of(token) or ""
    moves = node.find("PTZConfiguration") is not None or node.find("Configurations", "PTZ") is not None
    if encoder is None:
        return ProfileFound(token, name, moves=moves)
    fps = encoder.number("RateControl", "FrameRateLimit")
    frames = encoder.number("GovLength") or as_number(encoder.attributes.get("GovLength"))
    encoding = (encoder.value("Encoding") or "").upper().replace(".", "")
    return ProfileFound(
        token=token,
        name=name,
        codec=_CODECS.get(encoding, name_of(encoding)),
        width=_count(encoder.number("Resolution", "Width")),
        height=_count(encoder.number("Resolution", "Height")),
        fps=fps if fps is not None and 0 < fps <= 240 else None,  # noqa: PLR2004 - no camera is faster
        gop_s=round(frames / fps, 2) if frames and fps and frames > 0 and fps > 0 else None,
        bitrate_kbps=_count(encoder.number("RateControl", "BitrateLimit")),
        moves=moves,
    )


def _count(number: float | None) -> int | None:
    return int(number) if number is not None and 0 < number < 2**31 else None
