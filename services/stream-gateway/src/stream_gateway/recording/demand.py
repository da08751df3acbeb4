"""What must be recorded at this second, by anybody: the registry's cameras under the law (DOMAIN §2)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from common.clock import Clock
from common.kv_replica import KvReplica
from contracts.registry import CameraState
from stream_gateway.domain.recording_right import next_change, recording_terms
from stream_gateway.domain.segments import RecordingTerms

_CERTAIN_FOR = timedelta(seconds=10)
"""The bus vouches every second that the mirror misses nothing; after so long without, what it says may be old."""


_NEVER = datetime.max.replace(tzinfo=UTC)
Wanted = Mapping[str, tuple[CameraState, RecordingTerms]]


class Demand:
    """Reads the mirror of cameras; what it read stands until the mirror changes or a right begins or ends.

    Each node asks several times a second for the whole fleet, which changes a few times a day.
    """

    def __init__(self, cameras: KvReplica[CameraState], clock: Clock) -> None:
        self._cameras = cameras
        self._clock = clock
        self._wanted: Wanted = {}
        self._communes: Mapping[str, str] = {}
        self._stands_from = self._stands_until = _NEVER
        cameras.on_change(self._on_change)

    @property
    def certain(self) -> bool:
        """Whether the mirror was read and the bus still says that nothing is missing in it."""
        return self._cameras.ready and self._cameras.silence <= _CERTAIN_FOR

    def at(self, now: datetime) -> Wanted:
        """Return the cameras that must be recorded at an instant, each with its terms."""
        if not self._stands_from <= now < self._stands_until:
            self._read(now)
        return self._wanted

    def communes(self) -> Mapping[str, str]:
        """Return the cameras that must be recorded now (id → INSEE code)."""
        self.at(self._clock.now())
        return self._communes

    def until_next_change(self, now: datetime, *, at_most: float) -> float:
        """Return the seconds until an authorisation begins or ends, ``at_most`` when none does before."""
        self.at(now)
        return min(max((self._stands_until - self._clock.now()).total_seconds(), 0.0), at_most)

    def _read(self, now: datetime) -> None:
        cameras = self._cameras.values()
        self._wanted = {
            camera.camera_id: (camera, terms)
            for camera in cameras
            if (terms := recording_terms(camera, now)) is not None
        }
        self._communes = {camera_id: terms.insee for camera_id, (_, terms) in self._wanted.items()}
        self._stands_from, self._stands_until = now, next_change(cameras, now) or _NEVER

    def _on_change(self, _camera_id: str, _camera: CameraState | None) -> None:
        self._stands_from = _NEVER
