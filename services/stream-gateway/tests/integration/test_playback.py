"""Playback over recorded films: playlists made on the fly, trimmed to the window, checked anew for every byte."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import av
import httpx
import pytest

from common.testing.polling import eventually
from common.testing.states import an_agent, put_agent
from contracts.access import Role
from stream_gateway.domain.replays import OPEN_FOR
from stream_gateway.testing.films import digest, digests
from stream_gateway.testing.recorded import GROUP_SECONDS, RATE, films, put_film
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration

MOTIVE = "Vérification d'une rixe signalée par la PM"
CHIEF = "chef.martin"
FILES, SECONDS = 3, 6


def long_ago() -> datetime:
    """Return a start that is over and in the retention, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


async def a_recorded_camera(gateway: Gateway, start: datetime, *, hole: float = 0) -> str:
    """Record three files; ``hole``: seconds missing before the last one."""
    camera = await gateway.add_camera(1)
    later = datetime.now(UTC) + timedelta(days=14)
    for number, film in enumerate(films(FILES, SECONDS)):
        began = start + timedelta(seconds=number * SECONDS + (hole if number == FILES - 1 else 0))
        await put_film(gateway, camera.camera_id, film, began, SECONDS, later)
    return camera.camera_id


async def opened(gateway: Gateway, camera_id: str, start: datetime, begin: float, end: float) -> dict[str, Any]:
    body = {
        "camera_id": camera_id,
        "from": (start + timedelta(seconds=begin)).isoformat(),
        "to": (start + timedelta(seconds=end)).isoformat(),
        "motive_code": "levee_de_doute",
        "motive_text": MOTIVE,
    }
    answer = await gateway.http.post("/api/stream/replays", json=body, headers=gateway.headers(CHIEF))
    assert answer.status_code == 201, answer.text
    replay: dict[str, Any] = answer.json()
    return replay


async def get(gateway: Gateway, path: str, agent_id: str = CHIEF, **headers: str) -> httpx.Response:
    return await gateway.http.get(path, headers={**gateway.headers(agent_id), **headers})


async def played(gateway: Gateway, path: str, agent_id: str = CHIEF) -> list[str]:
    """Return a digest of every picture, in order: a player that starts its decoder anew at each discontinuity.

    ffmpeg's own HLS reader does not: it drops the group of pictures after a new init segment.
    """
    folder = path.rpartition("/")[0]
    runs: list[list[bytes]] = []
    asked: dict[str, str] = {}
    for line in (await get(gateway, path)).text.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            uri, byte_range = line.split('"')[1], line.split('"')[3]
            runs.append([(await get(gateway, f"{folder}/{uri}", agent_id, **as_header(byte_range))).content])
        elif line.startswith("#EXT-X-BYTERANGE:"):
            asked = as_header(line.partition(":")[2])
        elif line and not line.startswith("#"):
            answer = await get(gateway, f"{folder}/{line}", agent_id, **asked)
            assert answer.status_code == (206 if asked else 200)
            runs[-1].append(answer.content)
            asked = {}
    return [picture for run in runs for picture in digests(run)]


def as_header(byte_range: str) -> dict[str, str]:
    length, offset = (int(number) for number in byte_range.split("@"))
    return {"Range": f"bytes={offset}-{offset + length - 1}"}


def played_by_ffmpeg(gateway: Gateway, path: str) -> list[str]:
    header = "".join(f"{name}: {value}\r\n" for name, value in gateway.headers(CHIEF).items())
    options = {"headers": header, "allowed_extensions": "ALL", "extension_picky": "0"}
    with av.open(gateway.url + path, "r", format="hls", options=options) as container:
        return [digest(frame) for frame in container.decode(video=0)]


def recorded_pictures() -> list[str]:
    return [picture for film in films(FILES, SECONDS) for picture in digests(film)]


async def test_every_recorded_picture_is_played_once_and_in_order(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, FILES * SECONDS)
    shown = await played(gateway, replay["playlist_path"])
    assert shown == recorded_pictures()
    text = (await get(gateway, replay["playlist_path"])).text
    assert text.count("#EXT-X-DISCONTINUITY\n") == FILES - 1
    assert text.count("#EXT-X-MAP:") == FILES
    assert text.count("#EXTINF:") == FILES * SECONDS // GROUP_SECONDS


async def test_ffmpeg_plays_a_window_of_one_file(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 2, 5.5)
    shown = await asyncio.to_thread(played_by_ffmpeg, gateway, replay["playlist_path"])
    assert shown == recorded_pictures()[2 * RATE : round(5.5 * RATE)]


