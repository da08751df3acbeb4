"""Importing a town's list over HTTP: dry-run, idempotence, bad lines, who may."""

import asyncio
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from camera_registry.repository.cameras import all_cameras, lock_register
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY
from contracts.access import RegisterEntry
from contracts.envelope import Envelope
from contracts.registry import CameraState

from .conftest import Registry

pytestmark = pytest.mark.integration

HEADER = "code;libellé;commune;longitude;latitude;type;état;implantation;rtsp principal;utilisateur;mot de passe\n"
GOOD = (
    "N-1;Angle rue de la Paix;Soisy-sous-Montmorency;2,2996;48,9876;dôme;en service;Paix;"
    "rtsp://10.1.2.3/main;lecteur;s3cret-paix\n"
    "N-2;Angle rue de Verdun;95598;2.3001;48.9880;fixe;en service;Verdun;;;\n"
)
BAD = (
    "N-3;Sans position;95598;;48.98;fixe;;;;;\n"
    "N-4;Inversée;95598;48.9876;2.2996;fixe;;;;;\n"
    "N-5;Ailleurs;Lyon;4.83;45.76;fixe;;;;;\n"
    "N-6;Secret dans l'adresse;95598;2.30;48.988;fixe;;;rtsp://moi:motdepasse@10.0.0.1/x;;\n"
)


