"""Which footage may be read: asked of retention for every replay, since only it knows what has expired."""

from datetime import datetime

import httpx

from common.auth import ServiceKey
from common.problems import Unavailable
from stream_gateway.domain.replays import DeclaredGap, Recorded, ReplaySegment

SCOPE = "segments.read"
_SECONDS = 5.0


class RetentionIndex:
    """``SegmentIndex`` over HTTP with a service token."""

    def __init__(self, client: httpx.AsyncClient, retention_url: str, key: ServiceKey) -> None:
        self._client = client
        self._url = retention_url.rstrip("/")
        self._key = key

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> Recorded:
        headers = {"Authorization": f"Bearer {self._key.token({SCOPE})}"}
        window = {"camera_id": camera_id, "from": starts_at.isoformat(), "to": ends_at.isoformat()}
        try:
            answer = await self._client.get(
                f"{self._url}/api/retention/segments", params=window, headers=headers, timeout=_SECONDS
            )
            answer.raise_for_status()
            body = answer.json()
            gaps = [_gap(item) for item in body.get("gaps", [])]
            return Recorded(tuple(_segment(item) for item in body["items"]), tuple(gaps))
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable("Le service de conservation ne répond pas : réessayez la relecture.") from error


def _segment(item: dict[str, str]) -> ReplaySegment:
    return ReplaySegment(
        started_at=datetime.fromisoformat(item["started_at"]),
        ended_at=datetime.fromisoformat(item["ended_at"]),
        expires_at=datetime.fromisoformat(item["expires_at"]),
        bucket=item["bucket"],
        object_key=item["object_key"],
        size=int(item["size"]),
    )


def _gap(item: dict[str, str]) -> DeclaredGap:
    return DeclaredGap(
        starts_at=datetime.fromisoformat(item["started_at"]),
        ends_at=datetime.fromisoformat(item["ended_at"]),
        cause=item["cause"],
    )
