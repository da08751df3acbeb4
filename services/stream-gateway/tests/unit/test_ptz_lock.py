"""Who moves a camera: rank and idle time decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.ptz_lock import IDLE_AFTER, PtzHeld, PtzLock, rank_of, take

START = datetime(2026, 11, 22, tzinfo=UTC)
ROLES = ("partenaire_pn", "partenaire_gn", "chef_de_salle", "operateur", "unknown")
commands = st.lists(
    st.tuples(st.floats(0, 90), st.sampled_from([(role, f"{role}-{n}") for role in ROLES for n in (1, 2)])),
    max_size=30,
)


def test_ranks_are_those_of_the_trade() -> None:
    assert rank_of("partenaire_pn") == rank_of("partenaire_gn") > rank_of("chef_de_salle")
    assert rank_of("chef_de_salle") > rank_of("operateur") > rank_of("unknown")


@given(commands)
def test_the_holder_changes_only_by_rank_or_idleness(steps: list[tuple[float, tuple[str, str]]]) -> None:
    lock: PtzLock | None = None
    now = START
    for pause, (role, agent_id) in steps:
        now += timedelta(seconds=pause)
        ask: Any = {"camera_id": "C", "agent_id": agent_id, "agent_name": agent_id, "role": role, "at": now}
        free = lock is None or now >= lock.commanded_at + IDLE_AFTER
        if lock is not None and not free and lock.holder_id != agent_id and lock.rank >= rank_of(role):
            with pytest.raises(PtzHeld) as held:
                take(lock, **ask)
            assert held.value.holder_name == lock.holder_name
            assert held.value.free_at > now
            continue
        taken, takes_over = take(lock, **ask)
        assert takes_over is (free or lock is None or lock.holder_id != agent_id)
        assert (taken.holder_id, taken.commanded_at) == (agent_id, now)
        lock = taken


def test_the_lock_is_free_after_sixty_seconds_sharp() -> None:
    lock, _ = take(None, camera_id="C", agent_id="a", agent_name="A", role="operateur", at=START)
    just_before = START + IDLE_AFTER - timedelta(microseconds=1)
    with pytest.raises(PtzHeld):
        take(lock, camera_id="C", agent_id="b", agent_name="B", role="operateur", at=just_before)
    taken, takes_over = take(lock, camera_id="C", agent_id="b", agent_name="B", role="operateur", at=START + IDLE_AFTER)
    assert takes_over
    assert taken.holder_id == "b"
