"""Exports, proofs and checkpoints, checked by the verifier that travels with them: in a Python that knows no Vigie."""

import asyncio
import base64
import csv
import io
import json
import random
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from register_rows import an_entry, put_on_the_bus
from running_access import RunningAccess

from access.checkpoints import RETIRED_KEYS, SignedSeal
from access.use_cases import register as use_cases
from common.auth import ServiceKey
from contracts.access import RegisterEntry
from guard.seal import sealed

pytestmark = pytest.mark.integration
VERIFIER = Path(__file__).parents[2] / "src" / "access" / "verifier" / "verify_register.py"
WHY = "contrôle annuel de la CNIL"


async def filled(access: RunningAccess, count: int = 300) -> list[RegisterEntry]:
    """A register of ``count`` sealed rows: every third by another agent, one with a formula for a motive."""
    entries = [
        an_entry(
            access,
            actor_id="op.soisy" if number % 3 == 0 else "op.durand",
            motive_text="=cmd|'/c calc'!A1\r\nligne ; \"2\"" if number == 3 else f"ronde numéro {number}\u2028é",
            context=f"incident:2026-{number}",
        )
        for number in range(count)
    ]
    key = access.tokens.key("stream-gateway")
    async with access.database.transaction() as conn:
        await use_cases.append_entries(conn, entries=[sealed(entry, key) for entry in entries])
    return entries


async def export(access: RunningAccess, path: Path, **body: Any) -> Path:
    async with access.client(access.as_agent("auditeur.cnil")) as client:
        answer = await client.post("/api/access/register/exports", json={"motive": WHY, **body})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    await asyncio.to_thread(path.write_bytes, answer.content)
    return path


async def published_key(access: RunningAccess) -> str:
    async with access.client() as anybody:
        keys = (await anybody.get("/api/access/register/key")).json()
    return str(keys["keys"][0]["verifier"])


