"""What a person (or a program) sees while the platform starts, runs and stops."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from vigie_local.supervisor import State, Status

_STYLES = {
    State.READY: "green",
    State.DONE: "green",
    State.PREPARING: "cyan",
    State.STARTING: "cyan",
    State.BACKING_OFF: "yellow",
    State.FAILED: "bold red",
    State.WAITING: "dim",
    State.STOPPED: "dim",
}
_UP = (State.READY, State.DONE)
_DETAIL_COLUMNS = 60
_REFRESHES_PER_SECOND = 4


class Board(Protocol):
    """Shows statuses; one of three forms."""

    def changed(self, status: Status) -> None:
        """A component changed."""

    def say(self, text: str) -> None:
        """One sentence for the person."""

    def ready(self, announcement: Mapping[str, object], text: str) -> None:
        """Everything serves: the address and the log-ins."""

    def close(self) -> None:
        """Give the terminal back."""


class Lines:
    """Plain lines, for a pipe or a log."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def changed(self, status: Status) -> None:
        detail = f" — {status.detail}" if status.detail else ""
        self.say(f"{status.title} : {status.state.value}{detail}")

    def say(self, text: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._started:6.1f} s] {text}\n")
        sys.stdout.flush()

    def ready(self, announcement: Mapping[str, object], text: str) -> None:
        del announcement
        sys.stdout.write(f"\n{text}\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing to give back."""


class JsonLines:
    """One JSON object a line: ``{"event": "status"|"message"|"ready", …}``."""

    def changed(self, status: Status) -> None:
        self._write(
            {
                "event": "status",
                "name": status.name,
                "state": status.state.value,
                "pid": status.pid,
                "restarts": status.restarts,
                "detail": status.detail,
            }
        )

    def say(self, text: str) -> None:
        self._write({"event": "message", "text": text})

    def ready(self, announcement: Mapping[str, object], text: str) -> None:
        del text
        self._write({"event": "ready", **announcement})

    def close(self) -> None:
        """Nothing to give back."""

    def _write(self, line: Mapping[str, object]) -> None:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


class LiveTable:
    """One table that keeps up to date, for a terminal."""

    def __init__(self, statuses: Mapping[str, Status]) -> None:
        self._statuses = statuses
        self._console = Console()
        self._live = Live(
            get_renderable=self._table, console=self._console, refresh_per_second=_REFRESHES_PER_SECOND, transient=False
        )
        self._live.start()

    def changed(self, status: Status) -> None:
        """The table reads the statuses itself at its next refresh."""

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False)

    def ready(self, announcement: Mapping[str, object], text: str) -> None:
        del announcement
        self._console.print(f"\n{text}\n", highlight=False)

    def close(self) -> None:
        self._live.stop()

    def _table(self) -> Table:
        return status_table(list(self._statuses.values()), now=time.monotonic())


def status_table(statuses: list[Status], *, now: float) -> Table:
    """Return the table of ``vigie up`` and ``vigie status``."""
    up = sum(status.state in _UP for status in statuses)
    table = Table(title=f"Vigie — {up}/{len(statuses)} prêts", title_justify="left", expand=False)
    for heading, justify in (("Composant", "left"), ("État", "left"), ("Depuis", "right"), ("Relances", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    table.add_column("Détail", max_width=_DETAIL_COLUMNS, overflow="ellipsis", no_wrap=True)
    for status in statuses:
        style = _STYLES.get(status.state)
        state = f"[{style}]{status.state.value}[/]" if style else status.state.value
        since = "" if status.state is State.WAITING else f"{now - status.since:.0f} s"
        first_line = next(iter(status.detail.splitlines()), "")
        table.add_row(status.title, state, since, str(status.restarts or ""), first_line)
    return table


def board_for(statuses: Mapping[str, Status], *, as_json: bool) -> Board:
    """Choose the form: JSON lines when asked, a live table on a terminal, else plain lines."""
    if as_json:
        return JsonLines()
    return LiveTable(statuses) if sys.stdout.isatty() else Lines()
