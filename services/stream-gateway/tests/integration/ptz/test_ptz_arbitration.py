"""Who moves a camera: ranks, take-overs with their rows, who is told, and who may not at all."""

from datetime import timedelta
from typing import Any

import pytest

from common.testing.polling import eventually
from common.testing.states import an_agent, put_agent
from contracts.access import OrganisationKind, Role
from stream_gateway.domain.ptz.lock import Claimant, Rank
from stream_gateway.testing.ptz_rig import PtzGateway
from stream_gateway.use_cases.ptz import take_for_ronde

pytestmark = pytest.mark.integration
PERSONS = {"op.durand": Rank.OPERATEUR, "chef.martin": Rank.CHEF_DE_SALLE, "resp.leroy": Rank.CHEF_DE_SALLE}
NUDGE: dict[str, Any] = {"pan": 0.1, "duration_ms": 100}


async def rows(gateway: PtzGateway, action: str = "ptz") -> list[tuple[str, str, str]]:
    """Return who asked, with which motive, and the result, of the rows so far."""
    found = await gateway.facts("entry_requested")
    return [(row["actor_id"], row["motive_code"], row["result"]) for row in found if row["action"] == action]


async def hold(gateway: PtzGateway, camera_id: str, holder: str) -> None:
    """Let a person or a ronde hold a camera."""
    if holder in PERSONS:
        assert (await gateway.post(camera_id, agent_id=holder, **NUDGE)).status_code == 200
        return
    claimant = Claimant("ronde:T", "Ronde « T »", Rank.RONDE)
    async with gateway.database.transaction() as connection:
        await take_for_ronde(connection, claimant=claimant, camera_id=camera_id, insee="95598", at=gateway.clock.now())


@pytest.mark.parametrize("holder", ["ronde", *PERSONS])
@pytest.mark.parametrize("claimant", PERSONS)
async def test_every_pair_of_ranks(gateway: PtzGateway, holder: str, claimant: str) -> None:
    await put_agent(gateway.bus, an_agent("resp.leroy", role=Role.RESPONSABLE_CSU))
    await agents_known(gateway, "resp.leroy")
    camera_id = (await gateway.add_camera()).camera_id
    await hold(gateway, camera_id, holder)
    above = PERSONS[claimant] > PERSONS.get(holder, Rank.RONDE)
    own, from_ronde = claimant == holder, holder == "ronde"
    state = await gateway.state(camera_id, claimant)
    assert state["holder"]["mine"] is own
    assert state["may_command"] is (own or from_ronde)
    assert state["may_take_over"] is (above and not from_ronde)
    moved = await gateway.post(camera_id, agent_id=claimant, **NUDGE)
    assert moved.status_code == (200 if own or from_ronde else 409), moved.text
    if moved.status_code == 409:
        assert moved.json()["may_take_over"] is above
        taken = await gateway.post(camera_id, "/take", agent_id=claimant, motive_text="Individu suspect en vue")
        assert taken.status_code == (200 if above else 409)
        assert (await gateway.state(camera_id))["holder"]["holder_id"] == (claimant if above else holder)


async def agents_known(gateway: PtzGateway, agent_id: str) -> None:
    agents = gateway.parts.app.state.guard.agents

    async def known() -> bool:
        return agents.get(agent_id) is not None

    await eventually(known)


