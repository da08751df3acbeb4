"""Ways in which real devices differ from the specification, switched on for one camera by a test."""

import asyncio
import re
from datetime import timedelta
from enum import StrEnum

from aiohttp import web

SOAP_CONTENT_TYPE = "application/soap+xml"
INNER_HOST = "10.255.255.1:8000"
OVERSIZED_OCTETS = 4_194_304
_DECLARATION = re.compile(r'\sxmlns:\w+="[^"]*"')
_TRICKLE_SECONDS = 0.1


class Quirk(StrEnum):
    """One habit of a device."""

    WRONG_XADDR = "wrong_xaddr"  # names the address it has behind NAT
    NO_NAMESPACES = "no_namespaces"  # uses prefixes that it does not declare
    HTTP_DIGEST = "http_digest"  # knows no UsernameToken, only HTTP Digest
    NO_GET_SERVICES = "no_get_services"  # older than GetServices
    NO_RENEW = "no_renew"  # a subscription lives by its pulls
    HANG = "hang"  # takes the request and says nothing
    TRICKLE = "trickle"  # sends its answer octet by octet
    OVERSIZED = "oversized"  # sends megabytes
    WEB_PAGE = "web_page"  # answers with its log-in page
    CIRCLES = "circles"  # redirects to itself
    ENTITIES = "entities"  # sends a document type with entities
    MASKS = "masks"  # has Media2, for privacy masks
    MASKS_RECTANGLES = "masks_rectangles"  # its masks are rectangles
    FORGETS_MASKS = "forgets_masks"  # confirms masks and keeps none
    STILL = "still"  # its motion detector sees nothing
    FORGETS_STOP = "forgets_stop"  # moves on after the timeout of a ContinuousMove, until told to stop
    SLOW_PTZ = "slow_ptz"  # obeys at once, and says so 0.3 s later


ANSWERING = frozenset({Quirk.HANG, Quirk.TRICKLE, Quirk.OVERSIZED, Quirk.WEB_PAGE, Quirk.CIRCLES, Quirk.ENTITIES})
"""Quirks that replace a whole answer."""

_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&b;</s:Body></s:Envelope>'
)


def undeclared(document: str) -> str:
    """A document without its declarations of prefixes."""
    return _DECLARATION.sub("", document)


async def answer(quirk: Quirk, request: web.Request) -> web.StreamResponse:
    """The answer of a device with an answering quirk."""
    if quirk is Quirk.HANG:
        await asyncio.sleep(timedelta(hours=1).total_seconds())
    if quirk is Quirk.WEB_PAGE:
        return web.Response(text="<html><body>Login</body></html>", content_type="text/html")
    if quirk is Quirk.CIRCLES:
        raise web.HTTPTemporaryRedirect(location=str(request.rel_url))
    if quirk is Quirk.ENTITIES:
        return web.Response(text=_BOMB, content_type=SOAP_CONTENT_TYPE)
    response = web.StreamResponse(headers={"Content-Type": SOAP_CONTENT_TYPE})
    await response.prepare(request)
    if quirk is Quirk.OVERSIZED:
        for _ in range(OVERSIZED_OCTETS // 65_536):
            await response.write(b" " * 65_536)
    while quirk is Quirk.TRICKLE:
        await response.write(b" ")
        await asyncio.sleep(_TRICKLE_SECONDS)
    return response
