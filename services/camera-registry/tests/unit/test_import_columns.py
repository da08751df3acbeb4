"""Which column holds what: seven languages, stray lines, and the corrections of a person."""

import pytest

from camera_registry.domain.importing.columns import MappingInvalid, confirmed, fingerprint, guess
from camera_registry.domain.importing.table import Table, table_of
from camera_registry.inventory_files import read_inventory


def table(text: str) -> Table:
    return table_of(read_inventory(text.encode()).sheets[0])


def mapped(text: str) -> dict[str, str]:
    read = table(text)
    return {field: ", ".join(read.header[column] for column in one.columns) for field, one in guess(read).items()}


ROW = "C-1;Rue de la Paix;Soisy-sous-Montmorency;2.2996;48.9876;PTZ;12/03/2019\n"
HEADERS = {
    "fr": "Identifiant;Libellé;Commune;Longitude;Latitude;Type;Date de mise en service\n",
    "fr 2": "N° caméra;Emplacement caméra;Ville;Coord. X;Coord. Y;Type de caméra;Année d'installation\n",
    "en": "Camera ID;Location;Town;Longitude;Latitude;Camera type;Install date\n",
    "es": "Código cámara;Ubicación;Municipio;Longitud;Latitud;Tipo de cámara;Fecha de instalación\n",
    "de": "Kamera-Nr.;Standort;Gemeinde;Längengrad;Breitengrad;Kameratyp;Installationsdatum\n",
    "it": "Codice telecamera;Posizione;Comune;Longitudine;Latitudine;Tipo telecamera;Data installazione\n",
    "nl": "Cameranummer;Omschrijving;Gemeente;Lengtegraad;Breedtegraad;Soort;Installatiedatum\n",
    "pt": "Código da câmara;Localização;Concelho;Longitude;Latitude;Tipo de câmara;Data de instalação\n",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_headers_in_seven_languages(header: str) -> None:
    names = header.strip().split(";")
    wanted = dict(zip(["code", "label", "commune", "lon", "lat", "kind", "installed_on"], names, strict=True))
    assert mapped(header + ROW) == wanted


def test_values_tell_what_names_do_not() -> None:
    rows = "".join(
        f"A{n};rtsp://10.0.0.{n}/x;10.0.0.{n};48.98{n}, 2.29{n};dôme;12/03/20{n:02d}\n" for n in range(10, 20)
    )
    found = mapped("code;c1;c2;c3;c4;c5\n" + rows)
    assert found == {
        "code": "code",
        "rtsp_main": "c1",
        "ip": "c2",
        "coordinates": "c3",
        "kind": "c4",
        "installed_on": "c5",
    }


def test_a_name_is_not_enough_when_values_say_otherwise() -> None:
    read = table("code;type;x;y\nA;propriété communale;Gare;Nord\nB;propriété privée;Parc;Sud\n")
    found = guess(read)
    assert "lon" not in found
    assert found["kind"].confidence < 0.5 if "kind" in found else True


def test_the_header_stands_under_titles_and_over_data() -> None:
    text = "Ville de X\n;;Mise à jour : mars 2024\n;;\n"
    text += "Identifiant;Libellé;Latitude;Longitude\nA;Gare;48.98;2.29\nTotal;1;;\n"
    read = table(text)
    assert (read.header_line, read.rows) == (4, [(5, ["A", "Gare", "48.98", "2.29"])])
    assert read.skipped == [(6, "Total")]


def test_a_header_repeated_half_way_is_no_camera() -> None:
    read = table("code;libellé;lat;lon\nA;x;48.98;2.29\ncode;libellé;lat;lon\nB;y;48.98;2.29\n")
    assert [cells[0] for _, cells in read.rows] == ["A", "B"]
    assert read.skipped == [(3, "en-tête répété")]


def test_a_file_without_header_keeps_its_first_camera() -> None:
    read = table("A1;48.9876;2.2996\nA2;48.9877;2.2997\n")
    assert read.header == ("Colonne A", "Colonne B", "Colonne C")
    assert len(read.rows) == 2


def test_two_columns_of_one_name_stay_apart() -> None:
    assert table("code;nom;nom\nA;b;c\n").header == ("code", "nom", "nom (2)")


def test_a_person_corrects_the_guess_and_a_column_serves_once() -> None:
    read = table("code;nom;ref\nA;b;C-1\n")
    found = confirmed(read, {"code": "REF"})
    assert found["code"].columns == (2,)
    assert found["label"].columns == (1,)
    assert "label" not in confirmed(read, {"label": ""})
    assert confirmed(read, {"site": "code"}).keys() >= {"site", "label"}
    assert "code" not in confirmed(read, {"site": "code", "code": []})


@pytest.mark.parametrize(
    ("mapping", "word"),
    [({"couleur": "nom"}, "Champ inconnu"), ({"code": "zzz"}, "zzz"), ({"code": ["code", "nom"]}, "une")],
)
def test_a_mapping_that_fits_nothing_is_told(mapping: dict[str, str | list[str]], word: str) -> None:
    with pytest.raises(MappingInvalid, match=word):
        confirmed(table("code;nom\nA;b\n"), mapping)


def test_the_fingerprint_sees_no_accents_nor_case() -> None:
    assert fingerprint(["Libellé", "N°"]) == fingerprint(["LIBELLE ", "n"])
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])


def test_samples_show_no_secret() -> None:
    read = table("code;rtsp principal;mot de passe\nA;rtsp://u:s3cret@h/x;s3cret\n")
    assert "s3cret" not in str({field: one.samples for field, one in guess(read).items()})
