"""What the registry says must be burnt in, against what the camera's state promises."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.testing.states import a_camera
from contracts.registry import CameraState
from stream_gateway.domain.moving_masks import BLACK, HeadPosition
from stream_gateway.masking.source import masks_from
from stream_gateway.masks_to_burn import NO_MASKS, MasksDiffer, MasksToBurn
from stream_gateway.media import MaskedArea

CORNERS = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4]]
AREA = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.4))
HEAD = {"pan_degrees": 360, "tilt_degrees": 90, "aspect": 1.78, "openings": [[0, 60], [1, 3]], "level_tilt": 1}


def told(*views: dict[str, Any], turns: bool = False, revision: str = "r1", head: Any = None) -> dict[str, Any]:
    return {"masks": {"revision": revision, "turns": turns, "views": list(views), "head": head}}


def view(aim: list[float] | None = None, *polygons: Any, preset: str | None = None) -> dict[str, Any]:
    return {"preset": preset, "aim": aim, "polygons": list(polygons)}


def test_an_older_registry_and_an_empty_answer_hide_nothing() -> None:
    assert masks_from("cam", {}) is NO_MASKS
    assert masks_from("cam", told(revision="")) is NO_MASKS


def test_a_camera_that_stands_hides_all_areas_of_all_views() -> None:
    masks = masks_from("cam", told(view(None, CORNERS), view(None, CORNERS, preset="2")))
    assert masks == MasksToBurn("r1", (MaskedArea(AREA), MaskedArea(AREA)))


def test_a_camera_that_turns_follows_once_it_is_measured() -> None:
    views = (view([0.1, 0.2, 0.3], CORNERS, preset="1"), view([0.5, 0, 0], preset="2"))
    measured = masks_from("cam", told(*views, turns=True, head=HEAD)).moving
    assert measured is not None
    assert measured.optics is not None
    here = HeadPosition(0.1, 0.2, 0.3, measured.views[0].position.at)
    [shape] = measured.areas([here])
    assert shape == tuple(pytest.approx(corner, abs=1e-9) for corner in AREA)
    unmeasured = masks_from("cam", told(*views, turns=True)).moving
    assert unmeasured is not None
    assert unmeasured.areas([here]) == (AREA,)
    assert unmeasured.areas([replace(here, pan=0.5, tilt=0.0, zoom=0.0)]) == ()
    assert unmeasured.areas([replace(here, pan=0.7)]) == BLACK


def test_areas_of_which_nobody_knows_where_they_were_drawn_black_a_camera_that_turns() -> None:
    masks = masks_from("cam", told(view(None, CORNERS), view([0, 0, 0]), turns=True, head=HEAD)).moving
    assert masks is not None
    assert masks.areas([HeadPosition(0, 0, 0, datetime(2026, 12, 1, tzinfo=UTC))]) == BLACK


@pytest.mark.parametrize("corners", [[], [[0, 0], [1, 1]], [[0, 0], [1, 0], [1, 1.5]], [["a", 0], [1, 0], [1, 1]]])
def test_what_is_no_area_is_refused(corners: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        masks_from("cam", told(view(None, corners)))


def state(*, signed: bool, by_media_plane: bool, revision: str) -> CameraState:
    return a_camera("cam").model_copy(
        update={"masks_signed": signed, "masks_by_media_plane": by_media_plane, "masks_revision": revision}
    )


revisions = st.sampled_from(["", "r1", "r2"])


@given(signed=st.booleans(), by_media_plane=st.booleans(), promised=revisions, held=revisions, hides=st.booleans())
def test_a_camera_is_pulled_only_with_exactly_the_masks_that_its_state_names(
    *, signed: bool, by_media_plane: bool, promised: str, held: str, hides: bool
) -> None:
    camera = state(signed=signed, by_media_plane=by_media_plane, revision=promised)
    masks = MasksToBurn(held, (MaskedArea(AREA),) if hides else ())
    try:
        masks.check(camera)
    except MasksDiffer:
        return
    assert signed or by_media_plane
    if by_media_plane:
        assert held == promised != ""
        assert hides
    else:
        assert held == ""
