"""The towns that ship: complete, inside their contours, the same at every run."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_registry.domain.authorisation import coverage
from camera_registry.domain.commune import Link
from camera_registry.seeds.generator import Streams, TownSeed, generate
from camera_registry.seeds.town import TOWNS, load_town
from contracts.registry import CameraKind, OperatingMode

AT = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)


def drawn(slug: str, count: int = 0, ptz: int = 0) -> TownSeed:
    return generate(load_town(slug), AT, Streams(count, ptz, "rtsp://127.0.0.1:1/cam", None, None))


@pytest.mark.parametrize("slug", TOWNS)
def test_every_camera_stands_in_its_commune_under_its_arrete(slug: str) -> None:
    seed = drawn(slug)
    contours = {commune.insee: commune.contour for commune in seed.communes}
    assert all(contours[camera.insee].contains(camera.position) for camera in seed.cameras)
    shown = coverage(seed.cameras, seed.authorisations, contours, AT)
    assert all(one is not None and one.valid_at(AT) for one in shown.values())
    assert len({camera.camera_id for camera in seed.cameras}) == len(seed.cameras)


def test_plaine_vallee_is_what_the_issue_asks() -> None:
    seed = drawn("plaine-vallee")
    assert len(seed.communes) == 16
    assert len(seed.sites) == 396
    assert len(seed.cameras) >= 2000
    kinds = {site.site_id: Counter[CameraKind]() for site in seed.sites}
    nomads = Counter[str]()
    for camera in seed.cameras:
        kinds[camera.site_id][camera.kind] += 1
        nomads[camera.insee] += camera.kind is CameraKind.NOMADE
    assert all(held[CameraKind.PTZ] >= 1 and held[CameraKind.PANORAMIQUE] >= 1 for held in kinds.values())
    assert set(nomads.values()) == {3}
    assert {one.retention_days for one in seed.authorisations} == {14}
    assert sum(one.warning_at(AT) == 120 for one in seed.authorisations) == 1


@pytest.mark.parametrize(("slug", "count"), [("valenciennes", 217), ("lievin", 265), ("bethune", 331)])
def test_the_other_towns_have_their_published_numbers(slug: str, count: int) -> None:
    seed = drawn(slug)
    assert len(seed.cameras) == count
    assert {camera.site_id for camera in seed.cameras} == {site.site_id for site in seed.sites}


@settings(max_examples=10)
@given(count=st.integers(0, 60), share=st.floats(0, 1))
def test_live_cameras_are_numbered_spread_and_ptz_first(count: int, share: float) -> None:
    ptz = int(count * share)
    seed = drawn("plaine-vallee", count, ptz)
    live = sorted(
        (camera for camera in seed.cameras if camera.has_stream), key=lambda camera: camera.endpoints.main_url or ""
    )
    assert [camera.endpoints.main_url for camera in live] == [
        f"rtsp://127.0.0.1:1/cam/{number:04d}/main" for number in range(1, count + 1)
    ]
    assert [camera.has_ptz for camera in live] == [number < ptz for number in range(count)]
    communes = Counter(camera.insee for camera in live)
    assert len(communes) == min(max(count - 2, min(count, 2)), 16)
    assert communes["95598"] >= min(2, (count + 1) // 2)


def test_two_runs_draw_the_same_town() -> None:
    first, second = drawn("lievin", 5, 2), drawn("lievin", 5, 2)
    assert first.cameras == second.cameras
    assert first.sites == second.sites


def test_lievin_may_be_watched_live_on_the_evening_of_each_14_july_only() -> None:
    (arrete,) = drawn("lievin").authorisations
    assert arrete.mode is OperatingMode.EVENEMENT
    windows = [(window.starts_at, window.ends_at) for window in arrete.event_windows]
    assert windows == [
        (datetime(year, 7, 14, 16, tzinfo=UTC), datetime(year, 7, 15, 0, tzinfo=UTC))
        for year in (2024, 2025, 2026, 2027)
    ]


def test_valenciennes_keeps_thirty_days_and_moves_cameras_where_there_is_no_fibre() -> None:
    seed = drawn("valenciennes")
    assert {one.retention_days for one in seed.authorisations} == {30}
    without_fibre = {site.site_id for site in seed.sites if site.link is Link.MOBILE_4G}
    nomads = [camera for camera in seed.cameras if camera.kind is CameraKind.NOMADE]
    assert {camera.site_id for camera in nomads} == without_fibre
    assert len(nomads) == len(without_fibre) == 8


@pytest.mark.parametrize("slug", TOWNS)
def test_each_camera_says_where_it_looks_and_what_it_is(slug: str) -> None:
    seed = drawn(slug)
    assert all(site.support is not None and site.link is not None for site in seed.sites)
    for camera in seed.cameras:
        assert camera.optics is not None
        assert camera.optics.range_m is not None
        assert (camera.optics.azimuth_deg is not None) == (camera.kind in {CameraKind.FIXE, CameraKind.NOMADE})
        assert camera.equipment.model
