"""Where cameras are: asked of the registry, remembered, so that its absence stops no recorder."""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from common.auth import ServiceKey
from guard import Guard
from stream_gateway.masking.source import masks_from
from stream_gateway.media import Pull
from stream_gateway.ports import CameraSource, SourceUnavailable

SCOPE = "cameras.source"
_SECONDS = 5.0
_STALE = -1
"""No revision of any camera: what is known is used only if the registry does not answer."""


class RegistrySources:
    """``CameraSources`` over HTTP with a service token. Answers are kept in memory only, per revision."""

    def __init__(self, client: httpx.AsyncClient, registry_url: str, key: ServiceKey) -> None:
        self._client = client
        self._url = registry_url.rstrip("/")
        self._key = key
        self._known: dict[str, tuple[int, CameraSource]] = {}

    async def get(self, camera_id: str, revision: int) -> CameraSource:
        known = self._known.get(camera_id)
        if known is not None and known[0] == revision:
            return known[1]
        try:
            source = await self._ask(camera_id)
        except SourceUnavailable:
            if known is None:
                raise
            return known[1]
        self._known[camera_id] = (revision, source)
        return source

    def doubt(self, camera_id: str) -> None:
        known = self._known.get(camera_id)
        if known is not None:
            self._known[camera_id] = (_STALE, known[1])

    async def _ask(self, camera_id: str) -> CameraSource:
        address = f"{self._url}/api/registry/internal/cameras/{quote(camera_id, safe='')}/source"
        headers = {"Authorization": f"Bearer {self._key.token({SCOPE})}"}
        try:
            answer = await self._client.get(address, headers=headers, timeout=_SECONDS)
            answer.raise_for_status()
            body = answer.json()
            return source_from(body, camera_id)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise SourceUnavailable("le registre des caméras ne donne pas l'adresse de la caméra") from error


def revision_of(guard: Guard, camera_id: str) -> int:
    """Return the revision of a camera's newest state, 0 where none is known: what ``CameraSources.get`` wants."""
    camera = guard.cameras.get(camera_id)
    return camera.revision if camera else 0


def source_from(body: dict[str, Any], camera_id: str = "") -> CameraSource:
    """Read the registry's answer; a camera without a sub-stream is watched on its main one.

    Both pulls carry the masks that the media plane burns in. Raises ValueError, KeyError, TypeError.
    """
    username, password = body.get("username"), body.get("password")
    main = body["main_url"]
    if not main:
        raise ValueError("a camera without a main stream")
    masks = masks_from(camera_id, body)
    return CameraSource(
        main=Pull(_with_credentials(main, username, password), masks.fixed, masks.moving),
        sub=Pull(_with_credentials(body.get("sub_url") or main, username, password), masks.fixed, masks.moving),
        onvif_url=body.get("onvif_url"),
        username=username,
        password=password,
        masks=masks,
    )


def _with_credentials(url: str, username: str | None, password: str | None) -> str:
    parts = urlsplit(url)
    if not username or parts.username:
        return url
    secret = f"{quote(username, safe='')}:{quote(password or '', safe='')}"
    return urlunsplit(parts._replace(netloc=f"{secret}@{parts.netloc}"))
