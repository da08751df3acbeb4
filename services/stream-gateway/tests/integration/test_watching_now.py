"""Who watches what, each switch in the register, the shift leader's hand, and warming without an image."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from common.bus import Bus
from common.ids import new_id
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, a_camera, an_agent, an_incident, put_agent, put_incident
from common.testing.tokens import TokenMint
from contracts.access import Role
from stream_gateway.repository.watching import note_transport
from stream_gateway.testing.wall_room import Room, running_room

pytestmark = pytest.mark.integration

GARE, MAIRIE, LAC, DARK = "PV-95598-0001-P1", "PV-95598-0002-P1", "EB-95210-0001-P1", "PV-95598-0009-P1"


@pytest_asyncio.fixture
async def room(make_database: Callable[[str | None], TestDatabase], bus: Bus, tokens: TokenMint) -> AsyncIterator[Room]:
    for agent in (
        an_agent("op.durand"),
        an_agent("op.voisin"),
        an_agent("chef.martin", role=Role.CHEF_DE_SALLE),
        an_agent("chef.enghien", role=Role.CHEF_DE_SALLE, communes=(ENGHIEN,)),
        an_agent("tech.moreau", role=Role.TECHNICIEN),
    ):
        await put_agent(bus, agent)
    await put_incident(bus, an_incident("INC-1", GARE))
    start = datetime.now(UTC).replace(microsecond=0)
    async with running_room(make_database("stream_gateway"), bus=bus, tokens=tokens, start=start) as started:
        await started.add_cameras(
            a_camera(GARE), a_camera(MAIRIE), a_camera(LAC, insee=ENGHIEN), a_camera(DARK, authorised=False)
        )
        yield started


async def test_the_shift_leader_sees_who_watches_each_camera_of_the_own_communes(room: Room) -> None:
    first = await room.watch(GARE)
    await room.watch(GARE, "op.voisin")
    await room.watch(LAC, "op.voisin")
    async with room.database.transaction() as connection:
        await note_transport(connection, first.session_id, "webrtc")
    told = await room.call("GET", "/watching", "chef.martin")
    assert (told["sessions"], told["agents"]) == (3, 2)
    assert [camera["camera_id"] for camera in told["cameras"]] == [LAC, GARE]
    viewer = told["cameras"][1]["viewers"][0]
    assert (viewer["agent_name"], viewer["role"], viewer["organisation"]) == ("Op Durand", "operateur", "Collectivite")
    assert (viewer["quality"], viewer["station"], viewer["transport"]) == ("sub", "10.0.0.7", "webrtc")
    assert datetime.fromisoformat(viewer["since"]) == first.opened_at
    near = await room.call("GET", "/watching", "chef.enghien")
    assert [camera["camera_id"] for camera in near["cameras"]] == [LAC]
    one = await room.call("GET", f"/watching?camera_id={GARE}", "chef.martin")
    assert one["sessions"] == 2
    await room.call("GET", "/watching", "op.durand", status=403)


async def test_a_session_that_nobody_renewed_is_not_watching(room: Room) -> None:
    await room.watch(GARE)
    room.clock.advance(timedelta(seconds=30))
    assert (await room.call("GET", "/watching", "chef.martin"))["sessions"] == 0


async def test_the_shift_leader_ends_a_session_with_a_motive_in_the_register(room: Room) -> None:
    session = await room.watch(GARE)
    path, motive = f"/watching/{session.session_id}", "Consultation sans rapport avec la mission"
    await room.call("DELETE", path, "chef.martin", status=422, motive_text="court")
    await room.call("DELETE", path, "op.voisin", status=403, motive_text=motive)
    await room.call("DELETE", path, "tech.moreau", status=403, motive_text=motive)
    await room.call("DELETE", path, "chef.enghien", status=404, motive_text=motive)
    await room.call("DELETE", path, "chef.martin", status=204, motive_text=motive)
    await room.call("DELETE", path, "chef.martin", status=204, motive_text=motive)
    await room.call("DELETE", f"/watching/{new_id()}", "chef.martin", status=404, motive_text=motive)
    [closed] = await room.facts("session_closed")
    assert closed.data["reason"] == "ended_by_supervisor"
    row = next(row for row in await room.register_rows("end_viewing") if row["result"] == "allowed")
    assert (row["actor_id"], row["camera_id"], row["motive_text"]) == ("chef.martin", GARE, motive)
    assert (await room.call("GET", "/watching", "chef.martin"))["sessions"] == 0
    over = await room.call("POST", f"/sessions/{session.session_id}/quality", status=409, quality="main")
    assert over["reason"] == "ended_by_supervisor"


async def test_each_switch_of_stream_or_context_is_a_row_and_none_where_nothing_changes(room: Room) -> None:
    session = await room.watch(GARE)
    path = f"/sessions/{session.session_id}"
    switched = await room.call("POST", f"{path}/quality", quality="main")
    assert switched["token"]
    await room.call("POST", f"{path}/quality", quality="main")
    await room.call("POST", f"{path}/context", incident_id="INC-1")
    await room.call("POST", f"{path}/quality", quality="sub")
    await room.call("POST", f"{path}/context")
    rows = [(row["motive_code"], row["motive_text"], row["context"]) for row in await room.register_rows("live")]
    assert rows == [
        ("surveillance", "", ""),
        ("changement_de_flux", "sub → main", ""),
        ("changement_de_contexte", "", "incident:INC-1"),
        ("changement_de_flux", "main → sub", "incident:INC-1"),
        ("changement_de_contexte", "", ""),
    ]
    facts = [(fact.data["quality"], fact.data["incident_id"]) for fact in await room.facts("session_switched")]
    assert facts == [("main", None), ("main", "INC-1"), ("sub", "INC-1"), ("sub", None)]
    await room.call("POST", f"{path}/quality", "op.voisin", status=404, quality="main")
    room.clock.advance(timedelta(seconds=30))
    late = await room.call("POST", f"{path}/quality", status=409, quality="main")
    assert late["reason"] == "expired"


async def test_warming_judges_each_camera_writes_no_row_and_is_bounded(room: Room) -> None:
    answer = await room.call("POST", "/prewarm", camera_ids=[GARE, DARK, GARE, "PV-0"], reason="incident")
    assert answer["warm"] == [GARE]
    assert [camera_id for camera_id, _ in room.media.warmed] == [GARE]
    assert await room.register_rows("live") == []
    await room.call("POST", "/prewarm", status=422, camera_ids=[GARE] * 17, reason="carte")
    await room.call("POST", "/prewarm", status=422, camera_ids=[GARE], reason="curiosite")
    many = [f"PV-{number}" for number in range(16)]
    statuses = [
        (
            await room.http.post(
                "/api/stream/prewarm", json={"camera_ids": many, "reason": "carte"}, headers=room.headers()
            )
        ).status_code
        for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    room.clock.advance(timedelta(seconds=60))
    await room.call("POST", "/prewarm", camera_ids=many, reason="carte")
