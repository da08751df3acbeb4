"""Page objects of the console: the only place in the tests that knows its selectors."""

from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

DEMO_PASSWORD = "vigie-demo"
_SLOW_MS = 60_000

# What the decoder really put on the screen: frames presented and how much the picture changed between the first and
# the last of them. `currentTime` advances over a frozen picture, so it is never asked.
_WATCH = """async (video) => {
  const canvas = new OffscreenCanvas(64, 36);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const grab = () => { context.drawImage(video, 0, 0, 64, 36); return context.getImageData(0, 0, 64, 36).data; };
  const frame = () => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no frame in 20 s')), 20000);
    video.requestVideoFrameCallback((now, meta) => { clearTimeout(timer); resolve(meta.presentedFrames); });
  });
  const firstCount = await frame();
  const first = grab();
  let lastCount = firstCount, changed = 0;
  while (lastCount < firstCount + 12) lastCount = await frame();
  const last = grab();
  for (let i = 0; i < first.length; i += 4) {
    const differ = [0, 1, 2].reduce((sum, c) => sum + Math.abs(first[i + c] - last[i + c]), 0);
    if (differ > 24) changed++;
  }
  const lit = last.filter((value, index) => index % 4 !== 3 && value > 24).length;
  return {frames: lastCount - firstCount, changed, lit, width: video.videoWidth, height: video.videoHeight};
}"""


class Console:
    """A browser window of one person."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    @classmethod
    def open(cls, browser: Browser, url: str) -> "Console":
        """Open a window with cookies of its own."""
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR")
        context.set_default_timeout(_SLOW_MS)
        return cls(context.new_page(), url)

    def close(self) -> None:
        """Close the window and forget its cookies."""
        self.page.context.close()

    def log_in(self, login: str) -> None:
        """Go through the identity provider's real pages."""
        self.page.goto(self._url)
        self.page.get_by_test_id("login-button").click()
        self.page.locator("input[name=login]").fill(login)
        self.page.keyboard.press("Enter")
        self.page.locator("input[name=password]").fill(DEMO_PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.get_by_test_id("account").wait_for()

    def go(self, name: str) -> None:
        """Follow an entry of the navigation."""
        self.page.get_by_test_id(f"nav-{name}").click()

    def search_cameras(self, text: str) -> None:
        """Type into the camera search."""
        self.page.get_by_test_id("camera-search").fill(text)

    def camera_row(self, camera_id: str) -> Locator:
        """Return a camera's row in the list."""
        return self.page.get_by_test_id(f"camera-row-{camera_id}")

    def watch(self, camera_id: str) -> None:
        """Find a camera on the map page and open its picture."""
        self.search_cameras(camera_id)
        self.camera_row(camera_id).click()
        self.page.get_by_test_id("open-live").click()

    def tile_phase(self) -> Locator:
        """Return the badge that says how the first tile stands (attribute ``data-phase``)."""
        return self.page.get_by_test_id("tile-state").first

    def moving_picture(self) -> dict[str, Any]:
        """Wait for the first tile to be live and return what its decoder showed."""
        expect(self.tile_phase()).to_have_attribute("data-phase", "live", timeout=_SLOW_MS)
        return self.page.get_by_test_id("tile-video").first.evaluate(_WATCH)

    def declare_incident(self, *, nature: str, facts: str) -> str:
        """Declare an incident from the tile that is watched; returns its number."""
        self.page.get_by_test_id("tile-declare-1").click()
        form = self.page.get_by_test_id("incident-form")
        form.get_by_test_id("incident-code").fill(nature)
        self.page.get_by_role("option", name=nature).first.click()
        form.get_by_test_id("incident-facts").fill(facts)
        with self.page.expect_response(
            lambda answer: answer.url.endswith("/api/incident/incidents") and answer.request.method == "POST"
        ) as answered:
            form.get_by_test_id("incident-submit").click()
        answer = answered.value
        assert answer.status == 201, answer.text()
        return str(answer.json()["number"])

    def open_incident(self, number: str) -> None:
        """Open an incident from the queue."""
        self.go("incidents")
        self.page.get_by_test_id(f"incident-row-{number}").click()

    def transmit_to(self, partner_id: str) -> None:
        """Send the open incident to one partner, and to no other."""
        for box in self.page.locator("[data-testid^=partner-]").all():
            wanted = box.get_attribute("data-testid") == f"partner-{partner_id}"
            if box.is_checked() != wanted:
                box.set_checked(wanted)
        self.page.get_by_test_id("transmit").click()

    def dispatch_status(self, partner_id: str) -> Locator:
        """Return the state of the message to a partner (attribute ``data-status``)."""
        return self.page.get_by_test_id(f"dispatch-status-{partner_id}").first

    def incident_status(self) -> Locator:
        """Return the status of the open incident (attribute ``data-status``)."""
        return self.page.get_by_test_id("incident-status").first

    def fetch(self, path: str, *, method: str = "GET", body: object = None) -> tuple[int, Any]:
        """Call the API as this person's browser does; returns status and JSON."""
        answer = self.page.evaluate(
            """async ([path, method, body]) => {
              const answer = await fetch(path, {method, headers: {'X-Vigie': '1', 'Content-Type': 'application/json'},
                body: body === null ? undefined : JSON.stringify(body)});
              const text = await answer.text();
              let json = null; try { json = JSON.parse(text); } catch { json = text; }
              return [answer.status, json];
            }""",
            [path, method, body],
        )
        return int(answer[0]), answer[1]
