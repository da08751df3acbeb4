"""The ground of an arrêté: what is read, what is refused and how that is said; edges, holes, several parts, moves."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import Authorisation, AuthorisationInvalid, Finalite, coverage, places
from camera_registry.domain.camera import Camera
from camera_registry.domain.perimeter import (
    MAX_CORNERS,
    ListedPosition,
    PerimeterInvalid,
    check_positions,
    check_within,
    read_perimeter,
)
from camera_registry.domain.position import Area, Position, distance_m
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

SOISY = "95598"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CENTRE = Position(2.2996, 48.9876)
CONTOURS = {SOISY: Area.disc(CENTRE, 2000)}
WEST, SOUTH, EAST, NORTH = 2.29, 48.98, 2.31, 48.995
SQUARE = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH], [WEST, SOUTH]]
HOLE = [[2.298, 48.985], [2.302, 48.985], [2.302, 48.99], [2.298, 48.99], [2.298, 48.985]]
BOW = [[2.29, 48.98], [2.31, 48.995], [2.31, 48.98], [2.29, 48.995], [2.29, 48.98]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def camera(camera_id: str = "C-1", position: Position = CENTRE, **changes: Any) -> Camera:
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "code": camera_id,
        "label": "Caméra",
        "insee": SOISY,
        "site_id": "S-1",
        "kind": CameraKind.NOMADE,
        "status": CameraStatus.EN_SERVICE,
        "position": position,
        "registered_at": NOON,
    } | changes
    return Camera(**values)


def arrete(**changes: Any) -> Authorisation:
    values: dict[str, Any] = {
        "authorisation_id": "A-1",
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
    return Authorisation(**values)


def findings(document: Any) -> list[str]:
    with pytest.raises(PerimeterInvalid) as refused:
        read_perimeter(document)
    return [f"{one.where} : {one.message}" for one in refused.value.findings]


LONS = st.one_of(st.sampled_from([WEST, 2.298, 2.302, EAST]), st.floats(2.285, 2.315))
LATS = st.one_of(st.sampled_from([SOUTH, 48.985, 48.99, NORTH]), st.floats(48.975, 49.0))


@given(lon=LONS, lat=LATS)
def test_a_border_belongs_to_the_perimeter_and_so_does_the_border_of_a_hole(lon: float, lat: float) -> None:
    one = arrete(perimeter=read_perimeter(polygon(SQUARE, HOLE)))
    inside = WEST <= lon <= EAST and SOUTH <= lat <= NORTH
    in_hole = 2.298 < lon < 2.302 and 48.985 < lat < 48.99
    assert one.encloses(camera(position=Position(lon, lat)), CONTOURS) == (inside and not in_hole)


@given(lon=LONS, lat=LATS, parts=st.permutations(["west", "east", "hole"]))
def test_several_parts_are_one_perimeter_in_any_order_and_in_any_kind_of_file(
    lon: float, lat: float, parts: list[str]
) -> None:
    rings = {
        "west": [[WEST, SOUTH], [2.298, SOUTH], [2.298, NORTH], [WEST, NORTH], [WEST, SOUTH]],
        "east": [[2.302, SOUTH], [EAST, SOUTH], [EAST, NORTH], [2.302, NORTH], [2.302, SOUTH]],
        "hole": HOLE,
    }
    multi = {"type": "MultiPolygon", "coordinates": [[rings[part]] for part in parts]}
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": polygon(rings[part])} for part in parts],
    }
    between = 2.298 < lon < 2.302 and not 48.985 <= lat <= 48.99
    inside = WEST <= lon <= EAST and SOUTH <= lat <= NORTH and not between
    for document in (multi, collection):
        assert read_perimeter(document).contains(Position(lon, lat)) == inside


@given(
    moves=st.lists(st.tuples(LONS, LATS), min_size=1, max_size=6),
    count=st.integers(1, 3),
)
def test_a_camera_that_moves_is_covered_exactly_while_it_stands_inside(
    moves: list[tuple[float, float]], count: int
) -> None:
    one = arrete(perimeter=read_perimeter(polygon(SQUARE)), camera_count=count)
    fixed = [camera(f"C-{number}", registered_at=NOON + timedelta(days=1)) for number in range(3)]
    nomad = camera("N-1")
    for lon, lat in moves:
        nomad = replace(nomad, position=Position(lon, lat))
        inside = WEST <= lon <= EAST and SOUTH <= lat <= NORTH
        held = places(one, [nomad, *fixed], CONTOURS)
        assert ("N-1" in held) == inside  # registered first: served first whenever it is inside
        assert len(held) == min(count, 3 + inside)
        shown = coverage([nomad, *fixed], [one], CONTOURS, NOON)
        assert {camera_id for camera_id, arrete_ in shown.items() if arrete_ is one} == held


@given(metres=st.floats(0, 60), bearing=st.floats(0, 2 * math.pi), radius=st.floats(1, 60))
def test_a_listed_position_holds_what_is_within_its_radius(metres: float, bearing: float, radius: float) -> None:
    north = metres * math.cos(bearing) / 111_320.0
    east = metres * math.sin(bearing) / (111_320.0 * math.cos(math.radians(CENTRE.lat)))
    there = Position(CENTRE.lon + east, CENTRE.lat + north)
    one = arrete(positions=(ListedPosition(CENTRE, radius),))
    assert one.encloses(camera(position=there), CONTOURS) == (distance_m(CENTRE, there) <= radius)
    assert not one.encloses(camera(position=there, insee="95210"), CONTOURS)


def test_a_self_crossing_polygon_is_told_with_its_place() -> None:
    (told,) = findings(polygon(BOW))
    assert "polygone 1 : le contour se croise lui-même près de 2.3" in told


def test_everything_wrong_is_told_at_once() -> None:
    features = [
        {"type": "Feature", "properties": {}, "geometry": polygon(BOW)},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [2, 48]}},
        {"type": "Feature", "properties": {}, "geometry": polygon(SQUARE[:-1])},
    ]
    told = findings({"type": "FeatureCollection", "features": features})
    assert sorted(one.split(" : ")[0] for one in told) == ["objet 2", "polygone 1", "polygone 2"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "n'est pas une surface"),
        ({"type": "Point", "coordinates": [2, 48]}, "n'est pas une surface"),
        ({"type": "FeatureCollection", "features": []}, "ne contient aucun polygone"),
        (polygon(), "coordonnées manquent"),
        (polygon([["2.3", "48.9"]]), "en nombres"),  # pyright: ignore[reportArgumentType]
        (polygon([[math.nan, 48.0]] * 4), "en nombres"),
        (polygon(SQUARE[:3]), "n'est pas fermé"),
        (polygon([[652_000.0, 6_872_000.0]] * 4), "Lambert-93"),
        (polygon([[200.0, 48.0]] * 4), "WGS 84"),
        (polygon(SQUARE, [[2.4, 48.98], [2.41, 48.98], [2.41, 48.99], [2.4, 48.98]]), "trou"),
        (polygon([[2.3, 48.9], [2.4, 48.9], [2.3, 48.9], [2.4, 48.9], [2.3, 48.9]]), "polygone"),
    ],
)
def test_what_is_no_perimeter_is_refused_in_words(document: dict[str, Any], words: str) -> None:
    assert words in " ".join(findings(document))


def test_a_tracing_with_too_many_corners_is_refused() -> None:
    turn = 2 * math.pi / MAX_CORNERS
    ring = [[2.3 + 0.01 * math.cos(i * turn), 48.9 + 0.01 * math.sin(i * turn)] for i in range(MAX_CORNERS)]
    assert "sommets" in findings(polygon([*ring, ring[0]]))[0]


@given(
    text=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["type", "coordinates", "features", "geometry", "geometries"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    ),
    kind=st.sampled_from(["Polygon", "MultiPolygon", "Feature", "FeatureCollection", "GeometryCollection"]),
)
def test_no_document_whatever_breaks_the_reader(text: Any, kind: str) -> None:
    with pytest.raises(PerimeterInvalid) as refused:
        read_perimeter({"type": kind, "coordinates": text, "features": text, "geometry": text})
    assert refused.value.findings


def test_a_perimeter_outside_its_communes_is_refused_and_a_swapped_one_recognised() -> None:
    far = [[lon + 1, lat] for lon, lat in SQUARE]
    swapped = [[lat, lon] for lon, lat in SQUARE]
    wide = [[2.2, 48.98], [2.4, 48.98], [2.4, 48.995], [2.2, 48.995], [2.2, 48.98]]
    for ring, words in ((far, "tout entier hors"), (swapped, "sont échangées"), (wide, "ha en dehors")):
        with pytest.raises(PerimeterInvalid, match=words):
            check_within(read_perimeter(polygon(ring)), CONTOURS)
    check_within(read_perimeter(polygon(SQUARE)), CONTOURS)


def test_a_generalised_contour_may_be_passed_by_a_little() -> None:
    check_within(Area.disc(CENTRE, 2150), CONTOURS)
    with pytest.raises(PerimeterInvalid):
        check_within(Area.disc(CENTRE, 2400), CONTOURS)


def test_listed_positions_are_checked_against_the_communes() -> None:
    good = ListedPosition(CENTRE, 30, "Mairie")
    check_positions([good], CONTOURS)
    wrong = ListedPosition(Position(CENTRE.lat, CENTRE.lon), 30, "Gare")
    with pytest.raises(PerimeterInvalid, match=r"position 2 \(Gare\).*échangées"):
        check_positions([good, wrong], CONTOURS)
    for radius in (0.0, -1.0, 501.0, math.inf, math.nan):
        with pytest.raises(PerimeterInvalid, match="rayon"):
            ListedPosition(CENTRE, radius)


def test_a_perimeter_and_listed_positions_exclude_each_other() -> None:
    with pytest.raises(AuthorisationInvalid, match="pas les deux"):
        arrete(perimeter=CONTOURS[SOISY], positions=(ListedPosition(CENTRE, 30),))
