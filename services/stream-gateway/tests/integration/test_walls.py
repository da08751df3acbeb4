"""Scenes and screens: kept by the server, pushed with a name on it, shown to each by their own territory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from common.auth import Principal
from common.bus import Bus
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, SOISY, a_camera, an_agent, put_agent
from common.testing.tokens import TokenMint
from contracts.access import Role
from stream_gateway.api.facts import may_hear
from stream_gateway.domain.ronde_runs import PresetOutcome
from stream_gateway.domain.scenes import SEAT_FOR
from stream_gateway.repository.scenes import find_screen
from stream_gateway.testing.wall_room import Room, running_room

pytestmark = pytest.mark.integration

GARE, MAIRIE, LAC = "PV-95598-0001-P1", "PV-95598-0002-P1", "EB-95210-0001-P1"


@pytest_asyncio.fixture
async def room(make_database: Callable[[str | None], TestDatabase], bus: Bus, tokens: TokenMint) -> AsyncIterator[Room]:
    for agent in (
        an_agent("op.durand"),
        an_agent("op.voisin"),
        an_agent("chef.martin", role=Role.CHEF_DE_SALLE),
        an_agent("op.enghien", communes=(ENGHIEN,)),
        an_agent("op.ailleurs", communes=("95427",)),
        an_agent("pm.leroy", role=Role.POLICIER_MUNICIPAL),
    ):
        await put_agent(bus, agent)
    start = datetime.now(UTC).replace(microsecond=0)
    async with running_room(make_database("stream_gateway"), bus=bus, tokens=tokens, start=start) as started:
        await started.add_cameras(a_camera(GARE), a_camera(MAIRIE), a_camera(LAC, insee=ENGHIEN))
        yield started


def tile(camera_id: str, preset: str | None = None) -> dict[str, Any]:
    return {"camera_id": camera_id, "preset": preset}


async def a_screen(room: Room, screen_id: str = "mur-1", communes: tuple[str, ...] = (SOISY, ENGHIEN)) -> None:
    await room.call(
        "PUT", f"/screens/{screen_id}", "chef.martin", label="Écran 1", wall="Salle", communes=list(communes)
    )


def shown(screen: dict[str, Any]) -> list[str | None]:
    return [each["camera_id"] if each else None for each in screen["tiles"]]


async def test_a_scene_is_put_on_a_screen_at_once_and_says_by_whom(room: Room) -> None:
    await a_screen(room)
    scene = {"name": "Sortie d'école", "layout": 4, "tiles": [tile(GARE, "quai"), None, tile(LAC)], "shared": True}
    kept = await room.call("POST", "/scenes", "chef.martin", status=201, **scene)
    room.media.outcomes[GARE] = (PresetOutcome.PRISE_EN_MAIN, "Op Voisin commande cette caméra.")
    pushed = await room.call("POST", "/screens/mur-1/push", scene_id=kept["scene_id"])
    assert pushed["presets"] == [
        {"camera_id": GARE, "outcome": "camera_prise_en_main", "reason": "Op Voisin commande cette caméra."}
    ]
    screen = await room.call("GET", "/screens/mur-1", "op.voisin")
    assert (screen["layout"], shown(screen)) == (4, [GARE, None, LAC, None])
    assert (screen["origin"], screen["scene_name"]) == ("scene", "Sortie d'école")
    assert (screen["pushed_by"], screen["pushed_by_name"]) == ("op.durand", "Op Durand")
    changed = [fact.data for fact in await room.facts("screen_changed")]
    assert [(fact["origin"], fact["revision"]) for fact in changed] == [("definition", 1), ("scene", 2)]
    assert all(GARE not in str(fact) for fact in changed)  # which cameras is asked, by one's own rights
    assert await room.register_rows("live") == []  # no picture was opened by that


async def test_six_screens_of_sixteen_are_kept_as_they_were_put(room: Room) -> None:
    for number in range(1, 7):
        await a_screen(room, f"mur-{number}")
        tiles = [tile(GARE if place % 2 else MAIRIE) for place in range(16)]
        await room.call("POST", f"/screens/mur-{number}/push", content={"layout": 16, "tiles": tiles})
    screens = (await room.call("GET", "/screens"))["items"]
    assert sum(len([camera for camera in shown(screen) if camera]) for screen in screens) == 96


async def test_pushes_that_come_together_are_all_kept(room: Room) -> None:
    await a_screen(room)
    await room.call("POST", "/screens/mur-1/push", content={"layout": 16, "tiles": []})
    puts = [room.call("PUT", f"/screens/mur-1/tiles/{place}", tile=tile(GARE)) for place in range(16)]
    await asyncio.gather(*puts)
    screen = await room.call("GET", "/screens/mur-1")
    assert shown(screen) == [GARE] * 16
    assert screen["revision"] == 18


async def test_a_screen_is_read_while_somebody_changes_it(room: Room) -> None:
    await a_screen(room)
    async with room.database.transaction() as connection:
        await find_screen(connection, "mur-1", None, for_update=True)
        async with asyncio.timeout(20):
            assert (await room.call("GET", "/screens/mur-1"))["revision"] == 1


async def test_whoever_lacks_a_commune_sees_that_a_tile_is_there_and_not_which(room: Room) -> None:
    await a_screen(room)
    await room.call("POST", "/screens/mur-1/push", content={"layout": 4, "tiles": [tile(GARE), tile(LAC)]})
    screen = await room.call("GET", "/screens/mur-1", "op.enghien")
    assert screen["tiles"][0] == {"camera_id": None, "preset": None, "hidden": True}
    assert screen["tiles"][1]["camera_id"] == LAC
    assert screen["communes"] == [ENGHIEN]
    await room.call("PUT", "/screens/mur-1/tiles/2", "op.enghien", status=404, tile=tile(GARE))
    await room.call("GET", "/screens/mur-1", "op.ailleurs", status=404)
    assert (await room.call("GET", "/screens", "op.ailleurs"))["items"] == []
    await room.call("POST", "/screens/mur-1/presence", "op.ailleurs", status=404)


async def test_a_screen_shows_cameras_of_its_own_communes_only(room: Room) -> None:
    await a_screen(room, communes=(ENGHIEN,))
    await room.call("PUT", "/screens/mur-1/tiles/0", status=404, tile=tile(GARE))
    await room.call("PUT", "/screens/mur-1/tiles/0", tile=tile(LAC))
    await room.call("PUT", "/screens/mur-1/tiles/9", status=422, tile=tile(LAC))
    await a_screen(room, communes=(SOISY,))
    assert shown(await room.call("GET", "/screens/mur-1")) == [None] * 4


async def test_personal_scenes_are_their_owners_and_shared_ones_take_the_right(room: Room) -> None:
    scene: dict[str, Any] = {"name": "Mes caméras", "layout": 4, "tiles": [tile(GARE)]}
    mine = (await room.call("POST", "/scenes", status=201, **scene))["scene_id"]
    await room.call("POST", "/scenes", status=403, **{**scene, "shared": True})
    assert (await room.call("GET", "/scenes", "op.voisin"))["items"] == []
    await room.call("PUT", f"/scenes/{mine}", "op.voisin", status=404, **scene)
    wider: dict[str, Any] = {**scene, "name": "Lac et gare", "tiles": [tile(GARE), tile(LAC)], "shared": True}
    shared = (await room.call("POST", "/scenes", "chef.martin", status=201, **wider))["scene_id"]
    names = [each["name"] for each in (await room.call("GET", "/scenes"))["items"]]
    assert names == ["Lac et gare", "Mes caméras"]
    assert (await room.call("GET", "/scenes", "op.enghien"))["items"] == []
    await room.call("DELETE", f"/scenes/{shared}", status=403)
    await room.call("DELETE", f"/scenes/{mine}", status=204)
    await room.call("POST", "/scenes", status=422, **{**scene, "layout": 5})
    await room.call("POST", "/scenes", status=404, **{**scene, "tiles": [tile("PV-0")]})


async def test_the_wall_is_for_the_room_and_a_refusal_leaves_a_row(room: Room) -> None:
    await a_screen(room)
    await room.call("GET", "/screens", "pm.leroy", status=403)
    await room.call("PUT", "/screens/mur-2", status=403, label="x", wall="y", communes=[SOISY])
    rows = [(row["actor_id"], row["action"]) for row in await room.register_rows("command_wall")]
    assert rows == [("pm.leroy", "command_wall")]
    assert [row["result"] for row in await room.register_rows("manage_rondes")] == ["allowed", "refused"]


async def test_a_seat_lasts_as_long_as_its_browser_says_so(room: Room) -> None:
    await a_screen(room)
    seated = await room.call("POST", "/screens/mur-1/presence", "op.voisin")
    assert seated["seat"]["agent_id"] == "op.voisin"
    assert seated["revision"] == 1
    room.clock.advance(SEAT_FOR - timedelta(seconds=1))
    assert (await room.call("GET", "/screens/mur-1"))["seat"]["agent_name"] == "Op Voisin"
    room.clock.advance(timedelta(seconds=1))
    assert (await room.call("GET", "/screens/mur-1"))["seat"] is None


async def test_a_change_of_several_communes_is_heard_by_each_of_them_and_no_other(room: Room) -> None:
    await a_screen(room)
    await a_screen(room, "mur-2", (SOISY,))
    several, one = await room.facts("screen_changed")

    def hears(agent_id: str) -> list[bool]:
        caller: Principal = room.login_of(agent_id)
        return [may_hear(room.guard, caller, fact, room.clock.now()) for fact in (several, one)]

    assert hears("op.durand") == [True, True]
    assert hears("op.enghien") == [True, False]
    assert hears("op.ailleurs") == [False, False]
    assert hears("pm.leroy") == [False, False]
