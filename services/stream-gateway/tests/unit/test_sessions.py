"""Leases: half-open, never shorter, never back from the dead."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.sessions import CloseReason, LeaseExpired, SessionAlreadyClosed, ViewingSession

START = datetime(2026, 11, 22, tzinfo=UTC)
LEASE = timedelta(seconds=30)


def a_session() -> ViewingSession:
    return ViewingSession.open(
        session_id=uuid4(),
        camera_id="PV-1",
        insee="95598",
        agent_id="op.durand",
        epoch=0,
        quality="main",
        incident_id=None,
        ticket_id=None,
        at=START,
        lease_for=LEASE,
    )


def test_a_lease_is_over_at_its_end_sharp() -> None:
    session = a_session()
    assert session.alive_at(session.lease_until - timedelta(microseconds=1))
    assert not session.alive_at(session.lease_until)
    with pytest.raises(LeaseExpired) as late:
        session.renewed(session.lease_until, LEASE)
    assert late.value.lease_until == session.lease_until


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 60)), max_size=20))
def test_a_session_lives_exactly_as_long_as_renewals_touch(renewals: list[tuple[float, float]]) -> None:
    session, now = a_session(), START
    for pause, length in renewals:
        now += timedelta(seconds=pause)
        before = session.lease_until
        try:
            session = session.renewed(now, timedelta(seconds=length))
        except LeaseExpired:
            assert now >= before
            return
        assert now < before
        assert session.lease_until >= before


@pytest.mark.parametrize("reason", list(CloseReason))
def test_a_closed_session_stays_closed(reason: CloseReason) -> None:
    closed = a_session().closed(START, reason)
    assert not closed.alive_at(START)
    with pytest.raises(SessionAlreadyClosed) as renewed:
        closed.renewed(START, LEASE)
    assert renewed.value.reason == reason
    with pytest.raises(SessionAlreadyClosed):
        closed.closed(START, CloseReason.EXPIRED)
