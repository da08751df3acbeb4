"""How much a caller may send: what is read whole into memory is bounded before anybody reads it."""

import contextlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import problems
from common.problems import Problem

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Of a request; the largest, the buildings of a town as GeoJSON, take half of it."""

MAX_UPLOAD_BYTES = 60 * 1024 * 1024
"""Of a form with a file: a file may have 50 MB, each route says its own limit."""


class _TooLong(Exception):
    """More came than may."""


class BodyLimit:
    """Answers 413 to a body that is too long: at once where it says so, else as soon as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = MAX_UPLOAD_BYTES if form else MAX_BODY_BYTES
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problems.response(_refusal(limit))(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _TooLong
            return message

        async def answer(message: Message) -> None:
            if taken <= limit:  # what the application makes of a body cut off is not the answer
                await send(message)

        with contextlib.suppress(_TooLong):
            await self._app(scope, bounded, answer)
        if taken > limit:
            await problems.response(_refusal(limit))(scope, receive, send)


def _refusal(limit: int) -> Problem:
    detail = f"Envoyez moins de {limit // (1024 * 1024)} Mio à la fois : découpez le fichier ou la liste."
    return Problem(413, "envoi-trop-long", "Envoi trop long", detail)
