"""The presets and tours of a camera, asked of the registry when somebody wants them: they change while one looks."""

from typing import Any
from urllib.parse import quote

import httpx

from common.auth import ServiceKey
from stream_gateway.domain.ptz.presets import Mounting, RegisteredPreset, RegisteredTour

SCOPE = "cameras.source"
_SECONDS = 5.0


class MountingUnavailable(Exception):
    """The registry did not answer; the text is a French sentence."""

    def __init__(self) -> None:
        super().__init__("Le registre des caméras ne répond pas : réessayez dans un instant.")


class RegistryMountings:
    """``Mountings`` over HTTP with a service token."""

    def __init__(self, client: httpx.AsyncClient, registry_url: str, key: ServiceKey) -> None:
        self._client = client
        self._url = registry_url.rstrip("/")
        self._key = key

    async def get(self, camera_id: str) -> Mounting:
        """Return what a camera can turn to; raises MountingUnavailable."""
        address = f"{self._url}/api/registry/internal/cameras/{quote(camera_id, safe='')}/mounting"
        headers = {"Authorization": f"Bearer {self._key.token({SCOPE})}"}
        try:
            answer = await self._client.get(address, headers=headers, timeout=_SECONDS)
            answer.raise_for_status()
            return mounting_from(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise MountingUnavailable from error


def mounting_from(body: dict[str, Any]) -> Mounting:
    """Read the registry's answer."""
    return Mounting(
        presets=tuple(
            RegisteredPreset(one["number"], one["name"], one["token"], one["pan"], one["tilt"], one["zoom"])
            for one in body["presets"]
        ),
        tours=tuple(
            RegisteredTour(
                one["tour_id"], one["name"], tuple((step["preset"], step["dwell_s"]) for step in one["steps"])
            )
            for one in body["tours"]
        ),
    )