async def post(
    registry: Registry, content: bytes, *, dry_run: bool, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await registry.client.post(
        "/api/registry/cameras/imports",
        params={"dry_run": dry_run},
        files={"file": ("cameras.csv", content, "text/csv")},
        headers=headers or registry.machine("cameras.write"),
    )


async def total(registry: Registry) -> int:
    async with registry.database.transaction() as conn:
        return len(await all_cameras(conn, registry.vault))


async def test_a_dry_run_tells_everything_and_writes_nothing(registry: Registry) -> None:
    before = await total(registry)
    answer = await post(registry, (HEADER + GOOD + BAD).encode("cp1252"), dry_run=True)
    assert answer.status_code == 200
    report = answer.json()
    assert (report["valid"], report["invalid"], report["created"]) == (3, 3, 3)
    assert [(error["line"], error["column"]) for error in report["errors"]] == [(4, "lon"), (5, "lon"), (6, "commune")]
    assert [(each["line"], each["column"]) for each in report["warnings"]] == [(7, "rtsp_main")]
    assert report["file"]["encoding"] == "windows-1252"
    assert "motdepasse" not in answer.text
    assert "s3cret-paix" not in answer.text
    assert await total(registry) == before


async def test_an_import_keeps_the_good_lines_and_a_second_one_changes_nothing(registry: Registry) -> None:
    before = await total(registry)
    content = b"\xef\xbb\xbf" + (HEADER + GOOD + BAD).encode()
    first = (await post(registry, content, dry_run=False)).json()
    assert (first["created"], first["changed"], first["unchanged"], first["invalid"]) == (3, 0, 0, 3)
    second = (await post(registry, content, dry_run=False)).json()
    assert (second["created"], second["changed"], second["unchanged"], second["invalid"]) == (0, 0, 3, 3)
    assert await total(registry) == before + 3
    source = await registry.client.get(
        "/api/registry/internal/cameras/N-6/source", headers=registry.machine("cameras.source")
    )
    assert source.json() == {
        "main_url": "rtsp://10.0.0.1/x",
        "sub_url": None,
        "onvif_url": None,
        "username": "moi",
        "password": "motdepasse",
        "masks": {"revision": "", "turns": False, "views": [], "head": None},
    }
    answer = await registry.client.get("/api/registry/cameras/N-1", headers=registry.agent("op.soisy"))
    camera = answer.json()
    assert camera["has_ptz"] is True
    assert camera["site_id"] == f"{SOISY}-paix"
    assert camera["authorisation"]["arrete_number"].startswith("95-")


async def test_a_changed_line_is_one_change_and_an_empty_cell_keeps_what_is_stored(registry: Registry) -> None:
    await post(registry, (HEADER + GOOD).encode(), dry_run=False)
    line = "N-1;Nouveau libellé;95598;2.2996;48.9876;;;;;;\n"
    report = (await post(registry, (HEADER + line).encode(), dry_run=False)).json()
    assert (report["created"], report["changed"], report["unchanged"]) == (0, 1, 0)
    answer = await registry.client.get(
        "/api/registry/internal/cameras/N-1/source", headers=registry.machine("cameras.source")
    )
    source = answer.json()
    assert source["main_url"] == "rtsp://10.1.2.3/main"
    assert (source["username"], source["password"]) == ("lecteur", "s3cret-paix")


async def test_the_state_reaches_the_bus_without_any_secret(registry: Registry) -> None:
    await post(registry, (HEADER + GOOD).encode(), dry_run=False)
    guard = registry.parts.app.state.guard

    async def state() -> CameraState | None:
        return guard.cameras.get("N-1")

    known = await eventually(state)
    assert known is not None
    assert known.has_stream
    assert known.authorisation is not None
    for stream in ("KV_cameras", "REGISTRY"):
        info = await registry.bus.js.stream_info(stream)
        for seq in range(info.state.first_seq, info.state.last_seq + 1):
            body = (await registry.bus.js.get_msg(stream, seq)).data or b""
            assert b"s3cret-paix" not in body
            assert b"10.1.2.3" not in body
    listed = await registry.client.get(
        "/api/registry/cameras", params={"q": "n-1 paix"}, headers=registry.agent("op.soisy")
    )
    assert listed.json()["items"]
    assert "s3cret-paix" not in listed.text
    assert "10.1.2.3" not in listed.text


async def test_passwords_are_sealed_in_the_table(registry: Registry) -> None:
    await post(registry, (HEADER + GOOD).encode(), dry_run=False)
    async with registry.database.transaction() as conn:
        rows = await conn.exec_driver_sql("SELECT camera_id, sealed_credentials, cameras::text FROM cameras")
        stored = {row[0]: (row[1], row[2]) for row in rows}
    assert "s3cret-paix" not in stored["N-1"][1]
    assert b"s3cret-paix" not in stored["N-1"][0]
    assert stored["N-2"][0] is None


async def test_a_technician_imports_only_at_home(registry: Registry) -> None:
    line = "N-9;Ailleurs;Domont;2.3300;49.0300;fixe;;;;;\n"
    answer = await post(registry, (HEADER + GOOD + line).encode(), dry_run=False, headers=registry.agent("tech.moreau"))
    report = answer.json()
    assert report["created"] == 2
    assert [(error["line"], error["column"]) for error in report["errors"]] == [(4, "commune")]


@pytest.mark.parametrize("who", ["op.durand", "cr.petit"])
async def test_others_may_not_import(registry: Registry, who: str) -> None:
    answer = await post(registry, HEADER.encode(), dry_run=True, headers=registry.agent(who))
    assert answer.status_code == 403


async def test_a_machine_without_the_scope_may_not_import(registry: Registry) -> None:
    answer = await post(registry, HEADER.encode(), dry_run=True, headers=registry.machine("cameras.read"))
    assert answer.status_code == 403


async def test_two_thousand_cameras_in_one_file(registry: Registry) -> None:
    lines = "".join(
        f"M-{number:04d};Rue {number};95598;{2.29 + number % 50 * 1e-4:.6f};{48.98 + number // 50 * 1e-4:.6f}"
        f";fixe;projet;;rtsp://10.0.0.1/{number};u;p\n"
        for number in range(2000)
    )
    report = (await post(registry, (HEADER + lines).encode(), dry_run=False)).json()
    assert (report["created"], report["invalid"]) == (2000, 0)
    again = (await post(registry, (HEADER + lines).encode(), dry_run=False)).json()
    assert again["unchanged"] == 2000


async def published(registry: Registry) -> list[RegisterEntry]:
    """Return the rows asked of the register, as the stream holds them."""
    info = await registry.bus.js.stream_info("REGISTER")
    messages = [await registry.bus.js.get_msg("REGISTER", seq) for seq in range(1, info.state.last_seq + 1)]
    return [RegisterEntry.model_validate(Envelope.model_validate_json(each.data or b"").data) for each in messages]


async def rows(registry: Registry, wanted: int) -> list[RegisterEntry]:
    """Return the register's rows once there are ``wanted`` and the outbox holds nothing more to send."""

    async def unsent() -> int:
        async with registry.database.transaction() as conn:
            return (await conn.exec_driver_sql("SELECT count(*) FROM outbox")).scalar_one()

    await eventually(unsent, until=lambda count: count == 0)
    return await eventually(lambda: published(registry), until=lambda found: len(found) >= wanted)


async def stored(registry: Registry, camera_id: str) -> tuple[str, float, float, str]:
    async with registry.database.transaction() as conn:
        camera = (await all_cameras(conn, registry.vault))[camera_id]
    return camera.insee, camera.position.lon, camera.position.lat, camera.label


MOVED = [
    ("N-1;Déménagée;Enghien-les-Bains;2.3050;48.9690;;;;;;\n", "commune"),
    ("N-1;Déménagée;95598;2.2996;48.9882;;;;;;\n", "lon"),  # 67 m
    ("N-1;Déménagée;95598;2.2996;48.9882;nomade;;;;;\n", "lon"),  # becoming a nomad in the same line is no way out
    ("N-1;Déménagée;95598;2.2996;48.9882;;déposée;;;;\n", "lon"),
    ("N-8;Déménagée;Enghien-les-Bains;2.3050;48.9690;;;;;;\n", "commune"),
]


@pytest.mark.parametrize(("line", "column"), MOVED)
async def test_an_import_does_not_move_a_camera(registry: Registry, line: str, column: str) -> None:
    nomad = "N-8;Nomade;95598;2.2996;48.9876;nomade;en service;;;;\n"
    await post(registry, (HEADER + GOOD + nomad).encode(), dry_run=False)
    code = line.split(";", maxsplit=1)[0]
    before = await stored(registry, code)
    other = "N-2;Nouveau libellé;95598;2.3001;48.9883;;;Nouveau site;;;\n"  # 33 m: a correction
    report = (await post(registry, (HEADER + line + other).encode(), dry_run=False)).json()
    assert (report["changed"], report["created"], report["invalid"]) == (1, 0, 1)
    (error,) = report["errors"]
    assert (error["line"], error["column"]) == (2, column)
    assert "Un déplacement est un acte (arrêté, information du préfet), pas un import" in error["message"]
    assert error["value"]
    assert await stored(registry, code) == before
    assert (await stored(registry, "N-2"))[1:] == (2.3001, 48.9883, "Nouveau libellé")


async def test_a_planned_camera_may_get_another_place_and_a_nomad_only_by_its_own_act(registry: Registry) -> None:
    first = "N-8;Nomade;95598;2.2996;48.9876;nomade;en service;;;;\nN-7;Projet;95598;2.2996;48.9876;fixe;projet;;;;\n"
    await post(registry, (HEADER + first).encode(), dry_run=False)
    report = (await post(registry, (HEADER + first.replace("48.9876", "48.9890")).encode(), dry_run=False)).json()
    assert (report["changed"], report["invalid"]) == (1, 1)
    assert (await stored(registry, "N-7"))[2] == 48.9890
    assert (await stored(registry, "N-8"))[2] == 48.9876


async def test_an_import_that_writes_leaves_one_row(registry: Registry) -> None:
    content = (HEADER + GOOD).encode()
    await post(registry, content, dry_run=True)
    assert await rows(registry, 0) == []
    await post(registry, content, dry_run=False)
    await post(registry, content, dry_run=False)  # changes nothing
    (machine,) = await rows(registry, 1)
    shown: dict[str, Any] = machine.model_dump(
        include={"actor_id", "actor_name", "actor_role", "action", "insee", "result", "rule"}
    )
    assert shown == {
        "actor_id": "service:deploy",
        "actor_name": "deploy",
        "actor_role": "service",
        "action": "configure",
        "insee": SOISY,
        "result": "done",
        "rule": "cameras.write",
    }
    assert machine.motive_text.startswith(
        "import de cameras.csv : 2 caméra(s) créée(s), 0 modifiée(s) (N-1, N-2) ; "
        f"fichier SHA-256 {hashlib.sha256(content).hexdigest()} ; plan "
    )
    changed = (HEADER + GOOD.replace("Angle", "Coin")).encode()
    await post(registry, changed, dry_run=False, headers=registry.agent("tech.moreau"))
    _, agent = await rows(registry, 2)
    assert (agent.actor_id, agent.actor_role, agent.action) == ("tech.moreau", "technicien", "configure")
    assert agent.motive_text.startswith("import de cameras.csv : 0 caméra(s) créée(s), 2 modifiée(s) (N-1, N-2) ; ")


async def test_an_import_leaves_a_row_for_each_commune_it_touches(registry: Registry) -> None:
    here, there = GOOD, "N-9;À la gare;Enghien-les-Bains;2.3050;48.9690;fixe;projet;;;;\n"
    answer = await post(registry, (HEADER + here + there).encode(), dry_run=False)
    found = await rows(registry, 2)
    assert {(row.insee, row.motive_text.split(" ; ")[0]) for row in found} == {
        (SOISY, "import de cameras.csv : 2 caméra(s) créée(s), 0 modifiée(s) (N-1, N-2)"),
        (ENGHIEN, "import de cameras.csv : 1 caméra(s) créée(s), 0 modifiée(s) (N-9)"),
    }
    assert {row.motive_text.rpartition(" ")[2] for row in found} == {answer.json()["plan_hash"]}


async def test_a_trial_waits_for_nobody(registry: Registry) -> None:
    async with registry.database.transaction() as writer:
        await lock_register(writer)
        tried = await post(registry, (HEADER + GOOD).encode(), dry_run=True)
    assert (tried.status_code, tried.json()["created"]) == (200, 2)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE cameras SET label = 'Autre', revision = revision + 1 WHERE camera_id = 'N-1'", 409),
        ("UPDATE cameras SET code = 'N-3', revision = revision + 1 WHERE camera_id = 'N-2'", 409),
        ("UPDATE cameras SET label = 'Autre', revision = revision + 1 WHERE camera_id = 'N-2'", 200),
    ],
)
async def test_what_changes_while_a_file_is_compared_is_not_written_over(
    registry: Registry, change: str, status: int
) -> None:
    await post(registry, (HEADER + GOOD).encode(), dry_run=False)
    edited = "N-1;Coin rue de la Paix;95598;2.2996;48.9876;;;;;;\nN-3;Neuve;95598;2.3001;48.9880;fixe;;;;;\n"
    async with registry.database.transaction() as writer:
        await lock_register(writer)
        importing = asyncio.create_task(post(registry, (HEADER + edited).encode(), dry_run=False))

        async def waiting() -> int:
            async with registry.database.transaction() as conn:
                query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                return (await conn.exec_driver_sql(query)).scalar_one()

        await eventually(waiting, until=lambda count: count > 0)
        await writer.exec_driver_sql(change)
    answer = await importing
    assert answer.status_code == status, answer.text
    if status == 409:
        assert (await stored(registry, "N-1"))[3] != "Coin rue de la Paix"
        assert len(await rows(registry, 1)) == 1, "the refused import left no row of an act that was not done"
    else:
        assert (await stored(registry, "N-2"))[3] == "Autre", "the other person's change is kept"


