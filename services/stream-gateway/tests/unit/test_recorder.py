"""The recorder: each file decodes, every second is footage or a declared gap, nothing passes the gate."""

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.coverage import TOLERANCE
from stream_gateway.domain.footage import read_footage
from stream_gateway.recording.recorder import DISK_FULL, NOT_HELD
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.recording_desk import START, TERMS, Desk

FILM = MEDIA / "vtest_sub_640x360_10fps.mp4"
STEP = CLOCK_HZ // 10
GROUP = 20
OTHER_TERMS = replace(TERMS, authorisation_id="AUT/2")


@pytest.fixture(scope="module")
def film() -> tuple[ParameterSets, list[AccessUnit]]:
    return filmed_groups(FILM, groups=6)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "spool", segment_seconds=4)
    yield made
    made.close()


def shown(units: list[AccessUnit], *, after: float = 0.0) -> list[AccessUnit]:
    """Return the film's pictures at 10 a second, ``after`` seconds later."""
    return [unit._replace(time=number * STEP + round(after * CLOCK_HZ)) for number, unit in enumerate(units)]


def test_files_are_cut_at_the_wall_clock_on_key_frames_and_touch(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    desk.begin(parameters)
    desk.take(shown(units))
    desk.recorder.finish()
    assert [ready.segment.started_at for ready in desk.ready] == [
        START,
        START + timedelta(seconds=4),
        START + timedelta(seconds=8),
    ]
    for ready in desk.ready:
        frames = frames_of(ready.path)
        assert frames[0].key_frame
        assert len(frames) == ready.segment.pictures == 40
        with ready.path.open("rb") as file:
            footage = read_footage(file, ready.path.stat().st_size)
        assert footage.duration_ms == ready.segment.duration_ms == 4000
        assert footage.label == ready.segment.label
        assert (footage.width, footage.height) == (640, 360)
    assert desk.gaps == []
    assert desk.online == [True]


def test_a_process_that_dies_leaves_all_whole_groups(desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]) -> None:
    parameters, units = film
    desk.begin(parameters)
    desk.take(shown(units[: GROUP + 5]))
    [path] = desk.spool.root.glob("*/*/open/*.mp4")
    with path.open("ab") as file:
        file.write(b"\x00\x00\x20\x00moof-cut-in-the-middle")
    [ready] = desk.spool.recover()
    assert ready.segment.duration_ms == 2000
    assert ready.segment.started_at == START
    assert ready.segment.epoch == 7
    assert ready.segment.label is not None
    assert ready.segment.label.authorisation_id == "AUT/1"
    assert len(frames_of(ready.path)) == GROUP


