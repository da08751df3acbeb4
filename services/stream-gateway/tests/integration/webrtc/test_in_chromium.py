"""The console's own WHEP line in a real Chromium: pixels on screen, and none any more when the session ends."""

import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, async_playwright

from common.auth import SESSION_COOKIE
from stream_gateway.testing.rig import ORIGIN, Gateway

pytestmark = pytest.mark.integration

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",  # Chromium leaves 127.0.0.1 out of its candidates
    "--autoplay-policy=no-user-gesture-required",
]
BRIGHTNESS = np.array([0.299, 0.587, 0.114], dtype=np.float32)
CONSOLE = Path(__file__).parents[5] / "console"
TRANSPILE = """
const ts = require("typescript");
const fs = require("fs");
const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
const text = ts.transpileModule(fs.readFileSync(process.argv[1], "utf8"), { compilerOptions: options }).outputText;
process.stdout.write(text.replaceAll(/from "(?:@\\/api|\\.)\\/(\\w+)"/g, 'from "/module/api/$1"'));
"""
PAGE = """<!doctype html><video playsinline></video>
<script type="module">
import { WhepLine } from "/module/live/whep";
const [width, height, block] = [640, 360, 10];
const video = document.querySelector("video");
const canvas = new OffscreenCanvas(width, height);
const context = canvas.getContext("2d", { willReadFrequently: true });
window.looks = [];
window.failures = [];
const brightness = () => {
  context.drawImage(video, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const sums = new Array((width / block) * (height / block)).fill(0);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 4 * (y * width + x);
      const light = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      sums[Math.floor(y / block) * (width / block) + Math.floor(x / block)] += light / (block * block);
    }
  }
  return sums;
};
const look = () => video.requestVideoFrameCallback(() => {
  window.looks.push(brightness());
  look();
});
window.watch = (session) => {
  look();
  const begun = performance.now();
  window.line = new WhepLine(video, session, {
    onFirstFrame: () => { window.firstFrame = performance.now() - begun; },
    onFailure: (failure) => window.failures.push(failure),
  });
  window.line.start();
};
</script>"""


def module_of(path: str) -> str:
    """Return a source of the console as JavaScript."""
    source = CONSOLE / "src" / f"{path}.ts"
    done = subprocess.run(["node", "-e", TRANSPILE, source], cwd=CONSOLE, check=True, capture_output=True, text=True)
    return done.stdout


@pytest_asyncio.fixture
async def page(gateway: Gateway) -> AsyncIterator[Page]:
    """A page of the console's origin whose API is the gateway under test."""

    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path.startswith("/module/"):
            await route.fulfill(body=module_of(path.removeprefix("/module/")), content_type="text/javascript")
        elif path.startswith("/api/"):
            await route.fulfill(response=await route.fetch(url=gateway.url + path))
        else:
            await route.fulfill(body=PAGE, content_type="text/html")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context()
        await context.add_cookies(
            [{"name": SESSION_COOKIE, "value": gateway.tokens.session("op.durand"), "url": ORIGIN}]
        )
        opened = await context.new_page()
        opened.set_default_timeout(120_000)
        await opened.route("**/*", serve)
        await opened.goto(f"{ORIGIN}/")
        yield opened
        await opened.unroute_all(behavior="ignoreErrors")  # the line's farewell may still be under way
        await browser.close()


def film_of(gateway: Gateway, number: int, enough: threading.Event) -> Any:
    """Return frames straight from a camera as the page sees them: mean brightness of blocks of 10 x 10 pixels."""
    looks: list[Any] = []
    url = gateway.simulator.rtsp_url(number, "sub", with_credentials=True)
    with av.open(url, "r", options={"rtsp_transport": "tcp"}, timeout=30) as camera:
        for frame in camera.decode(video=0):
            light = frame.to_ndarray(format="rgb24").astype(np.float32) @ BRIGHTNESS
            looks.append(light.reshape(36, 10, 64, 10).mean(axis=(1, 3)).ravel())
            if enough.is_set():
                break
    return np.stack(looks)


def distance(film: Any, look: Any) -> float:
    """Return how far a look is from the most similar frame of a film, in levels of brightness."""
    return float(np.abs(film - look).mean(axis=1).min())


async def test_the_consoles_line_shows_the_cameras_pixels_until_the_session_ends(gateway: Gateway, page: Page) -> None:
    camera = await gateway.add_camera(1)
    session = (await gateway.open_session(camera.camera_id, quality="sub")).json()
    enough = threading.Event()
    straight = asyncio.create_task(asyncio.to_thread(film_of, gateway, 1, enough))
    try:
        await page.evaluate("(session) => window.watch(session)", session)
        await page.wait_for_function("window.looks.length > 40 || window.failures.length > 0")
        assert await page.evaluate("window.failures") == []
        assert await page.evaluate("window.firstFrame") > 0
        looks = np.array(await page.evaluate("window.looks"), dtype=np.float32)
    finally:
        enough.set()  # a thread that reads on for ever would keep the whole run from ending
        film = await straight
    assert np.median([distance(film, look) for look in looks]) < 3
    assert len({look.tobytes() for look in looks}) > 20

    await gateway.http.delete(f"/api/stream/sessions/{session['session_id']}", headers=gateway.headers())
    await page.wait_for_function("window.failures.length > 0")
    assert await page.evaluate("window.failures") == [{"cause": "broken"}]
    seen = await page.evaluate("window.looks.length")
    await page.wait_for_timeout(500)
    assert await page.evaluate("window.looks.length") == seen
    assert gateway.parts.app.state.whep.count == 0