async def test_a_window_ends_at_the_frame_and_begins_within_one_group(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 3, 10.5)
    shown = await played(gateway, replay["playlist_path"])
    first = 2 * RATE  # the key frame before second 3
    assert shown == recorded_pictures()[first : round(10.5 * RATE)]

    whole = (await get(gateway, replay["segments"][0]["path"])).content
    assert digests(whole) == recorded_pictures()[first : SECONDS * RATE]
    beyond = await get(gateway, replay["segments"][0]["path"], Range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416, "what lies outside of the window does not exist"


async def test_two_nodes_that_wrote_at_once_show_each_picture_once(gateway: Gateway) -> None:
    """A hand-over: the second node's files begin one group before the first one stops, and its clock is 15 ms late."""
    start = long_ago()
    camera = await gateway.add_camera(1)
    later = datetime.now(UTC) + timedelta(days=14)
    one, two, three = films(FILES, SECONDS)
    await put_film(gateway, camera.camera_id, one, start, SECONDS, later)
    await put_film(gateway, camera.camera_id, two, start + timedelta(seconds=6), SECONDS, later)
    late = timedelta(milliseconds=15)
    await put_film(gateway, camera.camera_id, two, start + timedelta(seconds=6) + late, SECONDS, later)
    await put_film(gateway, camera.camera_id, three, start + timedelta(seconds=12) + late, SECONDS, later)
    replay = await opened(gateway, camera.camera_id, start, 0, 20)
    assert await played(gateway, replay["playlist_path"]) == recorded_pictures()


async def test_the_key_pictures_play_at_the_same_positions(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, FILES * SECONDS)
    text = (await get(gateway, replay["key_pictures_path"])).text
    full = (await get(gateway, replay["playlist_path"])).text
    durations = [line for line in text.splitlines() if line.startswith("#EXTINF")]
    assert durations == [line for line in full.splitlines() if line.startswith("#EXTINF")]
    assert "#EXT-X-I-FRAMES-ONLY" in text
    pictures: list[str] = []
    init = (await get(gateway, replay["segments"][0]["path"])).content
    init = init[: int(text.partition('BYTERANGE="')[2].partition("@")[0])]
    for line in text.splitlines():
        if line and not line.startswith("#"):
            path = replay["key_pictures_path"].rpartition("/")[0] + "/" + line
            pictures += digests([init, (await get(gateway, path)).content])
    assert pictures == recorded_pictures()[:: GROUP_SECONDS * RATE]


async def test_gaps_are_told_with_their_cause_and_the_clock_jumps_with_them(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start, hole=30)
    gateway.neighbours.gaps = [
        {
            "started_at": (start + timedelta(seconds=12)).isoformat(),
            "ended_at": (start + timedelta(seconds=42)).isoformat(),
            "cause": "la caméra ne répondait plus",
        }
    ]
    replay = await opened(gateway, camera_id, start, 0, 60)
    timeline = (await get(gateway, replay["timeline_path"])).json()
    told = [(gap["starts_at"], gap["ends_at"], gap["cause"]) for gap in timeline["gaps"]]
    assert [(seconds(start, begin), seconds(start, end), cause) for begin, end, cause in told] == [
        (12, 42, "la caméra ne répondait plus"),
        (48, 60, None),
    ]
    assert [piece["position"] for piece in timeline["pieces"]] == [0, 12]
    assert timeline["duration"] == FILES * SECONDS
    assert len(timeline["pictures"]) == FILES * SECONDS // GROUP_SECONDS
    clocks = [
        seconds(start, line.partition(":")[2])
        for line in (await get(gateway, replay["playlist_path"])).text.splitlines()
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME")
    ]
    assert clocks == [0, 6, 42]


def seconds(start: datetime, text: str) -> float:
    return (datetime.fromisoformat(text) - start).total_seconds()


async def test_another_agent_finds_nothing_and_a_stranger_is_asked_who_they_are(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, 8)
    path = f"/api/stream/replays/{replay['replay_id']}"
    instant = {"at": start.isoformat()}
    media = ("segments/0", "segments/0/groups/0", "segments/0/keyframes/0")
    for rest in ("index.m3u8", "keyframes.m3u8", "timeline", *media):
        assert (await get(gateway, f"{path}/{rest}", "op.enghien")).status_code == 404
        assert (await gateway.http.get(f"{path}/{rest}")).status_code == 401
        assert (await get(gateway, f"{path}/{rest}")).status_code == 200
    thumbnails = f"{path}/thumbnails"
    stranger = await gateway.http.get(thumbnails, params=instant, headers=gateway.headers("op.enghien"))
    assert stranger.status_code == 404
    assert (await gateway.http.post(f"{path}/renewal", headers=gateway.headers("op.enghien"))).status_code == 404
    assert (await gateway.http.delete(path, headers=gateway.headers("op.enghien"))).status_code == 404


async def test_footage_that_expires_in_the_middle_of_a_play_is_gone_at_that_second(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    for patience in (4, 16, 64):  # until the machine is quick enough to be answered before the end
        until = datetime.now(UTC) + timedelta(seconds=patience)
        gateway.neighbours.segments[0]["expires_at"] = until.isoformat()
        replay = await opened(gateway, camera_id, start, 0, FILES * SECONDS)
        first = replay["segments"][0]["path"]
        answer = await get(gateway, first)
        if datetime.now(UTC) < until:
            break
    assert datetime.fromisoformat(replay["expires_at"]) == until
    assert answer.status_code == 200

    async def status() -> tuple[int, datetime]:
        answer = await get(gateway, first)
        return answer.status_code, datetime.now(UTC)

    _, noticed = await eventually(status, until=lambda found: found[0] == 404)
    assert noticed >= until
    text = (await get(gateway, replay["playlist_path"])).text
    assert "segments/0" not in text
    assert text.count("#EXTINF:") == (FILES - 1) * SECONDS // GROUP_SECONDS
    timeline = (await get(gateway, replay["timeline_path"])).json()
    assert timeline["gaps"][0]["cause"] == "durée de conservation dépassée"
    asked = await gateway.http.get(
        f"/api/stream/replays/{replay['replay_id']}/thumbnails",
        params={"at": start.isoformat()},
        headers=gateway.headers(CHIEF),
    )
    assert asked.json() == {"items": []}


async def test_an_agent_revoked_while_watching_sees_nothing_more(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, 8)
    revoked = an_agent(CHIEF, role=Role.CHEF_DE_SALLE)
    await put_agent(gateway.bus, revoked.model_copy(update={"active": False}))

    async def status() -> int:
        return (await get(gateway, replay["segments"][0]["path"])).status_code

    assert await eventually(status, until=lambda code: code == 401) == 401


async def test_a_right_that_ends_closes_the_replay_with_one_row(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, 8)
    await put_agent(gateway.bus, an_agent(CHIEF, role=Role.POLICIER_MUNICIPAL))

    async def status() -> int:
        return (await get(gateway, replay["playlist_path"])).status_code

    assert await eventually(status, until=lambda code: code != 200) == 403
    assert [await status() for _ in range(3)] == [404] * 3
    refused = await gateway.wait_for("entry_requested", lambda row: row["result"] == "refused")
    assert refused["rule"] == "role_autorise"
    rows = [event.data for event in await gateway.events("entry_requested") if event.data["result"] == "refused"]
    assert len(rows) == 1


async def test_a_replay_is_renewed_while_it_is_watched_and_closed_by_hand(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, 8)
    path = f"/api/stream/replays/{replay['replay_id']}"
    renewed = await gateway.http.post(f"{path}/renewal", headers=gateway.headers(CHIEF))
    assert datetime.fromisoformat(renewed.json()["closes_at"]) > datetime.fromisoformat(replay["closes_at"])
    assert datetime.fromisoformat(renewed.json()["closes_at"]) <= datetime.now(UTC) + OPEN_FOR
    assert (await gateway.http.delete(path, headers=gateway.headers(CHIEF))).status_code == 204
    assert (await get(gateway, f"{path}/index.m3u8")).status_code == 404
    assert (await gateway.http.post(f"{path}/renewal", headers=gateway.headers(CHIEF))).status_code == 404


async def test_thumbnails_are_those_of_the_instants_asked(gateway: Gateway) -> None:
    start = long_ago()
    camera_id = await a_recorded_camera(gateway, start)
    replay = await opened(gateway, camera_id, start, 0, FILES * SECONDS)
    path = f"/api/stream/replays/{replay['replay_id']}/thumbnails"
    instants = [(start + timedelta(seconds=at)).isoformat() for at in (0.5, 3, 17.9, 18, 40)]
    answer = await gateway.http.get(path, params={"at": instants}, headers=gateway.headers(CHIEF))
    items = answer.json()["items"]
    assert [seconds(start, item["asked_at"]) for item in items] == [0.5, 3, 17.9]
    assert [seconds(start, item["at"]) for item in items] == [0, 2, 16]
    assert len({item["jpeg"] for item in items}) == len(items)
    many = await gateway.http.get(path, params={"at": instants * 13}, headers=gateway.headers(CHIEF))
    assert many.status_code == 422


async def test_cameras_of_one_window_share_one_clock(gateway: Gateway) -> None:
    start = long_ago()
    later = datetime.now(UTC) + timedelta(days=14)
    first = await a_recorded_camera(gateway, start)
    one = await opened(gateway, first, start, 0, 12)
    gateway.neighbours.segments.clear()
    other = await gateway.add_camera(2)
    film = films(FILES, SECONDS)[0]
    await put_film(gateway, other.camera_id, film, start + timedelta(seconds=3.5), SECONDS, later)
    two = await opened(gateway, other.camera_id, start, 0, 12)
    clocks = []
    for replay in (one, two):
        pieces = (await get(gateway, replay["timeline_path"])).json()["pieces"]
        clocks.append([(seconds(start, piece["starts_at"]), piece["position"]) for piece in pieces])
        assert all(before["ends_at"] <= after["starts_at"] for before, after in pairwise(pieces))
    assert clocks == [[(0, 0)], [(3.5, 0)]]
