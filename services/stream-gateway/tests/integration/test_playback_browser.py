"""A replay in a real browser: hls.js plays it, seeks in it, and its pixels are those of the recorded film."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from av.video.frame import VideoFrame
from playwright.sync_api import Page, Route, sync_playwright

from common.testing.polling import eventually
from common.testing.states import an_agent, an_authorisation, put_agent
from contracts.access import OrganisationKind, Role
from stream_gateway.domain.watermark import Watermark, reference_of
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.recorded import films, put_film
from stream_gateway.testing.rig import Gateway
from stream_gateway.testing.watermarks import stamp_in

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

FILES, SECONDS, RATE = 3, 6, 10
HLS = Path(__file__).parents[4] / "console" / "node_modules" / "hls.js" / "dist" / "hls.min.js"
PAGE = """<!doctype html><video id=v muted width=320 height=180></video><script src="/hls.js"></script><script>
window.at = (seconds) => new Promise((done) => {
  const v = document.getElementById("v");
  v.requestVideoFrameCallback((_, shown) => {  // asked before the seek: after it, the picture may be past
    const canvas = new OffscreenCanvas(320, 180);
    const context = canvas.getContext("2d");
    context.drawImage(v, 0, 0);
    done({ time: shown.mediaTime, pixels: Array.from(context.getImageData(0, 0, 320, 180).data) });
  });
  v.currentTime = seconds;
});
window.open_film = (playlist) => new Promise((done) => {
  const v = document.getElementById("v");
  const hls = new Hls({ maxBufferLength: 60 });
  hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) done({ fatal: e.details, code: e.response?.code }); });
  v.onloadeddata = () => done({ duration: v.duration });
  hls.loadSource(playlist); hls.attachMedia(v);
});
window.play = (rate) => new Promise((done) => {
  const v = document.getElementById("v");
  let frames = 0;
  const count = () => { frames += 1; v.requestVideoFrameCallback(count); };
  v.requestVideoFrameCallback(count);
  v.onended = () => done({ time: v.currentTime, frames });
  v.currentTime = 0; v.playbackRate = rate; v.play();
});
</script>"""


def visit(url: str, headers: dict[str, str], steps: list[str]) -> list[Any]:
    """Open a page of the gateway's own origin with hls.js and return what each step of script answers."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(url)
        if path == "/player":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/hls.js":
            route.fulfill(path=HLS)
        else:
            route.continue_(headers={**route.request.headers, **headers})

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        try:
            page: Page = browser.new_page()
            page.route("**/*", answer)
            page.goto(f"{url}/player")
            return [page.evaluate(step) for step in steps]
        finally:
            browser.close()


def difference(pixels: list[int], second: float) -> float:
    """Return the mean difference (0-255) between a browser's RGBA picture and the recorded one at a second.

    The film names no colour matrix: Chromium then takes BT.709, libswscale BT.601, so it is told.
    """
    pictures = [frame for film in films(FILES, SECONDS) for frame in frames_of(film)]
    picture = pictures[round(second * RATE)].reformat(format="rgba", src_colorspace="ITU709")
    wanted = picture.to_ndarray().reshape(-1)
    return sum(abs(int(one) - two) for one, two in zip(wanted[::97], pixels[::97], strict=True)) / len(wanted[::97])


