"""What media nodes tell each other reads back; what they cannot mean is refused with one error."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec
from stream_gateway.live.node_wire import (
    NodeWireBroken,
    begin_text,
    parameters_from,
    units_from,
    units_message,
    word_text,
)
from stream_gateway.testing.filmed import MEDIA, filmed_groups

FILMS = sorted(MEDIA.glob("*.mp4"))
units = st.lists(
    st.builds(
        AccessUnit,
        st.binary(min_size=1, max_size=200),
        st.booleans(),
        st.integers(0, 2**62),
        st.integers(0, 2**30),
    ),
    max_size=20,
)


@pytest.mark.parametrize("film", FILMS, ids=lambda path: path.stem)
def test_a_film_goes_over_the_wire_unchanged(film: Path) -> None:
    parameters, pictures = filmed_groups(film, groups=1)
    told = json.loads(begin_text(parameters, "native"))
    assert (told["type"], told["engine"]) == ("begin", "native")
    assert parameters_from(told) == parameters
    assert units_from(units_message(pictures)) == pictures


@given(units)
def test_pictures_read_back(pictures: list[AccessUnit]) -> None:
    assert units_from(units_message(pictures)) == pictures


def test_a_word_keeps_its_reason() -> None:
    assert json.loads(word_text("lost", "des paquets « perdus »")) == {
        "type": "lost",
        "reason": "des paquets « perdus »",
    }


@given(units, st.data())
def test_a_message_that_is_cut_is_refused_or_ends_with_a_whole_picture(
    pictures: list[AccessUnit], data: st.DataObject
) -> None:
    message = units_message(pictures)
    cut = message[: data.draw(st.integers(0, len(message)))]
    try:
        read = units_from(cut)
    except NodeWireBroken:
        return
    assert read == pictures[: len(read)]
    assert units_message(read) == cut


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_read_as_it_is(message: bytes) -> None:
    try:
        read = units_from(message)
    except NodeWireBroken:
        return
    assert all(unit.sample for unit in read)


words = st.none() | st.booleans() | st.integers() | st.text(max_size=10)
values = words | st.lists(words, max_size=3) | st.lists(st.binary(max_size=12).map(bytes.hex), max_size=2)


@given(
    st.fixed_dictionaries(
        {}, optional={"codec": st.sampled_from([*Codec, "av1"]) | words, "vps": values, "sps": values, "pps": values}
    )
)
def test_parameter_sets_that_are_none_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(NodeWireBroken):
        parameters_from(told)
