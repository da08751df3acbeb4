"""One platform for all end-to-end tests, one browser for each file."""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from e2e_console import Console
from e2e_platform import RunningPlatform
from playwright.sync_api import Browser, sync_playwright

FAILED = pytest.StashKey[bool]()
RESULTS = Path(__file__).parents[2] / "test-results"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """The whole platform, started as a person starts it."""
    running = RunningPlatform(tmp_path_factory.mktemp("vigie"), cameras=6)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, closed with its module: its driver holds this thread's event loop, which other tests need."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def console(browser: Browser, platform: RunningPlatform, request: pytest.FixtureRequest) -> Iterator[Console]:
    """A fresh window on the console; what it showed at a failure is kept in ``test-results/``."""
    opened = Console.open(browser, platform.url)
    yield opened
    if request.node.stash.get(FAILED, False):
        RESULTS.mkdir(exist_ok=True)
        opened.page.screenshot(path=RESULTS / f"{request.node.name}.png")
        sys.stderr.write(f"page at the failure: {opened.page.url}\n")
    opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself failed, for its fixtures."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
