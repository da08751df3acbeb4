"""The life of a camera: which status follows which, what a person may change, and what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.camera import Camera, CameraInvalid, Endpoints, Equipment, Optics, StreamProfile
from camera_registry.domain.camera_edit import changed_fields, check_edit, consequences
from camera_registry.domain.camera_status import StatusRefused, check_first, check_step, next_statuses
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.masks import MaskStanding
from camera_registry.domain.position import Area, Position
from contracts.registry import CameraKind, CameraStatus

statuses = st.sampled_from(CameraStatus)
COMMUNE = Commune("95598", "Soisy", Area(shapely.box(2.28, 48.97, 2.32, 49.0)))
CAMERA = Camera(
    camera_id="C-1",
    code="C-1",
    label="Place",
    insee="95598",
    site_id="S-1",
    kind=CameraKind.FIXE,
    status=CameraStatus.EN_SERVICE,
    position=Position(2.30, 48.98),
    registered_at=datetime(2026, 1, 1, tzinfo=UTC),
    optics=Optics(azimuth_deg=90.0),
    equipment=Equipment(firmware="1.0"),
)


def steps(present: CameraStatus, wanted: CameraStatus) -> bool:
    try:
        check_step(present, wanted)
    except StatusRefused:
        return False
    return True


def reachable(start: CameraStatus) -> set[CameraStatus]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = set(next_statuses(waiting.pop())) - found
        found |= fresh
        waiting.extend(fresh)
    return found


@given(statuses, statuses)
def test_a_step_is_allowed_exactly_where_the_table_says(present: CameraStatus, wanted: CameraStatus) -> None:
    assert steps(present, wanted) == (wanted == present or wanted in next_statuses(present))


@given(statuses)
def test_every_status_leads_to_the_end_and_nothing_leaves_it(start: CameraStatus) -> None:
    assert CameraStatus.DEPOSEE in reachable(start)
    assert reachable(CameraStatus.DEPOSEE) == {CameraStatus.DEPOSEE}


def test_the_whole_life_can_be_walked_and_no_step_of_it_skipped() -> None:
    life = list(CameraStatus)
    assert all(steps(one, after) for one, after in pairwise(life))
    assert steps(CameraStatus.EN_PANNE, CameraStatus.EN_SERVICE)
    planned = life[: life.index(CameraStatus.EN_SERVICE)]
    assert not any(steps(one, CameraStatus.EN_SERVICE) for one in planned[:-1])


@given(st.lists(statuses, max_size=12))
def test_no_walk_puts_a_camera_in_service_without_works(wanted: list[CameraStatus]) -> None:
    present, seen = CameraStatus.PROJET, [CameraStatus.PROJET]
    for status in wanted:
        if steps(present, status):
            present = status
            seen.append(status)
    if CameraStatus.EN_SERVICE in seen:
        assert {CameraStatus.ETUDE, CameraStatus.AUTORISEE, CameraStatus.EN_TRAVAUX} <= set(seen)


def test_a_refused_step_names_those_that_are_open() -> None:
    with pytest.raises(StatusRefused, match="Choisissez : « étude », « déposée »"):
        check_step(CameraStatus.PROJET, CameraStatus.EN_SERVICE)
    with pytest.raises(StatusRefused, match="sous un autre code"):
        check_step(CameraStatus.DEPOSEE, CameraStatus.EN_SERVICE)
    with pytest.raises(CameraInvalid):
        check_first(CameraStatus.DEPOSEE)


def test_a_camera_stays_in_its_commune_and_at_a_site_of_it() -> None:
    with pytest.raises(CameraInvalid, match="hors de Soisy"):
        check_edit(CAMERA, replace(CAMERA, position=Position(2.4, 48.98)), COMMUNE, None)
    elsewhere = Site("S-2", "95210", "Ailleurs", CAMERA.position)
    with pytest.raises(CameraInvalid, match="n'existe pas dans la commune"):
        check_edit(CAMERA, replace(CAMERA, site_id="S-2"), COMMUNE, elsewhere)
    check_edit(CAMERA, replace(CAMERA, site_id="S-2"), COMMUNE, replace(elsewhere, insee="95598"))


def test_a_nomad_in_service_moves_by_a_placement_only() -> None:
    nomad = replace(CAMERA, kind=CameraKind.NOMADE)
    moved = replace(nomad, position=Position(2.301, 48.981))
    with pytest.raises(CameraInvalid, match="emplacement"):
        check_edit(nomad, moved, COMMUNE, None)
    planned = replace(nomad, status=CameraStatus.PROJET)
    check_edit(planned, replace(moved, status=CameraStatus.PROJET), COMMUNE, None)


def test_masks_are_void_once_moved_turned_or_flashed_and_never_for_less() -> None:
    moved = replace(CAMERA, position=Position(2.30, 48.980001))
    turned = replace(CAMERA, optics=Optics(azimuth_deg=91.0))
    flashed = replace(CAMERA, equipment=Equipment(firmware="1.1"))
    assert [consequences(CAMERA, after).voids_masks for after in (moved, turned, flashed)] == [True, True, True]
    learnt = replace(CAMERA, equipment=Equipment())
    others = replace(CAMERA, label="Autre", status=CameraStatus.EN_PANNE, optics=Optics(azimuth_deg=90.0, range_m=80.0))
    assert not consequences(learnt, flashed).voids_masks
    assert not consequences(CAMERA, others).voids_masks


@pytest.mark.parametrize(
    "other",
    [
        {"endpoints": Endpoints(main_url="rtsp://10.0.0.2/a")},
        {"endpoints": Endpoints(main_url="rtsp://10.0.0.1/b")},
        {"endpoints": Endpoints()},
        {"equipment": Equipment(model="Q1", serial="S-2")},
        {"equipment": Equipment(model="Q2", serial="S-1")},
        {"equipment": Equipment()},
        {"optics": None},
        {"kind": CameraKind.PANORAMIQUE},
        {"has_ptz": True},
    ],
)
def test_another_device_or_address_voids_the_masks(other: dict[str, Any]) -> None:
    known = replace(
        CAMERA, endpoints=Endpoints(main_url="rtsp://10.0.0.1/a"), equipment=Equipment(model="Q1", serial="S-1")
    )
    assert consequences(known, replace(known, **other)).voids_masks


def test_a_first_address_voids_signed_masks_only() -> None:
    addressed = replace(CAMERA, endpoints=Endpoints(main_url="rtsp://10.0.0.1/a"))
    assert not consequences(CAMERA, addressed).voids_masks
    signed = MaskStanding(signed=True)
    assert consequences(replace(CAMERA, masks=signed), replace(addressed, masks=signed)).voids_masks


@pytest.mark.parametrize("kinds", [(CameraKind.FIXE, CameraKind.NOMADE), (CameraKind.NOMADE, CameraKind.FIXE)])
def test_an_installed_camera_does_not_become_nomad_nor_cease_to_be(kinds: tuple[CameraKind, CameraKind]) -> None:
    before = replace(CAMERA, kind=kinds[0])
    with pytest.raises(CameraInvalid, match="ni nomade ni fixe"):
        check_edit(before, replace(before, kind=kinds[1]), COMMUNE, None)
    planned = replace(before, status=CameraStatus.ETUDE)
    check_edit(planned, replace(planned, kind=kinds[1]), COMMUNE, None)


def test_the_register_is_told_names_of_fields_and_no_value() -> None:
    after = replace(CAMERA, label="Autre", endpoints=Endpoints(main_url="rtsp://10.0.0.1/secret"))
    assert changed_fields(CAMERA, after) == ("libellé", "adresses")
    assert changed_fields(CAMERA, CAMERA) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"azimuth_deg": 360.0},
        {"azimuth_deg": -0.1},
        {"azimuth_deg": float("nan")},
        {"opening_deg": 0.0},
        {"opening_deg": 361.0},
        {"range_m": 0.0},
        {"height_m": float("inf")},
    ],
)
def test_impossible_optics_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CameraInvalid):
        Optics(**wrong)


def test_a_stream_is_described_once_and_with_positive_numbers() -> None:
    with pytest.raises(CameraInvalid):
        StreamProfile("main", fps=0)
    with pytest.raises(CameraInvalid):
        StreamProfile("audio")
    with pytest.raises(CameraInvalid, match="une seule fois"):
        Equipment(streams=(StreamProfile("main"), StreamProfile("main")))
