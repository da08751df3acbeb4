"""Which camera is recorded at which second."""

from datetime import UTC, datetime, timedelta

import pytest

from common.testing.states import a_camera, an_authorisation
from contracts.registry import CameraStatus
from stream_gateway.domain.recording_right import next_change, recording_terms
from stream_gateway.domain.segments import RecordingTerms

NOW = datetime.now(UTC)


def test_an_authorised_camera_in_service_is_recorded_under_its_terms() -> None:
    camera = a_camera(authorisation=an_authorisation(retention_days=30))
    assert recording_terms(camera, NOW) == RecordingTerms("95598", 30, "AUT-1")


@pytest.mark.parametrize("status", [status for status in CameraStatus if status != CameraStatus.EN_SERVICE])
def test_only_cameras_in_service_are_recorded(status: CameraStatus) -> None:
    assert recording_terms(a_camera(status=status), NOW) is None


def test_without_stream_masks_or_authorisation_nothing_is_recorded() -> None:
    assert recording_terms(a_camera(has_stream=False), NOW) is None
    assert recording_terms(a_camera(authorised=False), NOW) is None
    assert recording_terms(a_camera().model_copy(update={"masks_signed": False}), NOW) is None


def test_recording_ends_at_the_second_the_authorisation_does() -> None:
    until = NOW + timedelta(seconds=10)
    camera = a_camera(authorisation=an_authorisation(valid_until=until))
    assert recording_terms(camera, until - timedelta(microseconds=1)) is not None
    assert recording_terms(camera, until) is None
    assert next_change([camera], NOW) == until
    assert next_change([camera], until) is None


def test_a_published_renewal_takes_over_at_the_very_instant_and_a_later_one_leaves_a_gap() -> None:
    until = NOW + timedelta(seconds=10)
    renewed = an_authorisation(valid_until=until + timedelta(days=900), retention_days=7)
    renewed = renewed.model_copy(update={"authorisation_id": "AUT-2", "valid_from": until})
    camera = a_camera(authorisation=an_authorisation(valid_until=until, retention_days=14))
    camera = camera.model_copy(update={"next_authorisation": renewed})
    assert recording_terms(camera, until - timedelta(microseconds=1)) == RecordingTerms("95598", 14, "AUT-1")
    assert recording_terms(camera, until) == RecordingTerms("95598", 7, "AUT-2")
    late = renewed.model_copy(update={"valid_from": until + timedelta(minutes=1)})
    waiting = camera.model_copy(update={"next_authorisation": late})
    assert recording_terms(waiting, until) is None
    assert next_change([waiting], until) == until + timedelta(minutes=1)
