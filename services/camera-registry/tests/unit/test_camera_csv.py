"""Reading and comparing a town's list: forms of file, errors by line, nothing lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_csv import CameraLine, read_camera_file
from camera_registry.domain.camera_import import Registered, plan_import
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.position import Area, Position
from contracts.registry import CameraKind, CameraStatus

AT = datetime(2026, 6, 1, tzinfo=UTC)
SOISY = Commune("95598", "Soisy-sous-Montmorency", Area.disc(Position(2.2996, 48.9876), 1500))
ENGHIEN = Commune("95210", "Enghien-les-Bains", Area.disc(Position(2.3050, 48.9690), 800))


def registered(cameras: tuple[Camera, ...] = (), sites: tuple[Site, ...] = ()) -> Registered:
    return Registered(
        communes={"95598": SOISY, "95210": ENGHIEN},
        sites={site.site_id: site for site in sites},
        cameras={camera.camera_id: camera for camera in cameras},
    )


def read(text: str) -> tuple[CameraLine, ...]:
    file = read_camera_file(text.encode())
    assert file.errors == ()
    return file.lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_form_of_file_reads_alike(encoding: str, separator: str, ending: str) -> None:
    rows = [
        ["Identifiant", "Libellé", "Code INSEE", "Longitude", "Latitude", "Type", "État"],
        ["C-1", "Église – été", "95598", "2.2996", "48.9876", "Dôme", "En service"],
    ]
    content = ending.join(separator.join(row) for row in rows).encode(encoding)
    file = read_camera_file(content)
    assert file.errors == ()
    (line,) = file.lines
    assert line.label == "Église – été"
    assert line.kind is CameraKind.PTZ
    assert line.status is CameraStatus.EN_SERVICE
    assert line.position == Position(2.2996, 48.9876)


def test_a_decimal_comma_and_a_quoted_line_break_are_read() -> None:
    lines = read('code;label;commune;lon;lat\nC-1;"Angle\nde rue";95598;2,2996;48,9876\nC-2;b;95598;2,3;48,98\n')
    assert [line.line for line in lines] == [2, 4]
    assert lines[0].position == Position(2.2996, 48.9876)


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (";2.3;48.98;fixe;", "code", "obligatoire"),
        ("C 1;2.3;48.98;fixe;", "code", "caractères"),
        ("C-1;deux;48.98;fixe;", "lon", "degrés décimaux"),
        ("C-1;nan;48.98;fixe;", "lon", "Hors limites"),
        ("C-1;648738;48.98;fixe;", "lon", "WGS 84"),
        ("C-1;2.3;98;fixe;", "lat", "WGS 84"),
        ("C-1;2.3;48.98;drone;", "kind", "Valeurs admises"),
        ("C-1;2.3;48.98;fixe;http://x/", "rtsp_main", "rtsp://"),
        ("C-1;2.3;48.98;fixe;rtsp://u:secret@x/", "rtsp_main", "colonnes"),
        ("C-1;2.3;48.98;fixe;rtsp://x:99999/", "rtsp_main", "illisible"),
    ],
)
def test_each_error_names_its_column_and_says_how_to_mend(row: str, column: str, word: str) -> None:
    file = read_camera_file(f"code;lon;lat;type;rtsp_main;commune\n{row};95598\n".encode())
    (error,) = file.errors
    assert (error.line, error.column) == (2, column)
    assert word in error.message
    assert "secret" not in error.value


def test_a_missing_column_is_told_once() -> None:
    file = read_camera_file(b"code;lon\nC-1;2.3\n")
    assert [error.column for error in file.errors] == ["commune", "lat"]
    assert file.lines == ()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"code;commune;lon;lat\n"])
def test_an_empty_or_foreign_file_breaks_nothing(content: bytes) -> None:
    assert read_camera_file(content).lines == ()


@given(content=st.binary(max_size=300))
def test_no_content_whatever_raises(content: bytes) -> None:
    plan = plan_import(read_camera_file(b"code;commune;lon;lat;rtsp_main\n" + content), registered(), AT)
    assert plan.valid == len(plan.created)


@given(
    good=st.lists(st.integers(0, 99), unique=True, max_size=20),
    bad=st.lists(st.integers(100, 199), unique=True, max_size=20),
)
def test_bad_lines_never_cost_a_good_one(good: list[int], bad: list[int]) -> None:
    rows = [(number, f"C-{number};95598;2.2996;48.9876\n") for number in good]
    rows += [(number, f"C-{number};95598;ici;là\n") for number in bad]
    text = "code;commune;lon;lat\n" + "".join(row for _, row in sorted(rows, key=lambda each: each[0] * 7 % 31))
    plan = plan_import(read_camera_file(text.encode()), registered(), AT)
    assert {camera.camera_id for camera in plan.created} == {f"C-{number}" for number in good}
    assert len(plan.errors) == len(bad)


def test_a_code_twice_keeps_the_first() -> None:
    file = read_camera_file(b"code;commune;lon;lat\nA;95598;2.2996;48.9876\nA;95598;2.3;48.98\n")
    assert [line.line for line in file.lines] == [2]
    assert file.errors[0].message.startswith("Code déjà présent à la ligne 2")


def test_the_same_file_again_changes_nothing() -> None:
    text = "code;commune;lon;lat;site;rtsp_main;username;password\nA;Soisy sous Montmorency;2.2996;48.9876;Gare;rtsp://h/1;u;p\n"
    first = plan_import(read_camera_file(text.encode()), registered(), AT)
    again = plan_import(read_camera_file(text.encode()), registered(first.created, first.sites), AT)
    assert (again.created, again.changed, again.sites, again.unchanged) == ((), (), (), 1)


def test_swapped_coordinates_are_recognised() -> None:
    plan = plan_import(read_camera_file(b"code;commune;lon;lat\nA;95598;48.9876;2.2996\n"), registered(), AT)
    assert plan.errors[0].message == "Longitude et latitude semblent inversées : échangez-les."


def test_a_point_in_another_commune_is_an_error() -> None:
    plan = plan_import(read_camera_file(b"code;commune;lon;lat\nA;95598;2.3050;48.9650\n"), registered(), AT)
    assert plan.errors[0].message.startswith("Ce point n'est pas à Soisy-sous-Montmorency")


def test_cameras_of_one_site_share_it() -> None:
    text = (
        "code;commune;lon;lat;site\nA;95598;2.2996;48.9876;Gare\nB;95598;2.2997;48.9876;GARE\nC;95598;2.2997;48.9876;\n"
    )
    plan = plan_import(read_camera_file(text.encode()), registered(), AT)
    assert [camera.site_id for camera in plan.created] == ["95598-gare", "95598-gare", "C-S"]
    assert [site.site_id for site in plan.sites] == ["95598-gare", "C-S"]


def test_a_code_taken_elsewhere_is_refused_without_saying_where() -> None:
    text = b"code;commune;lon;lat\nA;95598;2.2996;48.9876\n"
    taken = plan_import(read_camera_file(text), registered(), AT).created
    only_enghien = Registered({"95210": ENGHIEN}, {}, {"A": taken[0]})
    plan = plan_import(read_camera_file(b"code;commune;lon;lat\nA;95210;2.3050;48.9690\n"), only_enghien, AT)
    assert [error.column for error in plan.errors] == ["code"]
    assert "95598" not in plan.errors[0].message


@given(
    metres=st.floats(0, 900),
    kind=st.sampled_from(CameraKind),
    status=st.sampled_from(CameraStatus),
)
def test_only_a_nomad_or_a_camera_that_is_not_in_service_may_go_far(
    metres: float, kind: CameraKind, status: CameraStatus
) -> None:
    head = "code;commune;lon;lat;type;état\n"
    row = f"A;95598;2.2996;48.9850;{kind.value};{status.value}\n"
    first = plan_import(read_camera_file((head + row).encode()), registered(), AT)
    moved = f"A;95598;2.2996;{48.9850 + metres / 111_200:.7f};;\n"
    plan = plan_import(read_camera_file((head + moved).encode()), registered(first.created, first.sites), AT)
    standing = status in {CameraStatus.EN_SERVICE, CameraStatus.EN_PANNE} and kind is not CameraKind.NOMADE
    if standing and metres > 51:
        assert [error.column for error in plan.errors] == ["lon"]
        assert (plan.changed, plan.sites) == ((), ())
    elif not standing or metres < 49:
        assert plan.errors == ()


def test_no_camera_changes_commune_by_an_import_and_no_site_is_made_for_it() -> None:
    first = plan_import(
        read_camera_file(b"code;commune;lon;lat;type\nA;95598;2.2996;48.9876;nomade\n"), registered(), AT
    )
    again = b"code;commune;lon;lat;site\nA;95210;2.3050;48.9690;Casino\n"
    plan = plan_import(read_camera_file(again), registered(first.created, first.sites), AT)
    assert [error.column for error in plan.errors] == ["commune"]
    assert (plan.created, plan.changed, plan.sites) == ((), (), ())
