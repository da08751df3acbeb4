"""A bookmark names an instant; it lives no longer than its pictures, and changes by its author's hand only."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.bookmarks import (
    CHANGEABLE_FOR,
    Bookmark,
    BookmarkRefused,
    Color,
    NotTheAuthor,
    check_instant,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RETENTION = timedelta(days=14)


def a_bookmark(at: datetime = NOW) -> Bookmark:
    return Bookmark(
        bookmark_id=uuid4(),
        camera_id="PV-1",
        insee="95598",
        at=at,
        label="Véhicule blanc",
        color=Color.AMBRE,
        incident_id=None,
        author_id="op.durand",
        author_name="Durand",
        created_at=NOW,
        expires_at=at + RETENTION,
    )


@given(
    age=st.timedeltas(timedelta(0), timedelta(days=40)), present=st.none() | st.timedeltas(timedelta(1), RETENTION * 2)
)
def test_it_is_gone_with_its_pictures_and_sooner_when_retention_was_shortened(
    age: timedelta, present: timedelta | None
) -> None:
    shown = a_bookmark().readable_at(NOW + age, present)
    assert shown == (age < min(RETENTION, present or RETENTION))


def test_the_author_renames_it_within_the_shift() -> None:
    mark = a_bookmark()
    late = NOW + CHANGEABLE_FOR
    renamed = mark.renamed(agent_id="op.durand", now=late - timedelta(seconds=1), label="Plaque", color=Color.ROUGE)
    assert (renamed.label, renamed.color, renamed.at) == ("Plaque", Color.ROUGE, mark.at)
    for agent_id, now in (("op.durand", late), ("op.voisin", NOW)):
        with pytest.raises(NotTheAuthor):
            mark.renamed(agent_id=agent_id, now=now, label="x", color=Color.BLEU)


def test_it_is_put_where_there_may_be_pictures() -> None:
    check_instant(NOW, NOW, RETENTION)
    check_instant(NOW - RETENTION + timedelta(seconds=1), NOW, RETENTION)
    for at in (NOW + timedelta(seconds=6), NOW - RETENTION):
        with pytest.raises(BookmarkRefused):
            check_instant(at, NOW, RETENTION)
