"""NATS: keeps its stream over kill -9, holds users to their subjects, dies with its parent."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from embedded.nats import InvalidNatsConfiguration, NatsServer, NatsUser
from embedded.server import ServerFailed

pytestmark = pytest.mark.integration


async def test_acknowledged_messages_survive_kill_and_restart(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "nats") as server:
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(name="S", subjects=["s.>"])
        for number in range(20):
            await client.jetstream().publish("s.a", str(number).encode())
        await client.close()
        first_pid = server.pid

        server.kill()
        assert not server.running
        server.start()

        assert server.pid != first_pid
        client = await nats.connect(server.url)
        stream = await client.jetstream().stream_info("S")
        assert stream.state.messages == 20
        await client.close()
    assert not server.running


async def test_a_user_is_held_to_its_subjects(tmp_path: Path) -> None:
    users = [NatsUser("incident", "one", publish=("vigie.*.incident.>",), subscribe=("vigie.>",))]
    refusals: asyncio.Queue[str] = asyncio.Queue()

    async def on_error(error: Exception) -> None:
        refusals.put_nowait(str(error))

    with NatsServer(tmp_path / "nats", users=users) as server:
        client = await nats.connect(server.url, user="incident", password="one", error_cb=on_error)
        heard = await client.subscribe("vigie.>")
        await client.publish("vigie.95598.incident.opened.v1", b"mine")
        assert (await heard.next_msg(timeout=5)).data == b"mine"
        await client.publish("vigie.95598.dispatch.changed.v1", b"not mine")
        await client.flush()
        assert "permissions violation" in (await asyncio.wait_for(refusals.get(), 10)).lower()
        await client.close()

        with pytest.raises(NatsError):
            await nats.connect(
                server.url, user="incident", password="wrong", allow_reconnect=False, max_reconnect_attempts=0
            )


def test_a_wrong_configuration_is_refused_before_start(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats", users=[NatsUser("", "")])
    with pytest.raises(InvalidNatsConfiguration):
        server.start()


def test_a_taken_port_is_told_with_the_log(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "first") as first, pytest.raises(ServerFailed, match="address already in use"):
        NatsServer(tmp_path / "second", port=first.port).start()


def test_the_server_dies_with_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from embedded.nats import NatsServer\n"
        "server = NatsServer(pathlib.Path(sys.argv[1])); server.start(); print(server.pid, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "nats")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    orphan = Path(f"/proc/{parent.stdout.readline().strip()}/stat")
    assert orphan.exists()

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    deadline = time.monotonic() + 20
    while orphan.exists() and "Z" not in orphan.read_text().rpartition(")")[2].split()[0]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
