"""Stays of a nomad: half-open, without overlap or gap; inside the perimeter, the préfet informed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import Authorisation, Finalite
from camera_registry.domain.camera import Camera
from camera_registry.domain.placement import Placement, PlacementRefused, check_ground, check_move, moved
from camera_registry.domain.position import Area, Position
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

START = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SQUARE = Area(shapely.box(2.0, 48.0, 2.5, 48.5))
NOMAD = Camera(
    camera_id="N-1",
    code="N-1",
    label="Nomade",
    insee="95598",
    site_id="S-1",
    kind=CameraKind.NOMADE,
    status=CameraStatus.EN_SERVICE,
    position=Position(2.1, 48.1),
    registered_at=START,
)
ARRETE = Authorisation(
    authorisation_id="A-1",
    arrete_number="95-2026-1",
    valid_from=START,
    valid_until=START + timedelta(days=365),
    communes=("95598",),
    camera_count=10,
    finalites=(Finalite.SECURITE_PERSONNES_BIENS,),
    recipients=(OrganisationKind.POLICE_NATIONALE,),
    retention_days=14,
    mode=OperatingMode.DIRECT,
    perimeter=SQUARE,
)


def stay(number: int, from_at: datetime) -> Placement:
    return Placement(str(number), "N-1", "S-1", "Place", Position(2.1, 48.1), from_at, None, TODAY, "A-1", "tech")


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12), st.integers(0, 600))
def test_at_every_instant_the_camera_stood_at_one_place(minutes: list[int], asked: int) -> None:
    history: tuple[Placement, ...] = (stay(0, START),)
    for number, minute in enumerate(minutes, start=1):
        following = stay(number, START + timedelta(minutes=minute))
        try:
            history = moved(history, following)
        except PlacementRefused:
            assert following.from_at <= history[-1].from_at
    at = START + timedelta(minutes=asked)
    assert sum(one.holds(at) for one in history) == 1
    assert [one.until_at for one in history] == [*(one.from_at for one in history[1:]), None]


def test_the_order_of_the_history_does_not_matter_and_its_past_is_never_rewritten() -> None:
    first, second = moved([stay(0, START)], stay(1, START + timedelta(days=1)))
    again = moved([second, first], stay(2, START + timedelta(days=2)))
    assert again[0] == first
    with pytest.raises(PlacementRefused, match="ultérieur"):
        moved(again, stay(3, START + timedelta(days=2)))


@given(st.floats(1.9, 2.6), st.floats(47.9, 48.6))
def test_a_nomad_goes_exactly_where_its_perimeter_reaches(lon: float, lat: float) -> None:
    after = replace(NOMAD, position=Position(lon, lat))
    if 2.0 <= lon <= 2.5 and 48.0 <= lat <= 48.5:
        assert check_ground(after, ARRETE, {}, NOW) is ARRETE
    else:
        with pytest.raises(PlacementRefused, match="hors du périmètre de l'arrêté 95-2026-1"):
            check_ground(after, ARRETE, {}, NOW)


@pytest.mark.parametrize("corner", [(2.0, 48.0), (2.5, 48.5), (2.0, 48.25), (2.25, 48.5)])
def test_the_border_of_a_perimeter_is_inside(corner: tuple[float, float]) -> None:
    assert check_ground(replace(NOMAD, position=Position(*corner)), ARRETE, {}, NOW) is ARRETE


@pytest.mark.parametrize(
    "covering", [None, replace(ARRETE, valid_until=NOW), replace(ARRETE, valid_from=NOW + timedelta(seconds=1))]
)
def test_without_an_arrete_in_force_it_stays(covering: Authorisation | None) -> None:
    with pytest.raises(PlacementRefused, match="Aucun arrêté en vigueur"):
        check_ground(NOMAD, covering, {}, NOW)


def test_the_prefet_is_informed_before_and_the_move_is_done() -> None:
    tomorrow = TODAY + timedelta(days=1)
    check_move(NOMAD, from_at=NOW, at=NOW, prefet_informed_on=TODAY, today=TODAY)
    with pytest.raises(PlacementRefused, match="Informez le préfet"):
        check_move(NOMAD, from_at=NOW, at=NOW, prefet_informed_on=tomorrow, today=TODAY)
    with pytest.raises(PlacementRefused, match="quand il a lieu"):
        check_move(NOMAD, from_at=NOW + timedelta(seconds=1), at=NOW, prefet_informed_on=TODAY, today=TODAY)
    fixed = replace(NOMAD, kind=CameraKind.FIXE)
    with pytest.raises(PlacementRefused, match="Seule une caméra nomade"):
        check_move(fixed, from_at=NOW, at=NOW, prefet_informed_on=TODAY, today=TODAY)
    planned = replace(NOMAD, status=CameraStatus.PROJET)
    with pytest.raises(PlacementRefused, match="pas en exploitation"):
        check_move(planned, from_at=NOW, at=NOW, prefet_informed_on=TODAY, today=TODAY)
