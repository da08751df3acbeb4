"""Heads that a test turns itself."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from stream_gateway.domain.moving_masks import HeadPosition


class StandingHeads:
    """Heads that stand where they were put, and tell it at any time; ``followers`` counts who follows which."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[float, float, float]] = {}
        self._following: Counter[str] = Counter()

    @property
    def followers(self) -> dict[str, int]:
        """Cameras that are followed, and by how many."""
        return {camera_id: count for camera_id, count in self._following.items() if count}

    def stand(self, camera_id: str, pan: float, tilt: float, zoom: float) -> None:
        """Put a head somewhere."""
        self._places[camera_id] = (pan, tilt, zoom)

    def lose(self, camera_id: str) -> None:
        """Let a head answer no more."""
        self._places.pop(camera_id, None)

    def current(self, camera_id: str) -> HeadPosition | None:
        """Return where it stands, as of now."""
        place = self._places.get(camera_id)
        return HeadPosition(*place, datetime.now(UTC)) if place is not None else None

    @asynccontextmanager
    async def followed(self, camera_id: str) -> AsyncGenerator[None]:
        """Count who follows a head."""
        self._following[camera_id] += 1
        try:
            yield
        finally:
            self._following[camera_id] -= 1