async def test_a_refused_import_leaves_its_row_and_nothing_else(registry: Registry) -> None:
    before = await total(registry)
    answer = await post(registry, (HEADER + GOOD).encode(), dry_run=False, headers=registry.agent("op.durand"))
    assert answer.status_code == 403
    (row,) = await rows(registry, 1)
    assert (row.actor_id, row.result, row.motive_text) == ("op.durand", "refused", "import de cameras.csv")
    assert await total(registry) == before


DATA = Path(__file__).parent.parent / "data"


async def send(registry: Registry, content: bytes, *, mapping: Any = None, **params: Any) -> httpx.Response:
    return await registry.client.post(
        "/api/registry/cameras/imports",
        params=params,
        files={"file": ("liste.bin", content)},
        data={"mapping": json.dumps(mapping)} if mapping is not None else None,
        headers=registry.machine("cameras.write"),
    )


async def test_what_was_reviewed_is_applied_and_nothing_else(registry: Registry) -> None:
    content = (HEADER + GOOD).encode()
    reviewed = (await send(registry, content, dry_run=True)).json()
    await post(registry, (HEADER + GOOD.replace("N-2", "N-3")).encode(), dry_run=False)
    before = await total(registry)
    stale = await send(registry, content, plan_hash=reviewed["plan_hash"])
    assert stale.status_code == 409
    assert stale.json()["plan_hash"] != reviewed["plan_hash"]
    assert await total(registry) == before
    fresh = (await send(registry, content, dry_run=True)).json()
    applied = await send(registry, content, plan_hash=fresh["plan_hash"])
    assert (applied.status_code, applied.json()["created"], applied.json()["applied"]) == (200, 1, True)


