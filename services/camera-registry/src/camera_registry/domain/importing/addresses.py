"""Network addresses of a line; what an address holds of a user name or password is moved where secrets are kept."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from camera_registry.domain.camera import CameraInvalid, Endpoints
from camera_registry.domain.importing.issues import CellProblem
from camera_registry.domain.importing.words import is_nothing

_USERS = frozenset({"user", "username", "usr", "login", "userid"})
_PASSWORDS = frozenset({"password", "pwd", "passwd", "pass", "mdp", "secret", "token"})
_IN_PATH = re.compile(r"(?i)(?:^|[/&;])(?:user(?:name)?|login|pass(?:word|wd)?|pwd|mdp|secret|token)=")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")

Told = list[tuple[str, str]]


def read_endpoints(cells: Mapping[str, str]) -> tuple[Endpoints, str | None, str | None, Told]:
    """Return the addresses, user name and password of a line, and what to tell (column, French message).

    Raises CellProblem where an address cannot be used.
    """
    told: Told = []
    username = None if is_nothing(cells["username"]) else cells["username"]
    password = cells["password"] or None
    urls: dict[str, str | None] = {}
    for column in ("rtsp_main", "rtsp_sub", "onvif"):
        text = cells[column]
        if is_nothing(text):
            urls[column] = None
            continue
        url, user, secret = _without_secrets(column, text)
        urls[column] = url
        if user is not None or secret is not None:
            username, password = username or user, password or secret
            told.append(
                (column, "Identifiant et mot de passe retirés de l'adresse : ils sont gardés chiffrés, à part.")
            )
    if urls["onvif"] is None and not is_nothing(cells["ip"]):
        urls["onvif"] = _onvif_of(cells["ip"], told)
    try:
        endpoints = Endpoints(urls["rtsp_main"], urls["rtsp_sub"], urls["onvif"])
    except CameraInvalid as error:
        raise CellProblem(error.field, error.message) from error
    return endpoints, username, password, told


def _without_secrets(column: str, text: str) -> tuple[str, str | None, str | None]:
    user: str | None = None
    secret: str | None = None
    try:
        parts = urlsplit(text.strip())
        netloc = parts.netloc
    except ValueError:
        raise CellProblem(column, "Adresse illisible : écrivez rtsp:// hôte[:port]/chemin.") from None
    if "@" in netloc:
        info, _, netloc = netloc.rpartition("@")
        name, _, word = info.partition(":")
        user, secret = unquote(name) or None, unquote(word) or None
    if _IN_PATH.search(parts.path):
        raise CellProblem(column, "Mot de passe dans le chemin de l'adresse : mettez-le dans la colonne mot de passe.")
    query = parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(key.casefold() in _PASSWORDS for key, _ in pairs):
        user = user or next((value for key, value in pairs if key.casefold() in _USERS), None)
        secret = secret or next(value for key, value in pairs if key.casefold() in _PASSWORDS)
        kept = [(key, value) for key, value in pairs if key.casefold() not in _USERS | _PASSWORDS]
        query = urlencode(kept, quote_via=quote)
    url = urlunsplit((parts.scheme.lower(), netloc, parts.path, query, parts.fragment))
    if "@" in url.split("://", 1)[-1].split("/", 1)[0] or _UNSAFE.search(url):
        raise CellProblem(column, "Adresse illisible : écrivez rtsp:// hôte[:port]/chemin, sans espace.")
    return url, user, secret


def _onvif_of(text: str, told: Told) -> str | None:
    """Return the ONVIF device service of an IP address: its path is fixed by the ONVIF Core Specification, 5.1.1."""
    host, _, port = text.strip().partition(":")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        told.append(("ip", "Adresse IP illisible, laissée de côté : écrivez 10.0.0.12."))
        return None
    return f"http://{address}{f':{port}' if port.isdigit() and 0 < int(port) < 65536 else ''}/onvif/device_service"  # noqa: PLR2004
