"""SOAP 1.2 as ONVIF uses it: requests with a UsernameToken digest (ONVIF Core §5.9), answers of bounded size.

Answers come from strangers. Prefixes are dropped (devices forget to declare them), a document type is refused before
anything of it is read, and size, depth and number of elements are bounded.
"""

import base64
import hashlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
SEARCH = "http://www.onvif.org/ver10/search/wsdl"
REPLAY = "http://www.onvif.org/ver10/replay/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
MOST_BYTES = 1_048_576
_MOST_DEPTH = 64
_MOST_NODES = 20_000
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"  # noqa: S105 - a namespace
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_REFUSALS = ("notauthorized", "not authorized", "unauthorized", "authority failure", "requires authorization")


@dataclass(frozen=True, slots=True)
class Account:
    """A device's user; the password is in no ``repr``."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """A request: its name in its namespace, and what stands inside it, as XML that is escaped already."""

    namespace: str
    name: str
    inside: str = ""


class AnswerUnreadable(ValueError):
    """Not the answer that ONVIF promises."""


class SoapFault(Exception):
    """The device says no. ``refused``: it wants another account; ``unsupported``: it does not know the operation."""

    def __init__(self, reason: str, codes: tuple[str, ...]) -> None:
        super().__init__(reason)
        said = " ".join((reason, *codes)).lower()
        self.refused = any(word in said for word in _REFUSALS)
        self.unsupported = any(word in said for word in ("notsupported", "not supported", "notimplemented"))


@dataclass(slots=True)
class Node:
    """An element by its local name, with its attributes' local names, its own text and its children in order."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list["Node"])

    def walk(self) -> Iterator["Node"]:
        """Yield everything below this node, in the order of the document."""
        for child in self.children:
            yield child
            yield from child.walk()

    def find(self, *path: str) -> "Node | None":
        """Return the first node down a path of names, each at any depth below the one before."""
        node: Node | None = self
        for name in path:
            node = next((found for found in node.walk() if found.name == name), None)
            if node is None:
                return None
        return node

    def all(self, name: str) -> list["Node"]:
        """Return every node of a name below this one."""
        return [found for found in self.walk() if found.name == name]

    def value(self, *path: str) -> str:
        """Return the text at a path, empty when there is none."""
        found = self.find(*path)
        return found.text.strip() if found is not None else ""


def envelope(operation: Operation, account: Account | None, device_now: datetime) -> bytes:
    """Return a request. ``device_now`` is what the device's clock says: it refuses tokens of another time."""
    header = _username_token(account, device_now) if account is not None else ""
    name, namespace = operation.name, quoteattr(operation.namespace)
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Header>{header}</s:Header><s:Body><{name} xmlns={namespace}>{operation.inside}</{name}></s:Body>"
        "</s:Envelope>"
    ).encode()


def answer_in(document: bytes, operation: Operation) -> Node:
    """Return the answer's element; raises AnswerUnreadable or SoapFault."""
    body = read_xml(document).find("Body")
    fault = body.find("Fault") if body is not None else None
    if fault is not None:
        reason = fault.value("Reason", "Text") or fault.value("faultstring") or "fault"
        raise SoapFault(reason[:500], tuple(node.text.strip() for node in fault.all("Value")))
    answer = body.find(f"{operation.name}Response") if body is not None else None
    if answer is None:
        raise AnswerUnreadable("no answer to the operation")
    return answer


def read_xml(document: bytes) -> Node:
    """Read a document; raises AnswerUnreadable."""
    if len(document) > MOST_BYTES:
        raise AnswerUnreadable("larger than 1 MiB")
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reading.refuse_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters
    try:
        parser.Parse(document.strip(b"\x00 \t\r\n"), True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise AnswerUnreadable(str(error)) from error
    if reading.root is None:
        raise AnswerUnreadable("empty")
    return reading.root


def number_in(text: str | None) -> float | None:
    """Return a finite number, None where a text is none."""
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def element(name: str, text: str) -> str:
    """Return an element with its text escaped."""
    return f"<{name}>{escape(text)}</{name}>"


def _username_token(account: Account, device_now: datetime) -> str:
    nonce = os.urandom(16)
    created = device_now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    digest = hashlib.sha1(nonce + created.encode() + account.password.encode(), usedforsecurity=False).digest()
    return (
        f'<Security xmlns="{_WSSE}"><UsernameToken>{element("Username", account.username)}'
        f'<Password Type="{_TOKEN}#PasswordDigest">{base64.b64encode(digest).decode()}</Password>'
        f'<Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</Nonce>'
        f'<Created xmlns="{_WSU}">{created}</Created></UsernameToken></Security>'
    )


class _Reading:
    """Makes nodes of expat's calls."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._count = 0

    def refuse_doctype(self, *_: object) -> None:
        raise AnswerUnreadable("a document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_NODES or len(self._open) >= _MOST_DEPTH:
            raise AnswerUnreadable("too many or too deep elements")
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(":")[2]