async def test_a_confirmed_mapping_is_remembered_for_the_next_file_of_its_kind(registry: Registry) -> None:
    content = b"ref interne;zone;a;b\nK-1;95598;48.9876;2.2996\n"
    guessed = (await send(registry, content, dry_run=True)).json()
    assert {one["field"] for one in guessed["mapping"]}.isdisjoint({"lon", "lat"})
    mapping = {"code": "ref interne", "commune": "zone", "lat": "a", "lon": "b"}
    tried = (await send(registry, content, dry_run=True, mapping=mapping)).json()
    assert (tried["created"], tried["additions"][0]["lon"]) == (1, 2.2996)
    await send(registry, content, mapping=mapping)
    again = (await send(registry, content.replace(b"K-1", b"K-2"), dry_run=True)).json()
    assert (again["mapping_remembered"], again["created"], again["unmapped"]) == (True, 1, [])
    wrong = await send(registry, content, dry_run=True, mapping={"lon": "nulle part"})
    assert wrong.status_code == 422
    assert "nulle part" in wrong.json()["detail"]


async def test_a_strict_import_writes_all_or_nothing(registry: Registry) -> None:
    before = await total(registry)
    report = (await send(registry, (HEADER + GOOD + BAD).encode(), strict=True)).json()
    assert (report["applied"], report["invalid"], await total(registry)) == (False, 3, before)