def test_a_hole_in_the_pictures_is_a_gap_and_no_frozen_picture(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    desk.begin(parameters)
    desk.take(shown(units[:GROUP]))
    desk.recorder.lost("des paquets se sont perdus")
    desk.take(shown(units[GROUP : 3 * GROUP], after=5))
    desk.recorder.finish()
    [gap] = desk.gaps
    assert (gap.started_at, gap.ended_at) == (START + timedelta(seconds=2), START + timedelta(seconds=5))
    assert gap.cause == "des paquets se sont perdus"
    assert sum(ready.segment.duration_ms for ready in desk.ready) == 6000


def test_a_line_that_breaks_is_told_once_and_its_gap_when_it_is_back(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    desk.begin(parameters)
    desk.take(shown(units[:GROUP]))
    desk.recorder.broken("la caméra ne répond pas")
    desk.recorder.broken("la caméra refuse la connexion")
    desk.begin(parameters)
    desk.take(shown(units[:GROUP]), origin=START + timedelta(seconds=30))
    desk.recorder.finish()
    [gap] = desk.gaps
    assert gap.cause == "la caméra ne répond pas"
    assert gap.ended_at == START + timedelta(seconds=30)
    assert desk.online == [True, False, True]


def test_other_parameter_sets_begin_another_file(desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]) -> None:
    parameters, units = film
    other, others = filmed_groups(MEDIA / "bikes_sub_640x360_12fps.mp4", groups=1)
    desk.begin(parameters)
    desk.take(shown(units[:GROUP]))
    desk.recorder.begin(other, desk.line)
    following = [unit._replace(time=unit.time - others[0].time + GROUP * STEP) for unit in others]
    desk.take(following)
    desk.recorder.finish()
    assert [len(frames_of(ready.path)) for ready in desk.ready] == [GROUP, len(others)]
    assert desk.gaps == []


def test_without_the_gate_nothing_is_written_and_with_it_the_gap_is_said(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[: GROUP + 1])
    written = {path: path.stat().st_size for path in desk.spool.root.rglob("*.mp4")}
    desk.epoch = None
    desk.take(played[GROUP + 1 : 3 * GROUP])
    assert {path.name: path.stat().st_size for path in desk.spool.root.rglob("*.mp4")} == {
        path.name: size for path, size in written.items()
    }
    assert desk.recorder.status.reason == NOT_HELD
    desk.epoch = 9
    desk.take(played[3 * GROUP :])
    desk.recorder.finish()
    assert [ready.segment.epoch for ready in desk.ready] == [7, 9, 9]
    assert [gap.cause for gap in desk.gaps] == [NOT_HELD]


def test_a_doubt_keeps_pictures_back_and_loses_none(desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[: GROUP + 1])
    sizes = [path.stat().st_size for path in desk.spool.root.rglob("*.mp4")]
    desk.epoch, desk.undecided = None, True
    desk.take(played[GROUP + 1 : 3 * GROUP])
    assert [path.stat().st_size for path in desk.spool.root.rglob("*.mp4")] == sizes
    desk.epoch, desk.undecided = 7, False
    desk.take(played[3 * GROUP :])
    desk.recorder.finish()
    assert desk.gaps == []
    assert sum(len(frames_of(ready.path)) for ready in desk.ready) == len(units)


def test_a_hole_in_a_doubt_takes_no_old_picture_into_the_next_file(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[: GROUP + 1])
    desk.epoch, desk.undecided = None, True
    desk.take(played[GROUP + 1 : 2 * GROUP + 1])
    assert desk.recorder.waits_outside, "a recorder that keeps pictures back is no recorder that cannot write"
    desk.recorder.lost("des paquets se sont perdus")
    desk.take(shown(units, after=3)[2 * GROUP : 2 * GROUP + 5])
    desk.epoch, desk.undecided = 7, False
    desk.take(shown(units, after=3)[3 * GROUP :])
    desk.recorder.finish()
    assert [len(frames_of(ready.path)) for ready in desk.ready] == [ready.segment.pictures for ready in desk.ready]
    assert desk.ready[1].segment.started_at == START + timedelta(seconds=9)
    [gap] = desk.gaps
    assert (gap.started_at, gap.ended_at) == (desk.ready[0].segment.ended_at, START + timedelta(seconds=9))


def test_other_terms_begin_another_file_at_the_next_key_frame(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[: GROUP // 2])
    desk.recorder.terms = OTHER_TERMS
    desk.take(played[GROUP // 2 : 2 * GROUP])
    desk.recorder.finish()
    assert [(ready.segment.terms, ready.segment.pictures) for ready in desk.ready] == [
        (TERMS, GROUP),
        (OTHER_TERMS, GROUP),
    ]
    assert desk.gaps == []


def test_a_full_disk_loses_only_what_comes_while_it_is_full(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]]
) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[:GROUP])
    desk.no_room = DISK_FULL
    desk.take(played[GROUP : 4 * GROUP])
    desk.no_room = None
    desk.take(played[4 * GROUP :])
    desk.recorder.finish()
    assert [gap.cause for gap in desk.gaps] == [DISK_FULL]
    assert sum(ready.segment.duration_ms for ready in desk.ready) / 1000 + sum(
        (gap.ended_at - gap.started_at).total_seconds() for gap in desk.gaps
    ) == pytest.approx(12)


def test_a_write_that_fails_leaves_a_readable_file(
    desk: Desk, film: tuple[ParameterSets, list[AccessUnit]], monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters, units = film
    played = shown(units)
    desk.begin(parameters)
    desk.take(played[: GROUP + 1])
    file = desk.recorder._file  # pyright: ignore[reportPrivateUsage]
    assert file is not None

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file, "_write", full)
    desk.take(played[GROUP + 1 :])
    desk.recorder.finish()
    assert len(frames_of(desk.ready[0].path)) == GROUP
    assert hashlib.sha256(desk.ready[0].path.read_bytes()).hexdigest() == desk.ready[0].sha256
    assert [gap.cause for gap in desk.gaps] == [DISK_FULL]


happenings = st.lists(
    st.tuples(
        st.sampled_from(["pictures", "lost", "broken", "pause", "gate", "doubt", "room", "terms", "anchor"]),
        st.integers(1, 40),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(happening=happenings)
def test_every_second_is_footage_or_a_declared_gap(  # noqa: C901, PLR0912 - one branch for each thing that happens
    film: tuple[ParameterSets, list[AccessUnit]], happening: list[tuple[str, int]]
) -> None:
    parameters, units = film
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "spool", segment_seconds=3)
        desk.begin(parameters)
        at, number, broken, anchored = 0, 0, False, False
        for what, amount in [*happening, ("gate", 1), ("room", 1), ("pictures", GROUP * 2), ("anchor", 1)]:
            if what == "pictures":
                if broken:
                    desk.begin(parameters)
                    number, broken = 0, False
                for _ in range(amount):
                    desk.take([units[number % len(units)]._replace(time=at)])
                    at, number = at + STEP, number + 1
            elif what == "lost":
                desk.recorder.lost("perdu")
                number = 0
            elif what == "broken":
                desk.recorder.broken("coupé")
                broken = True
            elif what == "pause":
                at += amount * CLOCK_HZ // 4
                number = 0
            elif what == "gate":
                desk.epoch, desk.undecided = None if amount % 3 == 0 else amount, False
            elif what == "doubt":
                desk.epoch, desk.undecided = None, True
            elif what == "room":
                desk.no_room = DISK_FULL if amount % 4 == 0 else None
            elif what == "terms":
                desk.recorder.terms = TERMS if amount % 2 else OTHER_TERMS
            elif not anchored:
                anchored = True
                desk.recorder.anchor(START, "avant")
        desk.recorder.finish()
        pieces = [(ready.segment.started_at, ready.segment.ended_at) for ready in desk.ready]
        pieces += [(gap.started_at, gap.ended_at) for gap in desk.gaps]
        assert all(gap.cause for gap in desk.gaps)
        pieces.sort()
        for (_, ended), (started, _) in pairwise([(START, START), *pieces]):
            assert abs(started - ended) <= TOLERANCE
        assert abs(START + timedelta(seconds=at / CLOCK_HZ) - pieces[-1][1]) <= TOLERANCE
        for ready in desk.ready:
            assert len(frames_of(ready.path)) == ready.segment.pictures
            assert hashlib.sha256(ready.path.read_bytes()).hexdigest() == ready.sha256
        desk.close()
