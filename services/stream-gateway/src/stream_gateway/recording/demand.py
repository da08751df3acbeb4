"""What must be recorded at this second, by anybody: the registry's cameras under the law (DOMAIN §2)."""

from datetime import datetime, timedelta

from common.clock import Clock
from common.kv_replica import KvReplica
from contracts.registry import CameraState
from stream_gateway.domain.recording_right import next_change, recording_terms
from stream_gateway.domain.segments import RecordingTerms

_CERTAIN_FOR = timedelta(seconds=10)
"""The bus vouches every second that the mirror misses nothing; after so long without, what it says may be old."""


class Demand:
    """Reads the mirror of cameras anew at each call."""

    def __init__(self, cameras: KvReplica[CameraState], clock: Clock) -> None:
        self._cameras = cameras
        self._clock = clock

    @property
    def certain(self) -> bool:
        """Whether the mirror was read and the bus still says that nothing is missing in it."""
        return self._cameras.ready and self._cameras.silence <= _CERTAIN_FOR

    def at(self, now: datetime) -> dict[str, tuple[CameraState, RecordingTerms]]:
        """Return the cameras that must be recorded at an instant, each with its terms."""
        return {
            camera.camera_id: (camera, terms)
            for camera in self._cameras.values()
            if (terms := recording_terms(camera, now)) is not None
        }

    def communes(self) -> dict[str, str]:
        """Return the cameras that must be recorded now (id → INSEE code)."""
        return {camera_id: terms.insee for camera_id, (_, terms) in self.at(self._clock.now()).items()}

    def until_next_change(self, now: datetime, *, at_most: float) -> float:
        """Return the seconds until an authorisation begins or ends, ``at_most`` when none does before."""
        instant = next_change(self._cameras.values(), now)
        if instant is None:
            return at_most
        return min(max((instant - self._clock.now()).total_seconds(), 0.0), at_most)
