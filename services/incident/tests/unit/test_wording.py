"""Texts typed by a person: readable, bounded, and never a way to an image."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from incident.errors import FieldRefused
from incident.wording import FACTS_LENGTH, MESSAGE_LENGTH, NOTE_LENGTH, readable_text, text_without_link


@pytest.mark.parametrize(
    "text",
    ["", "  ", "ab", "12345", "!!!???", "rixe\x00gare", "rixe\u202egare", "x" * 4001, "a\u200bbcd", "\x1b[31mrixe"],
)
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused) as refused:
        readable_text("facts", text, FACTS_LENGTH)
    assert refused.value.field == "facts"


@pytest.mark.parametrize(
    "link",
    [
        "voir https://vigie.example/camera/1",
        "HTTP://10.0.0.1/snap",
        "rtsp://camera/1",
        "data:image/png;base64,AAAA",
        "www.exemple.fr",
        "image sur photos.fr/abc",
    ],
)
def test_a_message_with_a_link_is_refused(link: str) -> None:
    with pytest.raises(FieldRefused):
        text_without_link("message", link, MESSAGE_LENGTH)


@pytest.mark.parametrize("text", ["Rixe devant la gare, 3 à 5 personnes.", "M. le maire prévenu", "feu rue du 8-Mai"])
def test_ordinary_words_pass_as_they_are(text: str) -> None:
    assert text_without_link("message", f"  {text}\r\n", MESSAGE_LENGTH) == text


@given(st.text(max_size=1200))
def test_what_passes_is_stable_and_within_bounds(text: str) -> None:
    try:
        kept = readable_text("note", text, NOTE_LENGTH)
    except FieldRefused:
        return
    assert len(kept) <= NOTE_LENGTH[1]
    assert readable_text("note", kept, NOTE_LENGTH) == kept
    kept.encode()
