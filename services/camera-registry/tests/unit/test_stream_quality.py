"""The minima of 2007, field by field, with their citation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.stream_quality import StreamQuality, minimum_for, shortfalls
from camera_registry.health_rules_file import health_rules
from contracts.registry import CameraKind

RULES = health_rules()
NARROW, WIDE = RULES.minima["plan_etroit"], RULES.minima["plan_large"]


def test_the_law_s_figures_and_their_source() -> None:
    assert (NARROW.width, NARROW.height, NARROW.fps) == (704, 576, 12.0)
    assert (WIDE.width, WIDE.height, WIDE.fps) == (352, 288, 6.0)
    assert all("3 août 2007" in minimum.citation for minimum in RULES.minima.values())


@pytest.mark.parametrize(
    ("kind", "opening", "minimum"),
    [
        (CameraKind.PTZ, None, NARROW),
        (CameraKind.PTZ, 60.0, WIDE),
        (CameraKind.FIXE, 30.0, NARROW),
        (CameraKind.FIXE, None, WIDE),
        (CameraKind.PANORAMIQUE, 180.0, WIDE),
        (CameraKind.FIXE, 45.0, WIDE),
    ],
)
def test_the_angle_of_view_decides_and_the_kind_where_nobody_gave_it(
    kind: CameraKind, opening: float | None, minimum: object
) -> None:
    assert minimum_for(kind, opening, RULES) is minimum


@pytest.mark.parametrize(
    ("width", "height", "fps", "gop", "short"),
    [
        (704, 576, 12.0, 2.0, 0),
        (576, 704, 12.0, 2.0, 0),
        (1280, 536, 25.0, 2.0, 1),
        (703, 576, 12.0, 2.0, 1),
        (1920, 1080, 11.5, 2.0, 0),
        (1920, 1080, 11.0, 2.0, 1),
        (1920, 1080, 25.0, 5.0, 1),
        (640, 360, 6.0, 10.0, 3),
        (None, None, None, None, 0),
    ],
)
def test_what_falls_short_is_named(
    width: int | None, height: int | None, fps: float | None, gop: float | None, short: int
) -> None:
    assert len(shortfalls(StreamQuality("H.264", width, height, fps, gop), NARROW, RULES)) == short


@given(st.integers(352, 4000), st.integers(288, 4000), st.floats(6, 60))
def test_what_meets_the_minimum_has_no_shortfall(width: int, height: int, fps: float) -> None:
    assert shortfalls(StreamQuality("H.264", max(width, height), min(width, height), fps, 1.0), WIDE, RULES) == []
