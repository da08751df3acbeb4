"""SOAP 1.2 as ONVIF uses it: envelopes, UsernameToken digests (ONVIF Core §5.9), faults.

The body is written the way the oldest client tools write it, on one line with its operation's namespace as default:
some devices find the operation by comparing text.
"""

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4
from xml.sax.saxutils import escape, quoteattr

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.xml_tree import Node, XmlRefused, read_xml

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
SUBSCRIPTIONS = "http://docs.oasis-open.org/wsn/b-2"
SCHEMA = "http://www.onvif.org/ver10/schema"

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"  # noqa: S105 - a namespace
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_XML_NAME = re.compile(r"[A-Za-z_][\w.-]{0,80}", re.ASCII)
_REFUSALS = ("notauthorized", "not authorized", "unauthorized", "authority failure", "requires authorization")


@dataclass(frozen=True, slots=True)
class Operation:
    """One request: the operation's name in its namespace, and what stands inside it, as XML that is escaped already.

    ``action`` is its WS-Addressing action, where the service wants one; ``header`` are ready header blocks.
    """

    namespace: str
    name: str
    inside: str = ""
    action: str | None = None
    header: str = ""


class SoapFault(Exception):
    """The device answered with a fault. ``refused``: it wants another account."""

    def __init__(self, reason: str, codes: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.codes = codes
        said = " ".join((reason, *codes)).lower()
        self.refused = any(word in said for word in _REFUSALS)
        self.unsupported = any(word in said for word in ("notsupported", "not supported", "notimplemented"))


def envelope(operation: Operation, *, credentials: Credentials | None, device_now: datetime, to: str) -> bytes:
    """Return the request. ``device_now`` is what the device's clock says: it refuses tokens of another time."""
    header = operation.header
    if operation.action is not None:
        header += (
            f'<a:Action xmlns:a="{_ADDRESSING}">{operation.action}</a:Action>'
            f'<a:MessageID xmlns:a="{_ADDRESSING}">urn:uuid:{uuid4()}</a:MessageID>'
            f'<a:To xmlns:a="{_ADDRESSING}">{escape(to)}</a:To>'
        )
    if credentials is not None:
        header += _username_token(credentials, device_now)
    body = f"<{operation.name} xmlns={quoteattr(operation.namespace)}>{operation.inside}</{operation.name}>"
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Header>{header}</s:Header>"
        '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"{body}</s:Body></s:Envelope>"
    ).encode()


def answer_in(document: bytes, operation: Operation) -> Node:
    """Return the answer's element of an envelope.

    Raises:
        XmlRefused: not a SOAP envelope, or the answer to something else.
        SoapFault: the device refuses.
    """
    body = read_xml(document).find("Body")
    fault = body.find("Fault") if body is not None else None
    if fault is not None:
        codes = tuple(node.text.strip() for node in fault.all("Value"))
        reason = fault.value("Reason", "Text") or fault.value("faultstring") or "fault"
        raise SoapFault(reason[:500], codes)
    answer = body.find(f"{operation.name}Response") if body is not None else None
    if answer is None:
        raise XmlRefused("no answer to the operation")
    return answer


def _username_token(credentials: Credentials, device_now: datetime) -> str:
    nonce = os.urandom(16)
    created = device_now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    digest = hashlib.sha1(nonce + created.encode() + credentials.password.encode(), usedforsecurity=False).digest()
    return (
        f'<Security xmlns="{_WSSE}"><UsernameToken><Username>{escape(credentials.username)}</Username>'
        f'<Password Type="{_TOKEN}#PasswordDigest">{base64.b64encode(digest).decode()}</Password>'
        f'<Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</Nonce>'
        f'<Created xmlns="{_WSU}">{created}</Created></UsernameToken></Security>'
    )


def reference_parameters(subscription: Node) -> str:
    """Return the header blocks by which a device knows its subscription again (WS-Addressing 1.0 §2.3).

    Axis tells subscriptions apart by them and not by their address. Names and texts only, a few: nothing else of the
    answer is sent back.
    """
    parameters = subscription.find("ReferenceParameters")
    return "".join(
        f'<{node.name} xmlns={quoteattr(node.namespace)} xmlns:a="{_ADDRESSING}" a:IsReferenceParameter="true">'
        f"{escape(node.text.strip())}</{node.name}>"
        for node in (parameters.children[:8] if parameters else ())
        if _XML_NAME.fullmatch(node.name)
    )
