"""Who watches what: only the living, only one's own communes, nobody twice and nobody lost; and the warming budget."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.prewarm import PER_MINUTE, PrewarmBudget
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.domain.watching import watching

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
CAMERAS = {"PV-1": "95598", "PV-2": "95598", "EB-1": "95210"}


@st.composite
def sessions(draw: st.DrawFn) -> ViewingSession:
    camera_id = draw(st.sampled_from(sorted(CAMERAS)))
    opened_at = AT - timedelta(seconds=draw(st.integers(0, 100)))
    session = ViewingSession.open(
        session_id=UUID(int=draw(st.integers(0, 2**32))),
        camera_id=camera_id,
        insee=CAMERAS[camera_id],
        agent_id=draw(st.sampled_from(["op.durand", "op.voisin"])),
        epoch=0,
        quality="sub",
        incident_id=None,
        ticket_id=None,
        at=opened_at,
        lease_for=timedelta(seconds=draw(st.integers(1, 120))),
    )
    return session.closed(opened_at, CloseReason.RELEASED) if draw(st.booleans()) else session


@given(
    st.lists(sessions(), max_size=20, unique_by=lambda session: session.session_id),
    st.frozensets(st.sampled_from(["95598", "95210"])),
)
def test_all_that_live_and_may_be_known_are_told_once(known: list[ViewingSession], communes: frozenset[str]) -> None:
    told = watching(known, communes, AT)
    expected = {s.session_id for s in known if s.alive_at(AT) and s.insee in communes}
    listed = [s.session_id for camera in told.cameras for s in camera.sessions]
    assert set(listed) == expected
    assert told.sessions == len(listed) == len(expected)
    assert told.agents == len({s.agent_id for s in known if s.session_id in expected})
    for camera in told.cameras:
        assert camera.sessions
        assert {s.camera_id for s in camera.sessions} == {camera.camera_id}
        assert [s.opened_at for s in camera.sessions] == sorted(s.opened_at for s in camera.sessions)
    assert len({camera.camera_id for camera in told.cameras}) == len(told.cameras)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 16)), max_size=60))
def test_no_minute_holds_more_warmed_cameras_than_the_budget(wishes: list[tuple[int, int]]) -> None:
    budget, now = PrewarmBudget(), AT
    granted: list[tuple[datetime, int]] = []
    for pause, cameras in wishes:
        now += timedelta(seconds=pause)
        within = sum(count for at, count in granted if at > now - timedelta(minutes=1))
        took = budget.spend("op.durand", cameras, now)
        assert took == (within + cameras <= PER_MINUTE)
        assert budget.spend("op.voisin", 0, now)
        if took:
            granted.append((now, cameras))
