"""Calls to the running services, as ``vigie-cli``."""

import json
from pathlib import Path
from typing import Any

import httpx

from vigie_local import control
from vigie_local.layout import COMMAND_LINE, Layout

SCOPES = frozenset(
    {
        "authorisations.write",
        "cameras.write",
        "agents.read",
        "agents.write",
        "partners.write",
        "policy.read",
        "register.read",
    }
)
_TIMEOUT = httpx.Timeout(120.0, connect=5.0)


class NotRunning(RuntimeError):
    """No platform runs on the data folder."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(f"Vigie ne fonctionne pas sur {layout.root} ; la démarrer : vigie up")


class ServiceRefused(RuntimeError):
    """A service answered with a problem (RFC 9457); ``problem`` is its document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.problem = {"status": status, **problem}
        title, detail = problem.get("title", "refus"), problem.get("detail", "")
        super().__init__(f"{title} ({status}) : {detail}")


class ServiceClient:
    """HTTP through the one origin, with a short token of the command line's own key."""

    def __init__(self, layout: Layout) -> None:
        state = control.recorded(layout)
        if state is None:
            raise NotRunning(layout)

        from common.auth import ServiceKey  # noqa: PLC0415 - brings the web framework; other commands do without

        token = ServiceKey.load(layout.private_key(COMMAND_LINE)).token(SCOPES)
        self._client = httpx.Client(
            base_url=str(state["url"]),
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
            trust_env=False,
        )

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON document."""
        return _document(self._client.get(path))

    def download(self, path: str) -> bytes:
        """GET a file."""
        response = self._client.get(path)
        if response.is_error:
            _document(response)
        return response.content

    def post(self, path: str, **arguments: Any) -> dict[str, Any]:
        """POST with httpx's own arguments (``json=``, ``files=``, ``params=``)."""
        return _document(self._client.post(path, **arguments))

    def save(self, path: str, target: Path, **arguments: Any) -> int:
        """POST and write the answer, however long, into a file; returns its bytes."""
        with self._client.stream("POST", path, **arguments) as response:
            if response.is_error:
                response.read()
                _document(response)
            with target.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
        return target.stat().st_size


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        document: dict[str, Any] = response.json()
    except json.JSONDecodeError:
        document = {"title": response.reason_phrase, "detail": response.text[:200]}
    if response.is_error:
        raise ServiceRefused(response.status_code, document)
    return document