def verify(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Run the verifier alone: isolated mode, no site folder of ours but ``cryptography``'s."""
    command = [sys.executable, "-I", str(VERIFIER), *(str(argument) for argument in arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_verifier_needs_the_standard_library_and_cryptography_only() -> None:
    imported = {
        line.split()[1].partition(".")[0]
        for line in VERIFIER.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_a_whole_export_verifies_without_us(access: RunningAccess, tmp_path: Path, form: str) -> None:
    entries = await filled(access)
    path = await export(access, tmp_path / "tout.zip", format=form)
    status, found = verify(path, "--cle", await published_key(access))
    assert (status, found["valid"], found["complete"], found["key_pinned"]) == (0, True, True, True), found
    assert found["rows"] == found["size"] >= len(entries)
    assert found["seals_verified"] >= len(entries)
    assert found["unsealed"] == found["seals_unknown"] == 0
    opened = tmp_path / "ouvert"
    zipfile.ZipFile(path).extractall(opened)
    assert verify(opened)[0] == 0
    read = (opened / f"registre.{form}").read_bytes().decode("utf-8-sig")
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(read, newline=""), delimiter=";"))
        assert rows[-300 + 3]["motive_text"].startswith("'=cmd|")
        assert (opened / "registre.csv").read_bytes().startswith(b"\xef\xbb\xbfseq;at;")
    else:
        rows = json.loads(read)
    assert [row["entry_id"] for row in rows[-300:]] == [str(entry.entry_id) for entry in entries]


async def test_a_filtered_export_proves_each_row_to_be_in_the_whole(access: RunningAccess, tmp_path: Path) -> None:
    await filled(access)
    path = await export(access, tmp_path / "choix.zip", filters={"agent_id": "op.soisy", "why": "RONDE incident"})
    status, found = verify(path)
    assert (status, found["rows"], found["complete"], found["key_pinned"]) == (0, 99, False, False)
    assert found["filters"] == {"agent_id": "op.soisy", "why": "RONDE incident"}
    nothing = await export(access, tmp_path / "rien.zip", filters={"camera_id": "nulle-part"})
    assert verify(nothing)[1]["rows"] == 0


async def test_the_row_that_tells_of_an_export_is_written_first_with_its_motive(
    access: RunningAccess, tmp_path: Path
) -> None:
    await export(access, tmp_path / "motif.zip", filters={"action": "login"})
    rows = await access.register(1, agent_id="auditeur.cnil", action="read_register")
    assert WHY in rows[-1]["motive_text"]
    assert "action=login" in rows[-1]["motive_text"]
    async with access.client(access.as_agent("auditeur.cnil")) as client:
        short = await client.post("/api/access/register/exports", json={"motive": "parce que"})
    assert short.status_code == 422
    async with access.client(access.as_agent("op.durand")) as client:
        refused = await client.post("/api/access/register/exports", json={"motive": WHY})
    assert (refused.status_code, refused.json()["rule"]) == (403, "role_autorise")


async def test_a_head_of_room_exports_the_communes_of_the_employer_only(access: RunningAccess, tmp_path: Path) -> None:
    await put_on_the_bus(access, [an_entry(access), an_entry(access, insee="59606")])
    await access.register(2, action="live")
    async with access.client(access.as_agent("chef.martin")) as client:
        answer = await client.post("/api/access/register/exports", json={"motive": WHY, "format": "json"})
    (tmp_path / "chef.zip").write_bytes(answer.content)
    rows = json.loads(zipfile.ZipFile(tmp_path / "chef.zip").read("registre.json"))
    assert {row["insee"] for row in rows} == {"95598"}
    assert verify(tmp_path / "chef.zip")[0] == 0


@pytest.mark.parametrize("filters", [{}, {"agent_id": "op.soisy"}])
async def test_one_bit_anywhere_in_an_export_is_found(
    access: RunningAccess, tmp_path: Path, filters: dict[str, str]
) -> None:
    await filled(access, 40)
    path = await export(access, tmp_path / "export.zip", filters=filters)
    opened = tmp_path / "ouvert"
    zipfile.ZipFile(path).extractall(opened)
    chance = random.Random(7)  # noqa: S311
    key = await published_key(access)
    files = [file for file in sorted(opened.iterdir()) if file.stat().st_size]
    assert len(files) == (8 if not filters else 9)
    for file in files:
        content = file.read_bytes()
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(7)
        file.write_bytes(changed)
        assert verify(opened, "--cle", key)[0] == 1, file.name
        file.write_bytes(content[:-1])
        assert verify(opened, "--cle", key)[0] == 1, file.name
        file.write_bytes(content)
    assert verify(opened, "--cle", key)[0] == 0
    (opened / "autre.csv").write_text("x")
    assert verify(opened)[1]["reason"] == "fichier ajouté : autre.csv"


async def test_whoever_signs_a_changed_export_with_another_key_is_found(access: RunningAccess, tmp_path: Path) -> None:
    await filled(access, 20)
    path = await export(access, tmp_path / "export.zip")
    stranger = SignedSeal(ServiceKey.generate("access"), access.app.state.seal.origin)
    status, found = verify(path, "--cle", stranger.keys[0].verifier)
    assert (status, found["reason"]) == (1, "manifeste.note : la signature ne correspond à aucune clé connue")
    assert verify(tmp_path / "absent.zip")[0] == 2
    assert verify(VERIFIER)[0] == 2
    assert verify(path, "--cle", "vigie+00000000+AAAA")[0] == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: [lines[1], lines[0], *lines[2:]], "elle n'est pas à sa place"),
        (lambda lines: lines[:5] + lines[6:], "l'empreinte ne suit pas|elle n'est pas à sa place"),
        (lambda lines: lines[:-1], "la dernière ligne est|pas prouvées"),
        (lambda lines: [*lines, lines[-1]], "elle n'est pas à sa place"),
        (lambda lines: [lines[0].replace("op.", "ap."), *lines[1:]], "l'empreinte ne suit pas"),
    ],
)
async def test_even_the_signing_key_cannot_make_changed_rows_fit_the_tree(
    access: RunningAccess, tmp_path: Path, change: Any, reason: str
) -> None:
    await filled(access, 20)
    opened = tmp_path / "ouvert"
    zipfile.ZipFile(await export(access, tmp_path / "export.zip")).extractall(opened)
    lines = (opened / "preuves.jsonl").read_text().split("\n")[:-1]
    (opened / "preuves.jsonl").write_text("\n".join(change(lines)) + "\n")
    sign_again(opened, access.app.state.seal)
    status, found = verify(opened)
    assert status == 1
    assert any(part in found["reason"] for part in reason.split("|")), found


