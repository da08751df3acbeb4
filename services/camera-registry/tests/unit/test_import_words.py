"""Words, numbers, days and coordinates as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.importing.issues import shown
from camera_registry.domain.importing.places import FRANCE, Pair, crs_named, ordinate, pair_of, reading_of
from camera_registry.domain.importing.words import date_of, is_nothing, kind_of, kinds_of, number_of, plain, status_of
from camera_registry.domain.position import Position, lambert93
from contracts.registry import CameraKind, CameraStatus


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12/03/2019", date(2019, 3, 12)),
        ("12-03-2019", date(2019, 3, 12)),
        ("12.03.19", date(2019, 3, 12)),
        ("20/01/12", date(2012, 1, 20)),
        ("12 mars 2019", date(2019, 3, 12)),
        ("1er août 2020", date(2020, 8, 1)),
        ("mars 2019", date(2019, 3, 1)),
        ("12-mars-19", date(2019, 3, 12)),
        ("déc. 2020", date(2020, 12, 1)),
        ("5. März 2018", date(2018, 3, 5)),
        ("12 de marzo de 2019", date(2019, 3, 12)),
        ("2019", date(2019, 1, 1)),
        ("03/2019", date(2019, 3, 1)),
        ("Début 2010", date(2010, 1, 1)),
        ("T2 2021", date(2021, 4, 1)),
        ("43536", date(2019, 3, 12)),
        ("2019-03-12", date(2019, 3, 12)),
        ("2019-03-12T00:00:00Z", date(2019, 3, 12)),
        ("20190312", date(2019, 3, 12)),
        ("12/31/2019", date(2019, 12, 31)),
        ("31/02/2019", None),
        ("inconnue", None),
        ("#N/A", None),
        ("99999", None),
        ("bientôt", None),
    ],
)
def test_days_in_the_forms_people_use(text: str, day: date | None) -> None:
    assert date_of(text) == day


@given(day=st.dates(date(1971, 1, 1), date(2069, 12, 31)))
def test_every_day_comes_back_from_its_french_forms(day: date) -> None:
    assert date_of(f"{day:%d/%m/%Y}") == day
    assert date_of(f"{day:%d/%m/%y}") == day
    assert date_of(day.isoformat()) == day


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("dôme", "ptz"),
        ("Dôme PTZ", "ptz"),
        ("Speed-dome", "ptz"),
        ("Caméra dôme motorisée", "ptz"),
        ("domo", "ptz"),
        ("Dôme fixe", "fixe"),
        ("mini-dôme", "fixe"),
        ("bullet", "fixe"),
        ("fija", "fixe"),
        ("VPI", "fixe"),
        ("360°", "panoramique"),
        ("panoramique 180", "panoramique"),
        ("multi-capteurs", "multi_capteur"),
        ("multisensor", "multi_capteur"),
        ("Nomade", "nomade"),
        ("1 PTZ + 2 fixes", "ptz fixe fixe"),
        ("2 dômes et 1 panoramique", "ptz ptz panoramique"),
        ("fixe x3", "fixe fixe fixe"),
    ],
)
def test_kinds_in_many_words(text: str, kinds: str) -> None:
    assert kinds_of(text) == [CameraKind(kind) for kind in kinds.split()]


def test_what_is_no_kind_is_none() -> None:
    assert kinds_of("drone") is None
    assert kind_of("inconnue") is None


@pytest.mark.parametrize(("text", "status"), [("HS", "en_panne"), ("En service", "en_service"), ("déposée", "deposee")])
def test_states_in_words(text: str, status: str) -> None:
    assert status_of(text) is CameraStatus(status)


@pytest.mark.parametrize("text", ["", " - ".strip(), "NC", "n/a", "#N/A", "inconnue", "Non renseigné", "?", "--"])
def test_ways_of_saying_nothing(text: str) -> None:
    assert is_nothing(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2,2996", 2.2996),
        ("-2.28", -2.28),
        ("652 469,02", 652469.02),
        ("652\u202f469,02", 652469.02),
        ("6.874.532,5", 6874532.5),
        ("6,874,532.5", 6874532.5),
        ("1e3", 1000.0),
        ("12 m", 12.0),
        ("abc", None),
        ("1e999", None),
        ("nan", None),
        ("--", None),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("48°59'15.4\"N", 48.987611),
        ("48° 59' 15,4\" N", 48.987611),
        ("N 48 59 15.4", 48.987611),
        ("48°59.257'N", 48.987617),
        ("2°17'58\"O", -2.299444),
        ("2°17'58\"W", -2.299444),
        ("48.9876 N", 48.9876),
        ("48°75'00\"N", None),
        ("rue", None),
    ],
)
def test_sexagesimal_degrees(text: str, degrees: float | None) -> None:
    found = ordinate(text)
    assert found == (pytest.approx(degrees, abs=1e-6) if degrees is not None else None)


@given(lat=st.floats(-89.9, 89.9), lon=st.floats(-179.9, 179.9))
def test_degrees_minutes_seconds_come_back(lat: float, lon: float) -> None:
    def dms(value: float, sides: str) -> str:
        side, rest = sides[value < 0], abs(value)
        minutes = rest % 1 * 60
        return f"{int(rest)}°{int(minutes)}'{minutes % 1 * 60:.5f}\"{side}"

    pair = pair_of(f"{dms(lat, 'NS')} {dms(lon, 'EW')}")
    if "60.00000" not in dms(lat, "NS") + dms(lon, "EW"):
        assert pair is not None
        assert (pair.y, pair.x) == (pytest.approx(lat, abs=1e-7), pytest.approx(lon, abs=1e-7))


@pytest.mark.parametrize(
    "text",
    [
        "48.9876, 2.2996",
        "48.9876,2.2996",
        "48,9876;2,2996",
        "48,9876, 2,2996",
        "48,9876 2,2996",
        "48,9876,2,2996",
        "(48.9876 2.2996)",
        "POINT (2.2996 48.9876)",
        "SRID=4326;POINT(2.2996 48.9876)",
        "[2.2996, 48.9876]",
        '{"type": "Point", "coordinates": [2.2996, 48.9876]}',
        "GPS: 48.9876, 2.2996",
    ],
)
def test_both_coordinates_in_one_cell(text: str) -> None:
    assert pair_of(text) == Pair(2.2996, 48.9876)


@given(text=st.text(max_size=200))
def test_no_text_whatever_raises(text: str) -> None:
    for read in (pair_of, ordinate, date_of, kinds_of, status_of, number_of, plain, crs_named):
        read(text)


@given(lon=st.floats(-1, 6), lat=st.floats(44, 49))
def test_the_system_is_told_by_where_the_points_would_be(lon: float, lat: float) -> None:
    east, north = lambert93(Position(lon, lat))
    assert reading_of([Pair(east, north)] * 3, FRANCE).crs.code == "EPSG:2154"
    swapped = reading_of([Pair(north, east)] * 3, FRANCE)
    assert (swapped.crs.code, swapped.swapped) == ("EPSG:2154", True)
    degrees = reading_of([Pair(lon, lat)], FRANCE)
    assert (degrees.crs.code, degrees.swapped) == ("EPSG:4326", False)
    assert reading_of([Pair(lat, lon)], FRANCE).swapped


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2154", "2154"),
        ("EPSG:2154", "2154"),
        ("Lambert 93", "2154"),
        ("RGF93 CC49", "3949"),
        ("WGS84", "4326"),
        ("Mars", ""),
    ],
)
def test_systems_by_name(text: str, code: str) -> None:
    found = crs_named(text)
    assert (found.code if found else "EPSG:") == f"EPSG:{code}"


@pytest.mark.parametrize(
    "value",
    [
        "rtsp://moi:s3cret@10.0.0.1/x",
        "http://10.0.0.1/?user=moi&password=s3cret",
        "rtsp://h/a?pwd=s3cret;x",
        "//a:s3cret@b",
    ],
)
def test_a_report_shows_no_secret(value: str) -> None:
    assert "s3cret" not in shown("rtsp_main", value)
    assert shown("password", "s3cret") == "•••"