async def test_a_take_over_leaves_its_row_stops_the_camera_and_tells_who_lost_it(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    gateway.simulator.set_quirks(1, "forgets_stop")
    assert (await gateway.post(camera_id, pan=0.1, duration_ms=2000)).status_code == 200
    short = await gateway.post(camera_id, "/take", agent_id="chef.martin", motive_text="  x ")
    assert short.status_code == 422
    taken = await gateway.post(camera_id, "/take", agent_id="chef.martin", motive_text="Rixe place du marché")
    assert taken.status_code == 200, taken.text
    assert gateway.log()[:2] == ["ContinuousMove", "Stop"]
    lost = await gateway.post(camera_id, agent_id="op.durand", **NUDGE)
    assert (lost.status_code, lost.json()["holder"], lost.json()["may_take_over"]) == (409, "Chef Martin", False)

    async def told() -> list[dict[str, Any]]:
        return await gateway.facts("ptz_taken", "entry_requested")

    facts = await eventually(told, until=lambda found: len(found) >= 4)
    taken_facts = [fact for fact in facts if fact["fact"] == "ptz_taken"]
    assert [(fact["holder_id"], fact["lost_by_id"]) for fact in taken_facts] == [
        ("op.durand", None),
        ("chef.martin", "op.durand"),
    ]
    kept = [(fact["actor_id"], fact["motive_code"], fact["motive_text"]) for fact in facts if "actor_id" in fact]
    assert kept == [
        ("op.durand", "prise_en_main", ""),
        ("chef.martin", "prise_en_main_prioritaire", "Rixe place du marché"),
    ]


async def test_renewals_leave_no_row_and_the_owner_is_shown_to_all_with_the_time_left(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    for _ in range(3):
        await gateway.post(camera_id, **NUDGE)
        gateway.clock.advance(timedelta(seconds=20))
    seen = (await gateway.state(camera_id, "op.voisin"))["holder"]
    assert (seen["holder_name"], seen["rank"], seen["mine"]) == ("Op Durand", "operateur", False)
    assert seen["remaining_seconds"] == pytest.approx(40)
    taken = await gateway.post(camera_id, "/take", agent_id="chef.martin", motive_text="Rixe place du marché")
    assert taken.status_code == 200, taken.text
    kept = await eventually(lambda: rows(gateway), until=lambda found: found[-1:] != [] and found[-1][0] != "op.durand")
    assert [actor for actor, _, _ in kept] == ["op.durand", "chef.martin"], "and none of the renewals before"


async def test_sixty_idle_seconds_really_release_with_an_event(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    await gateway.post(camera_id, **NUDGE)
    commanded_at = gateway.clock.now()
    gateway.clock.advance(timedelta(seconds=59))
    assert (await gateway.state(camera_id))["holder"] is not None
    gateway.clock.advance(timedelta(seconds=2))

    async def released() -> list[dict[str, Any]]:
        return await gateway.facts("ptz_released")

    (fact,) = await eventually(released)
    assert (fact["holder_id"], fact["reason"]) == ("op.durand", "idle")
    lock = await gateway.lock(camera_id)
    assert lock is not None
    assert lock.released_at == commanded_at + timedelta(seconds=60)
    assert (await gateway.post(camera_id, agent_id="op.voisin", **NUDGE)).status_code == 200
    assert len(await released()) == 1


async def test_letting_go_frees_the_camera_at_once(gateway: PtzGateway) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    await gateway.post(camera_id, pan=0.1, duration_ms=2000)
    assert (await gateway.ask("DELETE", camera_id, "", "op.voisin")).status_code == 409
    assert (await gateway.ask("DELETE", camera_id)).status_code == 204
    assert (await gateway.state(camera_id))["holder"] is None
    assert "Stop" in gateway.log()
    assert (await gateway.post(camera_id, agent_id="op.voisin", **NUDGE)).status_code == 200
    reasons = [fact["reason"] for fact in await eventually(lambda: gateway.facts("ptz_released"))]
    assert reasons == ["released"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", NUDGE),
        ("POST", "/absolute", {"pan": 0, "tilt": 0}),
        ("POST", "/relative", {"pan": 0.1}),
        ("POST", "/stop", {}),
        ("POST", "/home", {}),
        ("POST", "/goto", {"token": "1"}),
        ("POST", "/point", {"lon": 2.3, "lat": 48.99}),
        ("POST", "/take", {"motive_text": "Individu suspect"}),
        ("POST", "/tour", {"tour_id": "T"}),
        ("DELETE", "/tour", {}),
        ("GET", "", {}),
        ("GET", "/presets", {}),
        ("POST", "/presets", {"name": "Gare"}),
        ("DELETE", "/presets/1", {}),
        (
            "PUT",
            "/calibration",
            {"height_m": 8, "points": [{"pan": 0, "tilt": 0, "lon": 2.3, "lat": 48.991}] * 2},
        ),
    ],
)
async def test_who_may_not_is_refused_with_a_row_and_moves_nothing(
    gateway: PtzGateway, method: str, path: str, body: dict[str, Any]
) -> None:
    camera_id = (await gateway.add_camera()).camera_id
    hidden = await gateway.ask(method, camera_id, path, "op.enghien", **body)
    assert hidden.status_code == 404, hidden.text
    refused = await gateway.ask(method, camera_id, path, "cr.petit", **body)
    assert refused.status_code == 403, refused.text

    async def refusals() -> list[tuple[str, str]]:
        found = await gateway.facts("entry_requested")
        return [(row["actor_id"], row["result"]) for row in found]

    assert await eventually(refusals, until=lambda found: len(found) >= 2) == [
        ("op.enghien", "refused"),
        ("cr.petit", "refused"),
    ]
    assert gateway.log() == []


async def test_a_partner_moves_nothing_without_a_share_that_grants_it(gateway: PtzGateway) -> None:
    pn = an_agent("pn.royer", role=Role.PARTENAIRE_PN, kind=OrganisationKind.POLICE_NATIONALE)
    await put_agent(gateway.bus, pn)
    await agents_known(gateway, "pn.royer")
    camera_id = (await gateway.add_camera()).camera_id
    refused = await gateway.post(camera_id, agent_id="pn.royer", **NUDGE)
    assert (refused.status_code, refused.json()["rule"]) == (403, "partage_nominatif")


async def test_an_operator_who_lost_the_right_still_lets_go(gateway: PtzGateway) -> None:
    camera = await gateway.add_camera()
    await gateway.post(camera.camera_id, **NUDGE)
    await gateway.put(camera.model_copy(update={"authorisation": None, "revision": 1}))
    assert (await gateway.post(camera.camera_id, **NUDGE)).status_code == 403
    assert (await gateway.ask("DELETE", camera.camera_id)).status_code == 204