async def test_hls_js_plays_every_file_and_its_pixels_are_the_recorded_ones(gateway: Gateway) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    camera = await gateway.add_camera(1)
    later = datetime.now(UTC) + timedelta(days=14)
    for number, film in enumerate(films(FILES, SECONDS)):
        await put_film(gateway, camera.camera_id, film, start + timedelta(seconds=number * SECONDS), SECONDS, later)
    body = {
        "camera_id": camera.camera_id,
        "from": start.isoformat(),
        "to": (start + timedelta(seconds=FILES * SECONDS)).isoformat(),
        "motive_code": "levee_de_doute",
        "motive_text": "Vérification d'une rixe signalée",
    }
    answer = await gateway.http.post("/api/stream/replays", json=body, headers=gateway.headers("chef.martin"))
    replay = answer.json()
    instants = [0.55, 7.05, 16.55, 3.25]
    steps = [
        f"open_film({json.dumps(replay['playlist_path'])})",
        *(f"at({second})" for second in instants),
        "play(4)",
        f"open_film({json.dumps(replay['key_pictures_path'])})",
        "play(16)",
    ]
    found = await asyncio.to_thread(visit, gateway.url, gateway.headers("chef.martin"), steps)
    opened, *shown, ended, keys, keys_ended = found
    assert opened["duration"] == pytest.approx(FILES * SECONDS, abs=0.2)
    for second, picture in zip(instants, shown, strict=True):
        assert difference(picture["pixels"], int(second * RATE) / RATE) < 6
        assert difference(picture["pixels"], (second + 9) % 17) > 6, "another picture is told apart"
    assert ended["time"] == pytest.approx(FILES * SECONDS, abs=0.3)
    assert keys["duration"] == pytest.approx(FILES * SECONDS, abs=0.2)
    assert keys_ended["time"] == pytest.approx(FILES * SECONDS, abs=2.1)


async def test_hls_js_plays_a_marked_replay_and_shows_who_watches(gateway: Gateway) -> None:
    outside = an_agent("pm.lefevre", role=Role.CHEF_DE_SALLE, kind=OrganisationKind.POLICE_MUNICIPALE)
    await put_agent(gateway.bus, outside)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    asks = an_authorisation().model_copy(update={"partner_watermark": True})
    camera = await gateway.add_camera(1, authorisation=asks)
    later = datetime.now(UTC) + timedelta(days=14)
    for number, film in enumerate(films(FILES, SECONDS)):
        await put_film(gateway, camera.camera_id, film, start + timedelta(seconds=number * SECONDS), SECONDS, later)
    body = {
        "camera_id": camera.camera_id,
        "from": start.isoformat(),
        "to": (start + timedelta(seconds=FILES * SECONDS)).isoformat(),
        "motive_code": "levee_de_doute",
        "motive_text": "Vérification d'une rixe signalée",
    }
    headers = gateway.headers(outside.agent_id)

    async def opened() -> dict[str, Any] | None:
        answer = await gateway.http.post("/api/stream/replays", json=body, headers=headers)
        return answer.json() if answer.status_code == 201 else None  # the agent may not be heard of yet

    replay = await eventually(opened)
    assert replay is not None
    instants = [0.55, 7.05, 16.55]
    begun = datetime.now(UTC) - timedelta(seconds=1)
    steps = [
        f"open_film({json.dumps(replay['playlist_path'])})",
        *(f"at({second})" for second in instants),
        "play(4)",
        f"open_film({json.dumps(replay['key_pictures_path'])})",
        "play(16)",
    ]
    found = await asyncio.to_thread(visit, gateway.url, headers, steps)
    film, *shown, ended, keys, keys_ended = found
    assert film["duration"] == pytest.approx(FILES * SECONDS, abs=0.2)
    mark = Watermark(outside.name, outside.organisation_name, reference_of(UUID(replay["replay_id"])))
    for second, picture in zip(instants, shown, strict=True):
        assert picture["time"] == pytest.approx(second, abs=0.1)
        pixels = np.array(picture["pixels"], np.uint8).reshape(180, 320, 4)
        assert stamp_in(VideoFrame.from_ndarray(pixels, format="rgba"), mark, begun, datetime.now(UTC))
    assert ended["time"] == pytest.approx(FILES * SECONDS, abs=0.3)
    assert keys["duration"] == pytest.approx(FILES * SECONDS, abs=0.2)
    assert keys_ended["time"] == pytest.approx(FILES * SECONDS, abs=2.1)
