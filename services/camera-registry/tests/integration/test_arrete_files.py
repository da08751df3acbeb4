"""Scans, renewal files and warnings over HTTP and the real bus."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camera_registry.use_cases.expiry import tell_warnings
from common.testing.polling import eventually
from common.testing.states import SOISY, an_agent, put_agent
from contracts.access import RegisterEntry, Role
from contracts.envelope import Envelope
from contracts.registry import AuthorisationWarning

from .conftest import Registry

pytestmark = pytest.mark.integration

ARRETE = "AP-PV-95598-1"
ENDING = "AP-PV-95288-1"
ONE = f"/api/registry/authorisations/{ARRETE}"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400 + b"\n%%EOF\n"


async def facts(registry: Registry, stream: str, fact: str) -> list[dict[str, Any]]:
    info = await registry.bus.js.stream_info(stream)
    found: list[dict[str, Any]] = []
    for seq in range(1, info.state.last_seq + 1):
        message = await registry.bus.js.get_msg(stream, seq)
        if message.subject is not None and f".{fact}." in message.subject:
            found.append(Envelope.model_validate_json(message.data or b"").data)
    return found


async def upload(registry: Registry, content: bytes, *, name: str = "arrêté 12.pdf", kind: str = "arrete") -> Any:
    return await registry.client.post(
        f"{ONE}/documents?kind={kind}",
        files={"file": (name, content, "application/octet-stream")},
        headers=registry.agent("admin.vigie"),
    )


async def test_a_scan_comes_back_bit_by_bit_with_our_digest_and_a_line_in_the_register(registry: Registry) -> None:
    await put_agent(registry.bus, an_agent("dpo.leroy", role=Role.DPO, communes=(SOISY,)))
    kept = await upload(registry, PDF)
    assert kept.status_code == 201, kept.text
    digest = hashlib.sha256(PDF).hexdigest()
    document = kept.json()
    assert (document["sha256"], document["size"], document["uploaded_by"]) == (digest, len(PDF), "admin.vigie")
    listed = await registry.client.get("/api/registry/authorisations", headers=registry.agent("op.durand"))
    assert {one["authorisation_id"]: one["scan_sha256"] for one in listed.json()["items"]}[ARRETE] == digest

    async def known() -> bool:
        return registry.parts.app.state.guard.agents.get("dpo.leroy") is not None

    await eventually(known)
    path = f"{ONE}/documents/{document['document_id']}"
    copy = await registry.client.get(path, headers=registry.agent("dpo.leroy"))
    assert copy.content == PDF
    assert copy.headers["content-type"] == "application/pdf"
    assert copy.headers["content-disposition"] == (
        "attachment; filename=\"arr_t_ 12.pdf\"; filename*=UTF-8''arr%C3%AAt%C3%A9%2012.pdf"
    )
    assert (await registry.client.get(path, headers=registry.agent("op.durand"))).status_code == 403

    async def rows() -> list[RegisterEntry]:
        entries = [RegisterEntry(**data) for data in await facts(registry, "REGISTER", "entry_requested")]
        return [one for one in entries if one.motive_text.startswith("copie d'un document")]

    written = await eventually(rows, until=lambda found: len(found) == 2)
    assert {(one.actor_id, one.result.value, one.insee) for one in written} == {
        ("dpo.leroy", "allowed", SOISY),
        ("op.durand", "refused", SOISY),
    }


async def test_what_is_no_scan_is_not_kept(registry: Registry) -> None:
    for content, words in (
        (b"PK\x03\x04 un tableur", "n'est pas un PDF"),
        (PDF[:-8], "incomplet"),
        (b"%PDF-1.7\n" + b"0" * 20_000_000 + b"%%EOF", "20 Mo"),
    ):
        refused = await upload(registry, content)
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
    listed = await registry.client.get(f"{ONE}/documents", headers=registry.agent("op.durand"))
    assert listed.json()["items"] == []
    read = await registry.client.get(ONE, headers=registry.agent("op.durand"))
    assert (read.json()["scan_sha256"], read.json()["revision"]) == (None, 0)


async def test_a_better_scan_is_a_new_one_and_a_piece_of_the_file_is_no_scan(registry: Registry) -> None:
    first, second = (await upload(registry, PDF)).json(), (await upload(registry, PDF + b"\n")).json()
    piece = (await upload(registry, PDF, name="plan.pdf", kind="renouvellement")).json()
    listed = await registry.client.get(f"{ONE}/documents", headers=registry.agent("op.durand"))
    ids = [one["document_id"] for one in listed.json()["items"]]
    assert ids == [piece["document_id"], second["document_id"], first["document_id"]]
    read = await registry.client.get(ONE, headers=registry.agent("op.durand"))
    assert read.json()["scan_sha256"] == second["sha256"]


async def test_only_who_manages_arretes_keeps_documents(registry: Registry) -> None:
    refused = await registry.client.post(
        f"{ONE}/documents", files={"file": ("a.pdf", PDF)}, headers=registry.agent("tech.moreau")
    )
    assert refused.status_code == 403
    unknown = await registry.client.post(
        "/api/registry/authorisations/AP-0/documents",
        files={"file": ("a.pdf", PDF)},
        headers=registry.machine("authorisations.write"),
    )
    assert unknown.status_code == 404


async def advance(registry: Registry, state: str, revision: int, **more: Any) -> Any:
    return await registry.client.post(
        f"{ONE}/renewal/steps",
        json={"state": state, "revision": revision, "on": "2026-05-04", "note": f"étape {state}"} | more,
        headers=registry.agent("admin.vigie"),
    )


async def test_a_renewal_file_from_its_first_piece_to_the_new_arrete(registry: Registry) -> None:
    file = (await registry.client.get(f"{ONE}/renewal", headers=registry.agent("op.durand"))).json()
    assert (file["state"], file["next"], file["revision"], file["overdue"]) == (
        "a_preparer",
        ["en_constitution"],
        0,
        False,
    )
    document = (await upload(registry, PDF, kind="renouvellement")).json()
    pieces = [{"label": "Plan", "ready": True, "document_id": document["document_id"]}, {"label": "Rapport"}]
    listed = await registry.client.put(
        f"{ONE}/renewal/pieces",
        json={"revision": 0, "pieces": pieces, "receipt": "95-2026-0042"},
        headers=registry.agent("admin.vigie"),
    )
    assert listed.status_code == 200, listed.text
    assert [one["ready"] for one in listed.json()["pieces"]] == [True, False]
    for number, state in enumerate(("en_constitution", "deposee", "complete"), start=1):
        assert (await advance(registry, state, number)).status_code == 200
    assert (await advance(registry, "complete", 4)).json()["steps"][-1]["note"] == "étape complete"
    assert (await advance(registry, "accordee", 5)).status_code == 422
    assert (await advance(registry, "accordee", 4, successor_id="AP-SUITE")).status_code == 409
    assert (await advance(registry, "accordee", 5, successor_id="AP-SUITE")).status_code == 404
    shown = await registry.client.get(ONE, headers=registry.agent("op.durand"))
    end = datetime.fromisoformat(shown.json()["valid_until"])
    suite = {name: shown.json()[name] for name in ("communes", "camera_count", "finalites", "recipients", "mode")}
    suite |= {
        "authorisation_id": "AP-SUITE",
        "arrete_number": "95-SUITE",
        "retention_days": 14,
        "valid_from": end.isoformat(),
        "valid_until": (end + timedelta(days=900)).isoformat(),
    }
    recorded = await registry.client.post(
        "/api/registry/authorisations", json=suite, headers=registry.agent("admin.vigie")
    )
    assert recorded.status_code == 201, recorded.text
    granted = await advance(registry, "accordee", 5, successor_id="AP-SUITE")
    assert (granted.status_code, granted.json()["successor_id"], granted.json()["next"]) == (200, "AP-SUITE", [])
    renewed = (await registry.client.get(ONE, headers=registry.agent("op.durand"))).json()
    assert renewed["renewal"]["gap_seconds"] == 0.0
    assert renewed["warning_days"] is None


async def warnings(registry: Registry) -> list[AuthorisationWarning]:
    return [AuthorisationWarning(**data) for data in await facts(registry, "REGISTRY", "authorisation_warning")]


async def test_a_warning_is_told_once_whatever_restarts_and_a_missed_one_is_told_late(registry: Registry) -> None:
    first = await eventually(lambda: warnings(registry), until=lambda found: len(found) == 1)
    assert (first[0].authorisation_id, first[0].days_left) == (ENDING, 120)
    assert first[0].communes == ("95288",)

    async def told_at(at: datetime) -> int:
        async with registry.database.transaction() as conn:
            return await tell_warnings(conn, at)

    end = first[0].valid_until
    assert await told_at(end - timedelta(days=61)) == 0
    asleep_until = end - timedelta(days=29)
    assert await told_at(asleep_until) == 2
    assert await told_at(asleep_until) == 0
    both = await asyncio.gather(told_at(end - timedelta(days=6)), told_at(end - timedelta(days=6)))
    assert sum(both) == 1
    assert await told_at(end) == 1
    assert await told_at(end + timedelta(days=400)) >= 0

    async def of_this_one() -> list[int]:
        return [one.days_left for one in await warnings(registry) if one.authorisation_id == ENDING]

    assert await eventually(of_this_one, until=lambda days: len(days) == 5) == [120, 60, 30, 7, 0]


async def test_a_warning_reaches_the_screens_of_its_commune_alone(registry: Registry) -> None:
    async def next_warning(lines: AsyncIterator[str]) -> dict[str, Any]:
        name = ""
        async for line in lines:
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            if line.startswith("data:") and name == "authorisation_warning":
                return json.loads(line.removeprefix("data:"))
        raise AssertionError("the stream ended")

    await eventually(lambda: warnings(registry))
    headers = registry.agent("op.soisy")
    async with asyncio.timeout(60), registry.client.stream("GET", "/api/registry/live", headers=headers) as response:
        lines = response.aiter_lines()
        async for line in lines:
            if line.startswith("data:"):
                break
        for arrete in (ENDING, ARRETE):
            ended = await registry.client.patch(
                f"/api/registry/authorisations/{arrete}",
                json={"valid_until": (datetime.now(UTC) + timedelta(days=20)).isoformat()},
                headers=registry.machine("authorisations.write"),
            )
            assert ended.is_success
        envelope = await next_warning(lines)
    assert (envelope["insee"], envelope["data"]["authorisation_id"]) == (SOISY, ARRETE)
    assert envelope["data"]["days_left"] == 30
