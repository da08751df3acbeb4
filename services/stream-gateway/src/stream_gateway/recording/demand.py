"""What must be recorded at this second, by anybody: the registry's cameras under the law (DOMAIN §2)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from common.clock import Clock
from contracts.registry import CameraState
from stream_gateway.domain.recording_right import next_change, recording_terms
from stream_gateway.domain.segments import RecordingTerms


class Demand:
    """Reads the mirror of cameras anew at each call."""

    def __init__(self, cameras: Callable[[], Sequence[CameraState]], clock: Clock) -> None:
        self._cameras = cameras
        self._clock = clock

    def at(self, now: datetime) -> dict[str, tuple[CameraState, RecordingTerms]]:
        """Return the cameras that must be recorded at an instant, each with its terms."""
        return {
            camera.camera_id: (camera, terms)
            for camera in self._cameras()
            if (terms := recording_terms(camera, now)) is not None
        }

    def communes(self) -> dict[str, str]:
        """Return the cameras that must be recorded now (id → INSEE code)."""
        return {camera_id: terms.insee for camera_id, (_, terms) in self.at(self._clock.now()).items()}

    def until_next_change(self, now: datetime, *, at_most: float) -> float:
        """Return the seconds until an authorisation begins or ends, ``at_most`` when none does before."""
        instant = next_change(self._cameras(), now)
        if instant is None:
            return at_most
        return min(max((instant - self._clock.now()).total_seconds(), 0.0), at_most)
