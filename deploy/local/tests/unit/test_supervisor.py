"""The supervisor, on real child processes: order, restarts with back-off, words for what dies, clean stop."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vigie_local.components import Component, DependencyMissing, Process, Step, in_order
from vigie_local.supervisor import Backoff, ComponentFailed, State, Status, Supervisor

QUICK = Backoff(first=0.01, longest=0.05, failures_before_ready=2)
SLEEPER = "import time; time.sleep(600)"


class Journal:
    """Remembers every status change as (name, state)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, State]] = []

    def __call__(self, status: Status) -> None:
        self.entries.append((status.name, status.state))

    def names(self, state: State) -> list[str]:
        return [name for name, seen in self.entries if seen is state]


def python(
    name: str,
    program: str,
    folder: Path,
    *,
    ready: Callable[[], bool] = lambda: True,
    after: tuple[str, ...] = (),
    stop_within: float = 10.0,
    ready_within: float = 20.0,
) -> Process:
    async def is_ready() -> bool:
        return ready()

    return Process(
        name=name,
        title=name,
        command=lambda: [sys.executable, "-c", program],
        ready=is_ready,
        environment=lambda: {"FOLDER": str(folder), "PATH": os.environ["PATH"]},
        folder=lambda: folder,
        after=after,
        stop_within=stop_within,
        ready_within=ready_within,
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - we watch another process
            await asyncio.sleep(0.01)


def gone(pid: int | None) -> bool:
    assert pid is not None
    return not Path(f"/proc/{pid}").exists()


def test_order_puts_each_component_after_what_it_needs() -> None:
    async def nothing() -> None:
        """Do nothing."""

    steps = [Step("c", "c", nothing, after=("b",)), Step("a", "a", nothing), Step("b", "b", nothing, after=("a",))]
    assert [component.name for component in in_order(steps)] == ["a", "b", "c"]
    with pytest.raises(DependencyMissing, match="x → y → x"):
        in_order([Step("x", "x", nothing, after=("y",)), Step("y", "y", nothing, after=("x",))])
    with pytest.raises(DependencyMissing, match="x → nobody"):
        in_order([Step("x", "x", nothing, after=("nobody",))])


def test_back_off_doubles_up_to_its_limit() -> None:
    backoff = Backoff(first=0.5, longest=30)
    assert [backoff.delay(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


async def test_components_start_after_their_needs_and_stop_in_reverse(tmp_path: Path) -> None:
    journal = Journal()
    seen: list[str] = []

    async def between() -> None:
        seen.extend(journal.names(State.READY))

    components: list[Component] = [
        python("web", SLEEPER, tmp_path, after=("databases",)),
        Step("databases", "databases", between, after=("database",)),
        python("database", SLEEPER, tmp_path),
    ]
    supervisor = Supervisor(components, log_folder=tmp_path / "logs", on_change=journal, backoff=QUICK)
    await supervisor.start()
    pids = [status.pid for status in supervisor.statuses.values() if status.pid]
    assert seen == ["database"]
    assert journal.names(State.READY) == ["database", "web"]

    await supervisor.stop()

    assert journal.names(State.STOPPED) == ["web", "database"]
    assert all(gone(pid) for pid in pids)


async def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    journal = Journal()
    supervisor = Supervisor(
        [python("service", SLEEPER, tmp_path)], log_folder=tmp_path / "logs", on_change=journal, backoff=QUICK
    )
    await supervisor.start()
    status = supervisor.statuses["service"]
    for deaths in range(1, 4):
        first = status.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: status.restarts == deaths and status.state is State.READY)  # noqa: B023
        assert status.pid != first
    assert journal.names(State.BACKING_OFF) == ["service"] * 3
    await supervisor.stop()


async def test_a_process_that_never_comes_up_is_told_with_its_last_words(tmp_path: Path) -> None:
    journal = Journal()
    components = [
        python("database", SLEEPER, tmp_path),
        python(
            "service", "raise SystemExit('mot de passe refusé')", tmp_path, ready=lambda: False, after=("database",)
        ),
    ]
    supervisor = Supervisor(components, log_folder=tmp_path / "logs", on_change=journal, backoff=QUICK)
    with pytest.raises(ComponentFailed, match=r"code 1(.|\n)*3 fois de suite(.|\n)*mot de passe refusé"):
        await supervisor.start()
    assert journal.entries[-1] == ("database", State.STOPPED)
    assert supervisor.statuses["database"].pid is None


async def test_a_process_that_never_gets_ready_is_killed_and_told(tmp_path: Path) -> None:
    supervisor = Supervisor(
        [python("service", SLEEPER, tmp_path, ready=lambda: False, ready_within=0.2)],
        log_folder=tmp_path / "logs",
        on_change=Journal(),
        backoff=QUICK,
    )
    with pytest.raises(ComponentFailed, match="SIGKILL"):
        await supervisor.start()


async def test_a_step_that_fails_stops_everything(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise RuntimeError("base pleine")

    journal = Journal()
    components: list[Component] = [
        python("database", SLEEPER, tmp_path),
        Step("databases", "Bases", refuse, after=("database",)),
    ]
    supervisor = Supervisor(components, log_folder=tmp_path / "logs", on_change=journal, backoff=QUICK)
    with pytest.raises(ComponentFailed, match="« Bases » a échoué : base pleine"):
        await supervisor.start()
    assert journal.names(State.STOPPED) == ["database"]


async def test_a_process_deaf_to_the_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path(os.environ['FOLDER'], 'child').write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    child_file = tmp_path / "child"
    supervisor = Supervisor(
        [python("deaf", program, tmp_path, ready=child_file.exists, stop_within=0.2)],
        log_folder=tmp_path / "logs",
        on_change=Journal(),
        backoff=QUICK,
    )
    await supervisor.start()
    pid, child = supervisor.statuses["deaf"].pid, int(child_file.read_text() or 0)
    await supervisor.stop()
    assert gone(pid)
    await until(lambda: _dead(child))


def _dead(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_logs_of_the_last_runs_are_kept(tmp_path: Path) -> None:
    for run in range(3):
        supervisor = Supervisor(
            [
                python(
                    "service",
                    f"print('run {run}', flush=True); {SLEEPER}",
                    tmp_path,
                    ready=lambda: (tmp_path / "logs" / "service.log").read_text() != "",
                )
            ],
            log_folder=tmp_path / "logs",
            on_change=Journal(),
            backoff=QUICK,
        )
        await supervisor.start()
        await supervisor.stop()
    names = ["service.log", "service.log.1", "service.log.2"]
    assert [(tmp_path / "logs" / name).read_text() for name in names] == ["run 2\n", "run 1\n", "run 0\n"]


def test_children_end_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_supervisor import SLEEPER, python
from vigie_local.supervisor import Supervisor

async def main():
    folder = pathlib.Path({str(tmp_path)!r})
    supervisor = Supervisor([python("child", SLEEPER, folder)], log_folder=folder / "logs", on_change=lambda _: None)
    await supervisor.start()
    print(supervisor.statuses["child"].pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not _dead(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while not _dead(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)
