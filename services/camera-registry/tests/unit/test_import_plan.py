"""From a file to what it changes: communes, positions, several cameras a line, duplicates, diff, real inventories."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camera_registry.domain.authorisation import Authorisation, Finalite, coverage
from camera_registry.domain.camera import Credentials
from camera_registry.domain.commune import Commune
from camera_registry.domain.importing.comparison import Comparison, ImportRefused
from camera_registry.domain.importing.plan import ImportPlan
from camera_registry.domain.position import Area, Position, PositionPrecision, distance_m, lambert93
from camera_registry.inventory_files import InventoryUnreadable
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

Import = Callable[..., Comparison]
DATA = Path(__file__).parent.parent / "data"
HEAD = "code;commune;lon;lat"
SOISY = "95598"


def told(plan: ImportPlan) -> list[tuple[int, str]]:
    return [(issue.line, issue.column) for issue in plan.errors]


def warned(plan: ImportPlan) -> list[tuple[int, str]]:
    return [(issue.line, issue.column) for issue in plan.warnings]


# Real inventories


def test_paris_2019_has_no_coordinates_and_is_placed_but_never_covered(imported: Import) -> None:
    paris = {"75056": Commune("75056", "Paris", Area.disc(Position(2.35, 48.857), 6000))}
    found = imported((DATA / "paris_pvpp_2019_annexe1.csv").read_bytes(), communes=paris)
    plan = found.plan
    assert (len(plan.created), len(plan.errors)) == (1391, 0)
    assert {camera.precision for camera in plan.created} == {PositionPrecision.COMMUNE}
    assert any("au centre de leur commune" in note for note in found.notes)
    assert sum(camera.installed_on is not None for camera in plan.created) == 1331
    first = next(camera for camera in plan.created if camera.code == "46685")
    assert first.installed_on == date(2012, 1, 20)
    assert first.status is CameraStatus.EN_SERVICE
    assert next(camera for camera in plan.created if camera.code == "1058").status is CameraStatus.PROJET
    arrete = an_arrete("75056", count=5000)
    shown = coverage(plan.created, [arrete], {"75056": paris["75056"].contour}, arrete.valid_from)
    assert set(shown.values()) == {None}


def test_paris_by_arrondissement_when_those_are_the_communes(imported: Import) -> None:
    communes = {
        f"751{number:02d}": Commune(
            f"751{number:02d}", f"Paris {number}e", Area.disc(Position(2.3 + number / 100, 48.85), 900)
        )
        for number in range(1, 21)
    }
    plan = imported((DATA / "paris_pvpp_2019_annexe1.csv").read_bytes(), communes=communes).plan
    assert len(plan.created) == 1391
    assert sum(camera.insee == "75116" for camera in plan.created) == 107


def test_trafford_is_refused_here_and_welcome_at_home(imported: Import) -> None:
    content = (DATA / "trafford_cctv.csv").read_bytes()
    away = imported(content).plan
    assert (away.valid, len(away.errors)) == (0, 163)
    assert away.errors[0].message.startswith("Hors du territoire : ce point est à environ 5")
    trafford = {"E08000009": Commune("E08000009", "Trafford", Area.disc(Position(-2.32, 53.42), 12_000))}
    home = imported(content, communes=trafford).plan
    assert (len(home.created), home.errors) == (163, ())
    assert home.created[0].label == "Trafford Wharf Road"
    again = imported(content, communes=trafford, after=home).plan
    assert (again.unchanged, again.writes, again.missing) == (163, False, ())


def test_a_commune_by_hand_takes_what_lies_outside_only_when_asked(imported: Import) -> None:
    content = (DATA / "trafford_cctv.csv").read_bytes()
    assert len(imported(content, commune=SOISY).plan.errors) == 163
    plan = imported(content, commune="Soisy sous Montmorency", outside=True).plan
    assert (len(plan.created), len(plan.errors), len(plan.warnings)) == (163, 0, 163)


# Communes


@pytest.mark.parametrize(
    ("commune", "insee"),
    [
        ("95598", SOISY),
        ("SOISY SOUS MONTMORENCY", SOISY),
        ("Soisy-sous-Montmorency (95230)", SOISY),
        ("95598 - Soisy", SOISY),
        ("Mairie de Soisy-sous-Montmorency", SOISY),
        ("St Gratien", "95555"),
        ("St. Gratien", "95555"),
        ("Saint-Gratien", "95555"),
        ("Enghien", "95210"),
        ("Enghien les Bain", "95210"),
        ("Lyon", None),
        ("75001", None),
    ],
)
def test_communes_as_people_write_them(imported: Import, commune: str, insee: str | None) -> None:
    plan = imported(f"code;commune\nA;{commune}\n").plan
    assert [camera.insee for camera in plan.created] == ([insee] if insee else [])
    assert told(plan) == ([] if insee else [(2, "commune")])


def test_a_commune_is_found_from_the_point_or_the_postcode(imported: Import) -> None:
    assert imported("code;lon;lat\nA;2.3050;48.9690\n").plan.created[0].insee == "95210"
    assert imported("code;code postal\nA;95230\n").plan.created[0].insee == SOISY
    plan = imported(
        "code;commune;lon;lat\nA;95210;2.2840;48.9720\n"
    ).plan  # the postcode of Saint-Gratien is Enghien's INSEE
    assert plan.created[0].insee == "95555"
    doubt = imported("code;commune;lon;lat\nA;Quartier du Lac;2.3050;48.9690\n").plan
    assert (doubt.created[0].insee, warned(doubt)) == ("95210", [(2, "commune")])


def test_the_only_commune_of_a_town_need_not_be_named(imported: Import) -> None:
    one = {SOISY: Commune(SOISY, "Soisy", Area.disc(Position(2.2996, 48.9876), 1500))}
    found = imported("code;libellé\nA;Gare\n", communes=one)
    assert found.plan.created[0].insee == SOISY
    assert any("Aucune colonne de commune" in note for note in found.notes)


@pytest.mark.parametrize("choices", [{"commune": "Lyon"}, {"crs": "Mars"}, {"sheet": "Feuille 9"}])
def test_a_choice_that_fits_nothing_is_told(imported: Import, choices: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused):
        imported(f"{HEAD}\nA;95598;2.2996;48.9876\n", **choices)


# Positions


def test_lambert93_is_recognised_and_converted(imported: Import) -> None:
    spots = [Position(2.2996 + n / 1000, 48.9876) for n in range(4)]
    rows = "".join(f"A{n};95598;{x:.2f};{y:.2f}\n" for n, (x, y) in enumerate(map(lambert93, spots)))
    found = imported(f"code;commune;X;Y\n{rows}".replace(".", ","))
    assert [found.reading.crs.code, found.plan.errors] == ["EPSG:2154", ()]
    for camera, spot in zip(found.plan.created, spots, strict=True):
        assert distance_m(camera.position, spot) < 0.01


def test_swapped_columns_are_put_right_for_a_file_and_refused_for_a_line(imported: Import) -> None:
    rows = "".join(f"A{n};95598;48.98{n};2.29{n}\n" for n in range(5))
    found = imported(f"{HEAD}\n{rows}")
    assert (len(found.plan.created), found.reading.swapped) == (5, True)
    assert any("échangées" in note for note in found.notes)
    one = imported(f"{HEAD}\nA;95598;2.2996;48.9876\nB;95598;2.2997;48.9876\nC;95598;48.9876;2.2996\n").plan
    assert [issue.message for issue in one.errors] == ["Longitude et latitude semblent inversées : échangez-les."]


@pytest.mark.parametrize(
    "cell", ["48.9876, 2.2996", "48°59'15.4\"N 2°17'58.6\"E", "POINT(2.2996 48.9876)", "2.2996 48.9876"]
)
def test_one_column_for_both(imported: Import, cell: str) -> None:
    plan = imported(f"code|commune|coordonnées\nA|95598|{cell}\n").plan
    assert distance_m(plan.created[0].position, Position(2.2996, 48.9876)) < 10
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("cells", "column", "word"),
    [
        (";48.98", "lon", "vide"),
        ("deux;48.98", "lon", "degrés décimaux"),
        ("2.3;98", "lat", "WGS 84"),
        ("648738;48.98", "lon", "système"),
        ("2.40;48.90", "lon", "n'est pas à Soisy"),
    ],
)
def test_a_bad_position_says_how_to_mend_it(imported: Import, cells: str, column: str, word: str) -> None:
    plan = imported(f"{HEAD}\nA;95598;{cells}\nB;95598;2.2996;48.9876\n").plan
    assert told(plan) == [(2, column)]
    assert word in plan.errors[0].message
    assert len(plan.created) == 1


def test_no_position_on_a_line_places_it_at_the_centre_and_says_so(imported: Import) -> None:
    plan = imported(f"{HEAD}\nA;95598;;\nB;95598;0;0\nC;95598;2.2996;48.9876\n").plan
    assert [camera.precision.value for camera in plan.created] == ["commune", "commune", "exact"]
    assert warned(plan) == [(2, "lon"), (3, "lon")]
    placed = imported(f"{HEAD}\nA;95598;2.2996;48.9950\n", after=plan).plan
    assert placed.changes[0].after.precision is PositionPrecision.EXACT
    assert placed.changes[0].after.position == Position(2.2996, 48.9950)


# Several cameras, codes, duplicates


@pytest.mark.parametrize(
    ("header", "row", "kinds"),
    [
        ("nombre de caméras", "3", "fixe fixe fixe"),
        ("type", "1 PTZ + 2 fixes", "ptz fixe fixe"),
        ("type;nombre de caméras", "dôme;2", "ptz ptz"),
        ("caméra 1;caméra 2;caméra 3", "PTZ;panoramique;", "ptz panoramique"),
        ("nb fixes;nb dômes", "2;1", "fixe fixe ptz"),
    ],
)
def test_several_cameras_on_one_line_share_their_site(imported: Import, header: str, row: str, kinds: str) -> None:
    content = f"site;commune;lon;lat;{header}\nGare;95598;2.2996;48.9876;{row}\n"
    plan = imported(content).plan
    assert [camera.kind for camera in plan.created] == [CameraKind(kind) for kind in kinds.split()]
    assert {camera.site_id for camera in plan.created} == {"95598-gare"}
    assert len({camera.code for camera in plan.created}) == len(kinds.split())
    assert imported(content, after=plan).plan.unchanged == len(kinds.split())


def test_codes_listed_in_one_cell_are_cameras(imported: Import) -> None:
    plan = imported(
        "caméras du site;site;commune\nC-12, C-13;Gare;95598\nx;Parc;95598\n", mapping={"cameras": "caméras du site"}
    ).plan
    assert [camera.code for camera in plan.created][:2] == ["C-12", "C-13"]
    assert len(plan.created) == 3


def test_a_count_that_contradicts_the_line_is_told(imported: Import) -> None:
    plan = imported("code;commune;type;nombre de caméras\nA;95598;1 PTZ + 1 fixe;5\nB;95598;fixe;9999\n").plan
    assert (warned(plan)[:1], told(plan), len(plan.created)) == ([(2, "count")], [(3, "count")], 2)


def test_codes_people_write_become_codes_a_register_takes(imported: Import) -> None:
    plan = imported("code;commune\nCaméra n° 12/A;95598\n1001.0;95598\n").plan
    assert [camera.code for camera in plan.created] == ["Camera-n-12-A", "1001"]
    assert (2, "code") in warned(plan)


def test_codes_are_drawn_from_what_is_said_and_stay(imported: Import) -> None:
    rows = ["Gare;2.2996;48.9876", "Parc;2.3001;48.9876", "Parc;2.3005;48.9876", ";2.3009;48.9876"]
    content = "libellé;lon;lat\n" + "\n".join(rows)
    plan = imported(content).plan
    assert len({camera.code for camera in plan.created}) == 4
    again = imported(content.replace("Gare;2.2996", "Gare;2.29961"), after=plan).plan
    assert (len(again.changes), again.unchanged, again.created) == (1, 3, ())


def test_communes_that_each_count_from_one_keep_apart(imported: Import) -> None:
    content = "n°;commune\n1;95598\n2;95598\n1;95210\n2;95210\n"
    plan = imported(content).plan
    assert {camera.code for camera in plan.created} == {"95598-1", "95598-2", "95210-1", "95210-2"}
    assert imported(content, after=plan).plan.unchanged == 4
    assert imported("n°;commune\n1;95210\n", after=plan).plan.unchanged == 1


def test_duplicates_are_told_and_the_first_is_kept(imported: Import) -> None:
    content = f"{HEAD};libellé\nA;95598;2.2996;48.9876;Gare\nA;95598;2.2996;48.9876;Gare\n"
    content += "A;95598;2.3;48.98;Parc\nB;95598;2.2996;48.9876;Gare\n"
    plan = imported(content).plan
    assert [camera.code for camera in plan.created] == ["A", "B"]
    assert warned(plan) == [(3, "code"), (5, "label")]
    assert plan.errors[0].message.startswith("Code déjà présent à la ligne 2")


# Secrets and hostile cells


def test_credentials_leave_the_address_and_no_report_shows_them(imported: Import) -> None:
    found = imported(
        f"{HEAD};rtsp;rtsp secondaire;onvif\nA;95598;2.2996;48.9876;rtsp://moi:s3%20cret@10.0.0.1/x;"
        "rtsp://10.0.0.1/y?user=moi&password=s3cret2&ch=2;http://10.0.0.1/onvif\n"
    )
    (camera,) = found.plan.created
    assert camera.endpoints.main_url == "rtsp://10.0.0.1/x"
    assert camera.endpoints.sub_url == "rtsp://10.0.0.1/y?ch=2"
    assert camera.credentials is not None
    assert (camera.credentials.username, camera.credentials.password) == ("moi", "s3 cret")
    assert "s3" not in str(found.plan.issues) + str(found.mapping)
    assert warned(found.plan) == [(2, "rtsp_main"), (2, "rtsp_sub")]


@pytest.mark.parametrize(
    "url", ["http://x/", "rtsp://x:99999/", "rtsp://a b/", "rtsp://h/user=a&password=s3cret", "ftp://u:s3cret@h"]
)
def test_an_address_that_cannot_be_used_refuses_its_line(imported: Import, url: str) -> None:
    plan = imported(f"{HEAD};rtsp principal\nA;95598;2.2996;48.9876;{url}\n").plan
    assert told(plan) == [(2, "rtsp_main")]
    assert "s3cret" not in str(plan.issues)


def test_an_ip_address_gives_the_onvif_service_and_texts_begin_no_formula(imported: Import) -> None:
    plan = imported(f"{HEAD};adresse ip;libellé\nA;95598;2.2996;48.9876;10.0.0.7;=HYPERLINK(1)\n").plan
    assert plan.created[0].endpoints.onvif_url == "http://10.0.0.7/onvif/device_service"
    assert plan.created[0].label == "HYPERLINK(1)"


def test_the_rest_of_a_line_is_read_too(imported: Import) -> None:
    plan = imported(
        "code;commune;lon;lat;type;état;marque;modèle;n° de série;azimut;angle de vue;portée;hauteur;"
        "date;observations\n"
        "A;95598;2.2996;48.9876;Dôme;HS;Axis;Q6075;AB12;NO;90;120;6,5;mars 2019;à élaguer\n"
        "B;95598;2.2997;48.9876;drone;??;;;;400;x;;;31/02/2019;\n"
    ).plan
    first, second = plan.created
    assert (first.kind, first.has_ptz, first.status) == (CameraKind.PTZ, True, CameraStatus.EN_PANNE)
    assert (first.equipment.manufacturer, first.equipment.model, first.equipment.serial) == ("Axis", "Q6075", "AB12")
    assert first.optics is not None
    assert (first.optics.azimuth_deg, first.optics.opening_deg, first.optics.height_m) == (315, 90, 6.5)
    assert (first.installed_on, first.notes) == (date(2019, 3, 1), "à élaguer")
    assert (second.kind, second.optics) == (CameraKind.FIXE, None)
    assert {column for _, column in warned(plan)} == {"kind", "azimuth_deg", "opening_deg", "installed_on"}


# The diff


def test_a_second_file_is_a_diff_and_nothing_is_deleted(imported: Import) -> None:
    first = imported(
        f"{HEAD};libellé\nA;95598;2.2996;48.9876;Gare\nB;95598;2.2997;48.9876;Parc\nC;95210;2.3050;48.9690;Lac\n"
    ).plan
    second = imported(
        f"{HEAD};libellé\nA;95598;2.2996;48.9876;La gare\nD;95598;2.2998;48.9876;Neuve\n", after=first
    ).plan
    assert [camera.code for camera in second.created] == ["D"]
    (change,) = second.changes
    assert [(one.field, one.before, one.after) for one in change.fields] == [("label", "Gare", "La gare")]
    assert [camera.code for camera in second.missing] == ["B"]
    refused = imported(f"{HEAD}\nA;95598;2.2996;48.9876\nB;95598;oups;48.9876\n", after=first).plan
    assert (told(refused), refused.missing) == ([(3, "lon")], ())


def test_an_empty_cell_keeps_what_is_stored_and_secrets_are_only_told_as_changed(imported: Import) -> None:
    head = f"{HEAD};libellé;rtsp;utilisateur;mot de passe"
    first = imported(f"{head}\nA;95598;2.2996;48.9876;Gare;rtsp://10.0.0.1/x;u;s3cret\n").plan
    plan = imported(f"{head}\nA;95598;;;;;;s3cret2\n", after=first).plan
    (change,) = plan.changes
    assert [(one.field, one.before, one.after) for one in change.fields] == [("credentials", "•••", "••• (changé)")]
    assert (change.after.label, change.after.position) == ("Gare", Position(2.2996, 48.9876))


def test_the_plan_names_itself_and_another_register_names_it_otherwise(imported: Import) -> None:
    content = f"{HEAD};libellé\nA;95598;2.2996;48.9876;Gare\n"
    first = imported(content).plan
    assert first.fingerprint() == imported(content).plan.fingerprint()
    edited = content.replace("Gare", "Parc")
    assert imported(edited).plan.fingerprint() != first.fingerprint()
    change = imported(edited, after=first).plan
    assert change.fingerprint() == imported(edited, after=first).plan.fingerprint()
    again = imported(edited.replace("Parc", "Lac"), after=change).plan
    assert again.fingerprint() != change.fingerprint()


@pytest.mark.parametrize("kind", list(CameraKind))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    metres=st.floats(0, 900), status=st.sampled_from([one for one in CameraStatus if one is not CameraStatus.DEPOSEE])
)
def test_an_import_never_moves_a_camera_that_stands(
    imported: Import, kind: CameraKind, metres: float, status: CameraStatus
) -> None:
    head = "code;commune;lon;lat;type;état\n"
    first = imported(f"{head}A;95598;2.2996;48.9850;{kind.value};{status.value}\n").plan
    moved = imported(f"{head}A;95598;2.2996;{48.9850 + metres / 111_200:.7f};;\n", after=first).plan
    standing = status not in {CameraStatus.PROJET, CameraStatus.ETUDE}
    if standing and metres > 51:
        assert told(moved) == [(2, "lon")]
        assert (moved.changes, moved.sites) == ((), ())
    elif not standing or metres < 49:
        assert moved.errors == ()
    if standing and kind is CameraKind.NOMADE:
        assert moved.changes == ()


@pytest.mark.parametrize(
    ("present", "wanted", "refused"),
    [
        ("projet", "en service", True),
        ("autorisée", "en service", True),
        ("projet", "étude", False),
        ("en service", "en panne", False),
        ("en service", "projet", True),
    ],
)
def test_a_file_skips_no_step_of_a_cameras_life(imported: Import, present: str, wanted: str, refused: bool) -> None:  # noqa: FBT001
    first = imported(f"{HEAD};état\nA;95598;2.2996;48.9876;{present}\n").plan
    plan = imported(f"{HEAD};état\nA;95598;2.2996;48.9876;{wanted}\n", after=first).plan
    assert told(plan) == ([(2, "status")] if refused else [])
    assert len(plan.changes) == (not refused)


def test_an_installed_camera_does_not_become_nomad_by_a_file(imported: Import) -> None:
    first = imported(f"{HEAD};type\nA;95598;2.2996;48.9876;nomade\nB;95598;2.2996;48.9876;fixe\n").plan
    plan = imported(f"{HEAD};type\nA;95598;2.2996;48.9876;fixe\nB;95598;2.2996;48.9876;nomade\n", after=first).plan
    assert (told(plan), plan.changes) == ([(2, "kind"), (3, "kind")], ())


def test_no_camera_changes_commune_and_a_removed_one_stays_removed(imported: Import) -> None:
    first = imported(f"{HEAD};état\nA;95598;2.2996;48.9876;\n").plan
    away = imported(f"{HEAD}\nA;95210;2.3050;48.9690\n", after=first).plan
    assert (told(away), away.changes, away.sites) == ([(2, "commune")], (), ())
    gone = imported(f"{HEAD};état\nA;95598;2.2996;48.9876;déposée\n", after=first).plan
    back = imported(f"{HEAD};état\nA;95598;2.2996;48.9876;en service\n", after=gone).plan
    assert told(back) == [(2, "status")]
    assert told(imported(f"{HEAD};état\nZ;95598;2.2996;48.9876;déposée\n").plan) == [(2, "status")]


def test_a_code_taken_elsewhere_is_refused_without_saying_where(imported: Import) -> None:
    first = imported(f"{HEAD}\nA;95598;2.2996;48.9876\n").plan
    enghien = {"95210": Commune("95210", "Enghien-les-Bains", Area.disc(Position(2.3050, 48.9690), 800))}
    plan = imported(f"{HEAD}\nA;95210;2.3050;48.9690\n", after=first, communes=enghien).plan
    assert told(plan) == [(2, "code")]
    assert SOISY not in plan.errors[0].message


NAMES = [
    *("code", "commune", "lon", "lat", "type", "nombre de caméras", "rtsp", "site", "coordonnées", "caméra 1"),
    *("caméra 2", "date", "cp", "azimut", "?"),
]
CELLS = st.sampled_from(
    [
        "",
        "A",
        "95598",
        "Enghien",
        "2.2996",
        "48.9876",
        "48.98, 2.29",
        "1 PTZ + 1 fixe",
        "3",
        "99",
        "rtsp://u:p@h/x",
        "=1",
        "mars 2019",
        "x",
    ]
) | st.text(max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8),
    rows=st.lists(st.lists(CELLS, max_size=8), max_size=6),
)
def test_no_table_whatever_raises_and_the_same_again_changes_nothing(
    imported: Import, header: list[str], rows: list[list[str]]
) -> None:
    text = "\n".join("\x1f".join(" ".join(cell.split()) for cell in row) for row in [header, *rows])
    content = text.replace("|", " ").replace("\x1f", "|").encode("utf-8", "replace")
    try:
        plan = imported(content).plan
        again = imported(content, after=plan).plan
    except (ImportRefused, InventoryUnreadable):
        return
    assert again.created == ()
    assert again.unchanged + len(again.changes) + len(again.errors) >= len(plan.created) - len(plan.errors)
    assert not again.changes


@given(good=st.sets(st.integers(0, 99), max_size=20), bad=st.sets(st.integers(100, 199), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bad_lines_never_cost_a_good_one(imported: Import, good: set[int], bad: set[int]) -> None:
    rows = [f"C-{n};95598;2.2996;48.9876\n" for n in good] + [f"C-{n};95598;ici;là\n" for n in bad]
    if not rows:
        return
    plan = imported(f"{HEAD}\n{''.join(sorted(rows, key=hash))}").plan
    assert {camera.code for camera in plan.created} == {f"C-{number}" for number in good}
    assert len(plan.errors) == len(bad)


def an_arrete(insee: str, *, count: int) -> Authorisation:
    return Authorisation(
        authorisation_id="AP-1",
        arrete_number="75-2026-1",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2030, 1, 1, tzinfo=UTC),
        communes=(insee,),
        camera_count=count,
        finalites=(Finalite.SECURITE_PERSONNES_BIENS,),
        recipients=(OrganisationKind.POLICE_NATIONALE,),
        retention_days=14,
        mode=OperatingMode.DIRECT,
    )


def test_an_address_that_changes_keeps_no_password(imported: Import) -> None:
    head = f"{HEAD};rtsp;utilisateur;mot de passe"
    first = imported(f"{head}\nA;95598;2.2996;48.9876;rtsp://10.0.0.1/x;u;s3cret\n").plan
    moved = "A;95598;2.2996;48.9876;rtsp://10.0.0.2/x"
    (change,) = imported(f"{head}\n{moved};;\n", after=first).plan.changes
    assert change.after.credentials is None
    assert [(one.before, one.after) for one in change.fields if one.field == "credentials"] == [
        ("•••", "retirés : adresse changée")
    ]
    (named,) = imported(f"{head}\n{moved};u2;\n", after=first).plan.changes
    assert named.after.credentials == Credentials("u2", "")
    (given,) = imported(f"{head}\n{moved};u;s3cret\n", after=first).plan.changes
    assert given.after.credentials == Credentials("u", "s3cret")
