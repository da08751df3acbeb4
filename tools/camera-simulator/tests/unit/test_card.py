"""What a card keeps, told by the clock of the film."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.card import Card
from camera_simulator.counter_clip import counter_clip
from camera_simulator.pacing import Pacer
from camera_simulator.stream import CameraStream, Rendition, StreamIdentity

_RENDITION = Rendition(counter_clip())


@pytest.fixture(scope="module")
def stream() -> CameraStream:
    clip = _RENDITION.clip
    identity = StreamIdentity("camera@simulator", 1, 2, 3)
    return CameraStream(
        rendition=_RENDITION, pacer=Pacer(clip.fps, Fraction(1, 3)), phase=7, identity=identity, head=None
    )


@given(begin=st.floats(900, 1100), length=st.floats(0, 60), now=st.floats(1000, 1100), capacity=st.floats(0.5, 200))
def test_a_film_begins_at_a_key_frame_and_misses_no_picture(
    stream: CameraStream, begin: float, length: float, now: float, capacity: float
) -> None:
    card = Card(stream, inserted_at=950.0, capacity_s=capacity)
    kept = card.kept(now)
    film = list(card.film(begin, begin + length, now))
    if kept is None or begin + length < kept[0] or begin > kept[1]:
        assert film == []
        return
    assert film[0].unit.keyframe
    assert film[0].at <= max(begin, kept[0]) + 1e-3
    assert kept[0] - 1e-3 <= film[0].at
    assert max(begin, kept[0]) - film[0].at <= 2.001
    assert {after.tick - before.tick for before, after in pairwise(film)} <= {1}
    assert min(begin + length, kept[1]) - film[-1].at <= 0.0401
    assert all(one.at <= now for one in film)


def test_a_card_keeps_nothing_of_before_it_was_put_in_and_forgets_the_oldest(stream: CameraStream) -> None:
    card = Card(stream, inserted_at=1000.0, capacity_s=10.0)
    assert card.kept(1000.1) is None
    early, late = card.kept(1008.0), card.kept(1050.0)
    assert early is not None
    assert late is not None
    assert 1000 <= early[0] <= 1002.001
    assert 1040 <= late[0] <= 1042.001
    assert late[1] <= 1050
