"""``python -m partner_simulator``: serve simulated partners on the loopback interface."""

import argparse
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from partner_simulator.signatures import read_master_secret
from partner_simulator.web import create_app


class _ReadyServer(uvicorn.Server):
    """Writes the bound address to a file as soon as requests are accepted."""

    ready_file: Path | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready_file is not None and sockets:
            host, port = sockets[0].getsockname()[:2]
            # Renamed into place: a reader never sees half a line.
            partial = self.ready_file.with_suffix(".partial")
            partial.write_text(f"http://{host}:{port}\n", encoding="utf-8")
            partial.replace(self.ready_file)


def _stopped_in_order(_number: int, _frame: object) -> None:
    """Be told again, once uvicorn has stopped in order, of the signal that stopped it: the exit status stays 0."""


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("partner_simulator", description="Simulateur de partenaires de Vigie")
    parser.add_argument("--port", type=int, required=True, help="0 : un port libre, écrit dans --ready-file")
    parser.add_argument("--callback-base", required=True, help="origine de la plateforme, http://127.0.0.1:8080")
    parser.add_argument("--webhook-secret-file", type=Path, required=True, help="fichier d'une ligne")
    parser.add_argument("--ack-after", type=float, default=2.0, help="délai avant l'accusé, en secondes")
    parser.add_argument("--ready-file", type=Path, help="reçoit l'adresse dès que le simulateur répond")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 2 when the arguments or the port do not allow it."""
    arguments = _arguments(argv)
    try:
        master_secret = read_master_secret(arguments.webhook_secret_file)
        listener = socket.create_server(("127.0.0.1", arguments.port))
    except (OSError, ValueError) as error:
        print(f"partner_simulator : {error}", file=sys.stderr)
        return 2
    app = create_app(
        callback_base=arguments.callback_base,
        master_secret=master_secret,
        ack_after=arguments.ack_after,
        now=lambda: datetime.now(UTC),
    )
    server = _ReadyServer(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3))
    server.ready_file = arguments.ready_file
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopped_in_order)
    server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