async def test_cameras_without_a_place_are_kept_and_never_covered(registry: Registry) -> None:
    listed = "code;libellé;commune;etat\nU-1;Gare;95598;en service\nU-2;Parc;95210;\n"
    report = (await send(registry, listed.encode())).json()
    assert (report["created"], report["not_located"]) == (2, 2)
    assert [one["status"] for one in report["additions"]] == ["en_service", "projet"]
    answer = await registry.client.get("/api/registry/cameras/U-1", headers=registry.agent("op.soisy"))
    assert (answer.json()["authorisation"], answer.json()["status"]) == (None, "en_service")
    placed = (await send(registry, b"code;commune;lon;lat;etat\nU-1;95598;2.2996;48.9876;en service\n")).json()
    assert [one["field"] for one in placed["changes"][0]["fields"]] == ["position", "precision"]
    answer = await registry.client.get("/api/registry/cameras/U-1", headers=registry.agent("op.soisy"))
    assert answer.json()["authorisation"] is not None


async def test_missing_cameras_are_told_and_stay(registry: Registry) -> None:
    before = await total(registry)
    report = (await send(registry, (HEADER + GOOD).encode())).json()
    assert report["missing"] == len(report["missing_cameras"]) > 0
    assert await total(registry) == before + 2


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 300, b"%PDF-1.4", b"PK\x03\x04rubbish", b"{", b"\n\n"])
async def test_a_file_that_cannot_be_read_is_a_problem_and_nothing_is_lost(registry: Registry, content: bytes) -> None:
    before = await total(registry)
    answer = await send(registry, content)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert await total(registry) == before


async def test_a_workbook_of_several_sheets_lets_choose(registry: Registry) -> None:
    book = openpyxl.Workbook()
    for name, codes in (("Notes", []), ("Parc 2023", ["X-1"]), ("Parc 2024", ["X-1", "X-2"])):
        sheet = book.create_sheet(name)
        sheet.append(["Code", "Commune", "Longitude", "Latitude"] if codes else ["Inventaire"])
        for code in codes:
            sheet.append([code, 95598, 2.2996, 48.9876])
    del book["Sheet"]
    stream = io.BytesIO()
    book.save(stream)
    report = (await send(registry, stream.getvalue(), dry_run=True)).json()
    assert (report["file"]["sheet"], report["file"]["sheets"]) == ("Parc 2024", ["Notes", "Parc 2023", "Parc 2024"])
    other = (await send(registry, stream.getvalue(), dry_run=True, sheet="Parc 2023")).json()
    assert (report["created"], other["created"]) == (2, 1)
    assert (await send(registry, stream.getvalue(), dry_run=True, sheet="Parc")).status_code == 422


@pytest.mark.parametrize(("name", "lines"), [("trafford_cctv.csv", 163), ("paris_pvpp_2019_annexe1.csv", 1391)])
async def test_real_lists_of_other_towns_are_refused_line_by_line(registry: Registry, name: str, lines: int) -> None:
    before = await total(registry)
    report = (await send(registry, (DATA / name).read_bytes())).json()
    assert (report["valid"], report["invalid"], await total(registry)) == (0, lines, before)
    assert all("Hors du territoire" in error["message"] for error in report["errors"])


async def test_a_moved_plan_voids_signed_masks(registry: Registry) -> None:
    planned = "N-7;Projet;95598;2.2996;48.9876;fixe;projet;;;;\n"
    await post(registry, (HEADER + planned).encode(), dry_run=False)
    async with registry.database.transaction() as conn:
        await conn.exec_driver_sql(
            "INSERT INTO mask_sets (mask_set_id, camera_id, polygons, declaration, drawn_by, drawn_at, status,"
            " signed_by, signed_at, review_due, borne_by, end_reason) VALUES ('m1', 'N-7', '[]',"
            " 'aucune zone privée', 'a', now(), 'signe', 'b', now(), now(), 'camera', '')"
        )
    await post(registry, (HEADER + planned.replace("48.9876", "48.9890")).encode(), dry_run=False)
    async with registry.database.transaction() as conn:
        status = (await conn.exec_driver_sql("SELECT status FROM mask_sets WHERE mask_set_id = 'm1'")).scalar_one()
        lat = (await conn.exec_driver_sql("SELECT lat FROM cameras WHERE camera_id = 'N-7'")).scalar_one()
    assert (status, lat) == ("caduc", 48.9890)
