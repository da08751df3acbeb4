"""SOAP 1.2 envelopes, faults, and WS-Security UsernameToken digests (ONVIF Core §5.9)."""

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from camera_simulator.digest import Credentials

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl",
    "tse": "http://www.onvif.org/ver10/search/wsdl",
    "trp": "http://www.onvif.org/ver10/replay/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "tns1": "http://www.onvif.org/ver10/topics",
    "ter": "http://www.onvif.org/ver10/error",
    "xsd": "http://www.w3.org/2001/XMLSchema",
}
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
TOKEN_LIFETIME = timedelta(minutes=5)
REMEMBERED_NONCES = 4096


class SoapFaultError(Exception):
    """A request is answered with a SOAP fault.

    Args:
        reason: English sentence for the client's log.
        subcode: ONVIF subcodes from the outer to the inner one, e.g. `("ter:InvalidArgVal", "ter:NoProfile")`.
        status: HTTP status.
        sender: the client is at fault (else the device).
    """

    def __init__(self, reason: str, *subcode: str, status: int = 400, sender: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.subcode = subcode
        self.status = status
        self.sender = sender

    def envelope(self) -> str:
        inner = ""
        for code in reversed(self.subcode):
            inner = f"<s:Subcode><s:Value>{code}</s:Value>{inner}</s:Subcode>"
        code = "s:Sender" if self.sender else "s:Receiver"
        return envelope(
            f"<s:Fault><s:Code><s:Value>{code}</s:Value>{inner}</s:Code>"
            f'<s:Reason><s:Text xml:lang="en">{text(self.reason)}</s:Text></s:Reason></s:Fault>'
        )


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """The operation that a client calls: prefix of its namespace in `NAMESPACES`, name, and elements."""

    prefix: str
    name: str
    body: Element
    security: Element | None

    def value(self, path: str, default: str | None = None) -> str | None:
        """Text of the first element at a path such as `trt:ProfileToken`, or the default."""
        found = self.body.find(path, NAMESPACES)
        return found.text.strip() if found is not None and found.text else default

    def required(self, path: str) -> str:
        """Text at a path.

        Raises:
            SoapFaultError: it is missing.
        """
        value = self.value(path)
        if value is None:
            raise SoapFaultError(f"{path} is missing", "ter:InvalidArgs")
        return value

    def numbers(self, path: str, *attributes: str) -> tuple[float, ...] | None:
        """Numeric attributes of the element at a path, or None when there is no such element.

        Raises:
            SoapFaultError: an attribute is missing or no finite number.
        """
        found = self.body.find(path, NAMESPACES)
        if found is None:
            return None
        try:
            numbers = tuple(float(found.get(attribute, "")) for attribute in attributes)
        except ValueError as error:
            raise SoapFaultError(f"{path}: not a number", "ter:InvalidArgVal") from error
        if not all(abs(number) < float("inf") for number in numbers):
            raise SoapFaultError(f"{path}: not a finite number", "ter:InvalidArgVal")
        return numbers


def parse(document: bytes) -> SoapRequest:
    """Read an envelope.

    Raises:
        SoapFaultError: not XML, not SOAP 1.2, or without an operation of a known namespace.
    """
    try:
        root: Element = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SoapFaultError("not well-formed XML, or with a DTD", "ter:WellFormed") from error
    body = root.find("s:Body", NAMESPACES)
    if body is None or len(body) == 0:
        raise SoapFaultError("not a SOAP 1.2 request", "ter:WellFormed")
    operation = body[0]
    namespace, _, name = operation.tag.removeprefix("{").rpartition("}")
    prefix = next((prefix for prefix, uri in NAMESPACES.items() if uri == namespace), "")
    security = root.find(f"s:Header/{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken", NAMESPACES)
    return SoapRequest(prefix, name, operation, security)


def envelope(body: str, *, action: str | None = None) -> str:
    """An envelope around a body, with a WS-Addressing action where the operation wants one."""
    header = f"<s:Header><wsa:Action>{action}</wsa:Action></s:Header>" if action else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<s:Envelope {_DECLARATIONS}>{header}<s:Body>{body}</s:Body></s:Envelope>"
    )


def text(value: object) -> str:
    """A value as XML text or attribute."""
    return escape(str(value))


def timestamp(at: datetime) -> str:
    """An aware time as xsd:dateTime in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class UsernameTokenGate:
    """Checks UsernameToken digests; without credentials everybody passes."""

    def __init__(self, credentials: Credentials | None, now: Callable[[], datetime]) -> None:
        self._credentials = credentials
        self._now = now
        self._nonces: OrderedDict[bytes, None] = OrderedDict()

    def check(self, request: SoapRequest, *, ahead: timedelta = timedelta(0)) -> None:
        """Check the caller by a clock that is `ahead` of ours.

        Raises:
            SoapFaultError: no token, wrong account, token of another time (± 5 min), or used before.
        """
        if self._credentials is not None and not self._accepts(self._credentials, request.security, ahead):
            raise SoapFaultError("the action requires authorization", "ter:NotAuthorized")

    def _accepts(self, credentials: Credentials, token: Element | None, ahead: timedelta) -> bool:
        if token is None or (token.findtext(f"{{{_WSSE}}}Username") or "") != credentials.username:
            return False
        created = (token.findtext(f"{{{_WSU}}}Created") or "").strip()
        try:
            nonce = base64.b64decode(token.findtext(f"{{{_WSSE}}}Nonce") or "", validate=True)
            age = self._now() + ahead - datetime.fromisoformat(created)
        except (binascii.Error, ValueError, TypeError):
            return False
        digest = hashlib.sha1(nonce + created.encode() + credentials.password.encode(), usedforsecurity=False).digest()
        given = token.findtext(f"{{{_WSSE}}}Password") or ""
        if not hmac.compare_digest(base64.b64encode(digest), given.strip().encode()):
            return False
        if abs(age) > TOKEN_LIFETIME or nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > REMEMBERED_NONCES:
            self._nonces.popitem(last=False)
        return True
