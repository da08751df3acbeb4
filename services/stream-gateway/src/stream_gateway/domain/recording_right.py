"""Which cameras must be recorded at this second, and under which terms (DOMAIN §2)."""

from collections.abc import Iterable
from datetime import datetime

from contracts.registry import CameraState, CameraStatus
from stream_gateway.domain.segments import RecordingTerms


def recording_terms(camera: CameraState, at: datetime) -> RecordingTerms | None:
    """Return the terms of recording, or None: no stream, not in service, or no valid authorisation now.

    No valid authorisation, no recording from that second (L.252-1 CSI). A nomad camera whose masks are not
    signed again is not recorded either: its pixels under a mask would be stored.
    """
    authorisation = camera.authorisation_at(at)
    if authorisation is None or not authorisation.valid_from <= at < authorisation.valid_until:
        return None
    if not camera.has_stream or not camera.masks_in_force or camera.status != CameraStatus.EN_SERVICE:
        return None
    return RecordingTerms(camera.insee, authorisation.retention_days, authorisation.authorisation_id)


def next_change(cameras: Iterable[CameraState], after: datetime) -> datetime | None:
    """Return the next instant at which an authorisation begins or ends, None when none will."""
    instants = (
        instant
        for camera in cameras
        for authorisation in (camera.authorisation, camera.next_authorisation)
        if authorisation is not None
        for instant in (authorisation.valid_from, authorisation.valid_until)
        if instant > after
    )
    return min(instants, default=None)
