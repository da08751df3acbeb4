"""The gate: which arrêté lets a camera run at a given second. Time edges, perimeter, count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import (
    Authorisation,
    AuthorisationInvalid,
    Finalite,
    authorisation_for,
    authorisation_shown,
    coverage,
    places,
    years_later,
)
from camera_registry.domain.camera import Camera
from camera_registry.domain.position import Area, Position
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

SOISY, ENGHIEN = "95598", "95210"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTOURS = {
    SOISY: Area.disc(Position(2.2996, 48.9876), 1000),
    ENGHIEN: Area.disc(Position(2.3050, 48.9690), 800),
}
INSIDE, OUTSIDE = Position(2.2996, 48.9876), Position(2.40, 48.90)
STATUSES = st.sampled_from(list(CameraStatus))
MINUTES = st.integers(-100_000, 100_000).map(lambda minutes: timedelta(minutes=minutes))


def camera(camera_id: str = "C-1", **changes: object) -> Camera:
    values: dict[str, object] = {
        "camera_id": camera_id,
        "code": camera_id,
        "label": "Caméra",
        "insee": SOISY,
        "site_id": "S-1",
        "kind": CameraKind.FIXE,
        "status": CameraStatus.EN_SERVICE,
        "position": INSIDE,
        "registered_at": NOON,
    } | changes
    return Camera(**values)  # pyright: ignore[reportArgumentType]


def arrete(authorisation_id: str = "A-1", **changes: object) -> Authorisation:
    values: dict[str, object] = {
        "authorisation_id": authorisation_id,
        "arrete_number": "2026-1",
        "valid_from": NOON,
        "valid_until": NOON + timedelta(days=365),
        "communes": (SOISY,),
        "camera_count": 10,
        "finalites": (Finalite.SECURITE_PERSONNES_BIENS,),
        "recipients": (OrganisationKind.POLICE_NATIONALE,),
        "retention_days": 14,
        "mode": OperatingMode.DIRECT,
    } | changes
    return Authorisation(**values)  # pyright: ignore[reportArgumentType]


def gate(one: Camera, *arretes: Authorisation, at: datetime, others: tuple[Camera, ...] = ()) -> Authorisation | None:
    held = {each.authorisation_id: places(each, [one, *others], CONTOURS) for each in arretes}
    return authorisation_for(one, arretes, at, held)


@given(starts=MINUTES, lasts=st.integers(1, 1_000_000), offset=st.integers(-1_100_000, 1_100_000))
def test_validity_is_half_open(starts: timedelta, lasts: int, offset: int) -> None:
    begin = NOON + starts
    one = arrete(valid_from=begin, valid_until=begin + timedelta(minutes=lasts))
    at = begin + timedelta(minutes=offset)
    assert (gate(camera(), one, at=at) is one) == (0 <= offset < lasts)


def test_the_last_microsecond_counts_and_the_end_does_not() -> None:
    one = arrete()
    assert gate(camera(), one, at=one.valid_from) is one
    assert gate(camera(), one, at=one.valid_until - timedelta(microseconds=1)) is one
    assert gate(camera(), one, at=one.valid_until) is None
    assert gate(camera(), one, at=one.valid_from - timedelta(microseconds=1)) is None


@given(lon=st.floats(2.25, 2.35), lat=st.floats(48.95, 49.02))
def test_without_a_perimeter_the_contour_of_the_commune_bounds_it(lon: float, lat: float) -> None:
    position = Position(lon, lat)
    covered = gate(camera(position=position), arrete(), at=NOON) is not None
    assert covered == CONTOURS[SOISY].contains(position)


@given(lon=st.floats(2.25, 2.35), lat=st.floats(48.95, 49.02))
def test_a_perimeter_bounds_it_instead(lon: float, lat: float) -> None:
    square = {
        "type": "Polygon",
        "coordinates": [[[2.28, 48.97], [2.32, 48.97], [2.32, 49.0], [2.28, 49.0], [2.28, 48.97]]],
    }
    one = arrete(perimeter=Area.from_geojson(square))
    covered = gate(camera(position=Position(lon, lat)), one, at=NOON) is not None
    assert covered == (2.28 <= lon <= 2.32 and 48.97 <= lat <= 49.0)


def test_a_camera_of_another_commune_is_never_covered_even_inside_the_perimeter() -> None:
    assert gate(camera(insee=ENGHIEN), arrete(), at=NOON) is None


def test_a_commune_whose_contour_is_unknown_encloses_nothing() -> None:
    assert not arrete(communes=("75056",)).encloses(camera(insee="75056"), CONTOURS)


@given(
    statuses=st.lists(STATUSES, min_size=1, max_size=12),
    registered=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    count=st.integers(1, 12),
    order=st.randoms(use_true_random=False),
)
def test_the_count_is_kept_first_come_first_served_whatever_the_order_of_reading(
    statuses: list[CameraStatus], registered: list[int], count: int, order: object
) -> None:
    cameras = [
        camera(f"C-{i:02d}", status=status, registered_at=NOON + timedelta(days=registered[i]))
        for i, status in enumerate(statuses)
    ]
    one = arrete(camera_count=count)
    held = places(one, cameras, CONTOURS)
    counted = [each for each in cameras if each.counted]
    assert len(held) == min(count, len(counted))
    shuffled = list(cameras)
    order.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue]
    assert places(one, shuffled, CONTOURS) == held
    left_out = [each for each in counted if each.camera_id not in held]
    for late in left_out:
        assert all(each.registered_at <= late.registered_at for each in counted if each.camera_id in held)


@given(status=STATUSES)
def test_planned_and_removed_cameras_take_no_place(status: CameraStatus) -> None:
    covered = gate(camera(status=status), arrete(), at=NOON) is not None
    planned = {CameraStatus.PROJET, CameraStatus.ETUDE, CameraStatus.DEPOSEE}
    assert covered == (status not in planned)


@given(ends=st.lists(st.integers(1, 1000), min_size=1, max_size=5, unique=True))
def test_of_several_in_force_the_one_that_ends_last(ends: list[int]) -> None:
    arretes = [arrete(f"A-{days}", valid_until=NOON + timedelta(days=days)) for days in ends]
    chosen = gate(camera(), *arretes, at=NOON)
    assert chosen is not None
    assert chosen.authorisation_id == f"A-{max(ends)}"


@given(
    spans=st.lists(st.tuples(st.integers(-500, 500), st.integers(1, 500)), min_size=1, max_size=5),
    day=st.integers(-600, 1100),
)
def test_what_is_published_is_in_force_whenever_anything_is(spans: list[tuple[int, int]], day: int) -> None:
    arretes = [
        arrete(
            f"A-{i}",
            valid_from=NOON + timedelta(days=start),
            valid_until=NOON + timedelta(days=start + lasts),
        )
        for i, (start, lasts) in enumerate(spans)
    ]
    at = NOON + timedelta(days=day)
    one = camera()
    held = {each.authorisation_id: places(each, [one], CONTOURS) for each in arretes}
    shown = authorisation_shown(one, arretes, at, held)
    assert shown is not None
    assert shown.valid_at(at) == any(each.valid_at(at) for each in arretes)
    assert authorisation_for(one, arretes, at, held) is (shown if shown.valid_at(at) else None)


def test_an_ended_arrete_stays_published_and_the_next_one_waits() -> None:
    ended = arrete("A-1", valid_until=NOON + timedelta(days=10))
    coming = arrete("A-2", valid_from=NOON + timedelta(days=20), valid_until=NOON + timedelta(days=30))
    shown = coverage([camera()], [ended, coming], CONTOURS, NOON + timedelta(days=15))
    assert shown["C-1"] is ended
    assert coverage([camera()], [coming], CONTOURS, NOON)["C-1"] is coming
    assert coverage([camera()], [ended, coming], CONTOURS, NOON + timedelta(days=20))["C-1"] is coming


@given(moved=st.integers(1, 5 * 365))
def test_moving_the_end_keeps_five_years_at_most(moved: int) -> None:
    end = NOON + timedelta(days=moved)
    assume(end <= years_later(NOON, 5))
    after = arrete().ending(end)
    assert after.valid_until == end
    assert after.revision == int(end != arrete().valid_until), "an end left where it was is no change"


def test_five_years_and_a_second_is_refused() -> None:
    limit = years_later(NOON, 5)
    assert arrete(valid_until=limit).valid_until == limit
    with pytest.raises(AuthorisationInvalid, match="cinq ans"):
        arrete(valid_until=limit + timedelta(seconds=1))


def test_five_years_after_a_leap_day() -> None:
    assert years_later(datetime(2024, 2, 29, tzinfo=UTC), 5) == datetime(2029, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "kind", [OrganisationKind.ASSOCIATION, OrganisationKind.COLLECTIVITE, OrganisationKind.AUTORITE]
)
def test_the_list_of_recipients_is_closed(kind: OrganisationKind) -> None:
    with pytest.raises(AuthorisationInvalid, match="La liste légale est fermée"):
        arrete(recipients=(OrganisationKind.SDIS, kind))


@pytest.mark.parametrize(
    ("days", "warning"),
    [(300, None), (241, None), (240, 240), (121, 180), (120, 120), (61, 120), (60, 60), (8, 30), (7, 7), (0, 0)],
)
def test_warnings_tighten_as_the_end_nears(days: int, warning: int | None) -> None:
    one = arrete()
    assert one.warning_at(one.valid_until - timedelta(days=days)) == warning