def sign_again(opened: Path, seal: SignedSeal) -> None:
    """Make the manifest fit what lies there now, as a thief of the key would."""
    text = seal.text_of((opened / "manifeste.note").read_text())
    assert text is not None
    header, _, body = text.partition("\n")
    manifest = json.loads(body)
    manifest["files"] = {name: sha256((opened / name).read_bytes()).hexdigest() for name in manifest["files"]}
    (opened / "manifeste.note").write_text(seal.sign(f"{header}\n{json.dumps(manifest)}\n"))


async def test_a_proof_and_a_consistency_verify_without_us(access: RunningAccess, tmp_path: Path) -> None:
    await filled(access, 260)
    async with access.client(access.as_agent("auditeur.cnil")) as client:
        first = (await client.post("/api/access/register/checkpoints")).json()
        await filled(access, 270)
        last = (await client.post("/api/access/register/checkpoints")).json()
        listed = (await client.get("/api/access/register/checkpoints")).json()["items"]
        assert [item["size"] for item in listed[:2]] == [last["size"], first["size"]]
        assert (await client.get("/api/access/register/checkpoint")).text == last["note"]
        for seq, size in [(1, None), (256, None), (257, first["size"]), (last["size"], None)]:
            asked = {} if size is None else {"size": size}
            proof = (await client.get(f"/api/access/register/entries/{seq}/proof", params=asked)).json()
            (tmp_path / "preuve.json").write_text(json.dumps(proof))
            status, found = verify("--preuve", tmp_path / "preuve.json", "--cle", await published_key(access))
            assert (status, found["seq"], found["size"]) == (0, seq, size or last["size"])
            (tmp_path / "preuve.json").write_text(json.dumps({**proof, "row": proof["row"].replace("op.", "ap.")}))
            assert verify("--preuve", tmp_path / "preuve.json")[0] == (1 if "op." in proof["row"] else 0)
        way = (await client.get("/api/access/register/consistency", params={"from": first["size"]})).json()
        (tmp_path / "coherence.json").write_text(json.dumps(way))
        assert verify("--coherence", tmp_path / "coherence.json") == (
            0,
            {"valid": True, "from": first["size"], "to": last["size"], "key_pinned": False},
        )
        broken = {**way, "path": way["path"][::-1]}
        (tmp_path / "coherence.json").write_text(json.dumps(broken))
        assert verify("--coherence", tmp_path / "coherence.json")[0] == 1
        beyond = await client.get(f"/api/access/register/entries/{last['size'] + 50}/proof")
        assert beyond.status_code == 404
        unsigned = await client.get("/api/access/register/entries/300/proof", params={"size": 301})
        assert (unsigned.status_code, "POST /api/access/register/checkpoints" in unsigned.json()["detail"]) == (
            409,
            True,
        )


async def test_a_new_key_signs_and_the_old_one_still_verifies(access: RunningAccess) -> None:
    await filled(access, 10)
    old: SignedSeal = access.app.state.seal
    async with access.database.transaction() as conn:
        await use_cases.sign_head(conn, seal=old, at=access.clock.now())
    new = SignedSeal(ServiceKey.generate("access"), old.origin, access.tokens.folder)
    async with access.database.transaction() as conn:
        assert not (await use_cases.verify_register(conn, seal=new)).valid
    public = base64.urlsafe_b64encode(access.tokens.key("access").public_bytes).decode().rstrip("=")
    retired = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "access-1", "x": public}]}
    (access.tokens.folder / RETIRED_KEYS).write_text(json.dumps(retired))
    async with access.database.transaction() as conn:
        await use_cases.sign_head(conn, seal=new, at=access.clock.now())
        found = await use_cases.verify_register(conn, seal=new)
    assert (found.valid, found.checkpoints >= 2) == (True, True)
    assert [key.public for key in new.keys] == [new.keys[0].public, access.tokens.key("access").public_bytes]
