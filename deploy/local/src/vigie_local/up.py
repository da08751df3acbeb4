"""``vigie up``: check the machine, start everything, tell where to go, stay until told to stop."""

import asyncio
import contextlib
import signal

from embedded.ports import hold_port
from vigie_local import control, installation
from vigie_local.board import Board, board_for
from vigie_local.layout import Layout
from vigie_local.machine import MachineUnfit, disk_state, require_fit
from vigie_local.people import DEMO_PASSWORD
from vigie_local.platform import Platform
from vigie_local.port_plan import require_free
from vigie_local.supervisor import Status, Supervisor
from vigie_local.wanted import TOWNS, UnknownTown, Wanted

_DISK_CHECK_SECONDS = 60


def run(wanted: Wanted, *, as_json: bool) -> None:
    """Run the platform until SIGINT, SIGTERM or ``vigie down``.

    Raises:
        UnknownTown, MachineUnfit, PortTaken, AlreadyRunning, ComponentFailed, UnsafeSecretFile: each says what to do.
    """
    if wanted.town not in TOWNS:
        raise UnknownTown(wanted.town)
    warnings = require_fit(wanted.data)
    if not (installation.CONSOLE / "index.html").exists():
        raise MachineUnfit("La console n'est pas construite ; lancer : make install")
    layout = Layout(wanted.data)
    layout.prepare()
    with control.sole_supervisor(layout):
        require_free(wanted.port)
        hold_port(wanted.port)
        asyncio.run(_run(Platform(wanted), warnings, as_json=as_json))


async def _run(platform: Platform, warnings: list[str], *, as_json: bool) -> None:
    told_to_stop = asyncio.Event()

    def on_change(status: Status) -> None:
        control.record(platform.layout, platform.origin, supervisor.statuses)
        board.changed(status)

    supervisor = Supervisor(platform.components(), log_folder=platform.layout.logs, on_change=on_change)
    board = board_for(supervisor.statuses, as_json=as_json)

    def stop() -> None:
        if not told_to_stop.is_set():
            board.say("Arrêt en cours…")
        told_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        for warning in warnings:
            board.say(warning)
        if await _started_before(supervisor, told_to_stop):
            _announce(board, platform)
            await _stay(board, platform, told_to_stop)
        await supervisor.stop()
        board.say("Vigie est arrêtée ; ses données restent.")
    finally:
        board.close()


async def _started_before(supervisor: Supervisor, told_to_stop: asyncio.Event) -> bool:
    """Start everything unless told to stop meanwhile; True when all is up."""
    starting = asyncio.create_task(supervisor.start())
    stopping = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        stopping.cancel()
        starting.result()
        return True
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    return False


async def _stay(board: Board, platform: Platform, told_to_stop: asyncio.Event) -> None:
    """Wait to be told to stop; meanwhile say when the disk gets full (once for each worsening)."""
    told = disk_state(platform.wanted.data)
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DISK_CHECK_SECONDS):
                await told_to_stop.wait()
            return
        now = disk_state(platform.wanted.data)
        if now.level > told.level:
            board.say(now.text)
        told = now


def _announce(board: Board, platform: Platform) -> None:
    people = platform.identity.people
    lines = [f"Vigie est prête : {platform.origin}"]
    if platform.wanted.demo:
        lines += [f"Connexions de démonstration (mot de passe : {DEMO_PASSWORD}) :"]
        lines += [f"  {person.login:<15} {person.presented_as}" for person in people]
    else:
        lines += [f"Premier compte : {people[0].login} ; son mot de passe est dans {platform.layout.credentials}"]
    lines += [f"Données : {platform.wanted.data} ; journaux : {platform.layout.logs} ; arrêt : Ctrl-C ou vigie down"]
    announcement = {
        "url": platform.origin,
        "identity_url": platform.identity.origin,
        "data": str(platform.wanted.data),
        "logins": [person.login for person in people],
    }
    board.ready(announcement, "\n".join(lines))
