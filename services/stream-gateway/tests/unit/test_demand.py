"""What must be recorded: at every instant what the law says of every camera, however often it is asked."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.kv_replica import KvReplica
from common.testing.states import a_camera
from contracts.registry import CameraState, CameraStatus
from stream_gateway.domain.recording_right import recording_terms
from stream_gateway.recording.demand import Demand

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = st.integers(0, 48)


class Mirror(KvReplica[CameraState]):
    """A mirror that the test fills; it tells its listeners as the one that follows the bus does."""

    def __init__(self) -> None:
        super().__init__(None, "cameras", CameraState)  # pyright: ignore[reportArgumentType] - it never starts

    def put(self, camera: CameraState) -> None:
        self._change(camera.camera_id, camera)

    def remove(self, camera_id: str) -> None:
        self._change(camera_id, None)


class SetClock:
    """A clock that shows what the test says, also an earlier time than before."""

    at = BEGUN

    def now(self) -> datetime:
        return self.at


def camera(number: int, begins: int, lasts: int, status: CameraStatus) -> CameraState:
    state = a_camera(f"PV-95598-{number:04d}-P1").model_copy(update={"status": status})
    assert state.authorisation is not None
    valid_from = BEGUN + timedelta(hours=begins)
    right = state.authorisation.model_copy(
        update={"valid_from": valid_from, "valid_until": valid_from + timedelta(hours=lasts)}
    )
    return state.model_copy(update={"authorisation": right})


cameras = st.builds(
    camera, st.integers(1, 4), HOURS, HOURS, st.sampled_from([CameraStatus.EN_SERVICE, CameraStatus.EN_PANNE])
)
happenings = st.lists(cameras | st.integers(1, 4) | HOURS.map(lambda hours: timedelta(hours=hours)), max_size=30)


@given(happenings)
def test_it_says_what_each_camera_s_right_says_at_any_instant(happening: list[CameraState | int | timedelta]) -> None:
    mirror, clock = Mirror(), SetClock()
    demand = Demand(mirror, clock)
    for one in happening:
        if isinstance(one, CameraState):
            mirror.put(one)
        elif isinstance(one, int):
            mirror.remove(f"PV-95598-{one:04d}-P1")
        else:
            clock.at = BEGUN + one  # forward or back
        now = clock.now()
        expected = {each.camera_id: recording_terms(each, now) for each in mirror.values()}
        wanted = {camera_id: terms for camera_id, terms in expected.items() if terms is not None}
        assert {camera_id: terms for camera_id, (_, terms) in demand.at(now).items()} == wanted
        assert {camera_id: state for camera_id, (state, _) in demand.at(now).items()} == {
            camera_id: mirror.get(camera_id) for camera_id in wanted
        }
        assert demand.communes() == {camera_id: terms.insee for camera_id, terms in wanted.items()}
        pause = demand.until_next_change(now, at_most=3600.0)
        later = now + timedelta(seconds=pause) - timedelta(microseconds=1)
        assert all((recording_terms(each, later) is None) == (each.camera_id not in wanted) for each in mirror.values())
