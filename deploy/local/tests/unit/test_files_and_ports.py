"""Secrets stay private, ports stay the same, and what is wrong is told in words."""

import json
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded.ports import LOOPBACK, release_port, reserve_port
from vigie_local import control, machine, up
from vigie_local.layout import COMMAND_LINE, Layout
from vigie_local.port_plan import PortPlan, PortTaken, owner_of, require_free
from vigie_local.secret_files import Credentials, UnsafeSecretFile, write_secret
from vigie_local.service_keys import SERVICES, issue_keys
from vigie_local.wanted import UnknownTown, Wanted


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "plaine-vallee")
    made.prepare()
    return made


def test_credentials_are_generated_once_in_a_private_file(layout: Layout) -> None:
    os.umask(0o000)  # the mode must not depend on the caller's umask
    first = Credentials(layout.credentials).get("nats/incident")
    os.umask(0o022)
    assert len(first) >= 32
    assert layout.credentials.stat().st_mode & 0o777 == 0o600
    again = Credentials(layout.credentials)
    assert again.get("nats/incident") == first
    assert again.get("nats/dispatch") != first


def test_credentials_asked_for_by_many_threads_are_all_kept(layout: Layout) -> None:
    credentials = Credentials(layout.credentials)
    with ThreadPoolExecutor(8) as threads:
        given = dict(threads.map(lambda number: (number, credentials.get(str(number % 20))), range(200)))
    again = Credentials(layout.credentials)
    assert all(again.get(str(number % 20)) == secret for number, secret in given.items())


def test_credentials_that_others_can_read_are_refused(layout: Layout) -> None:
    Credentials(layout.credentials).get("nats/incident")
    layout.credentials.chmod(0o644)
    with pytest.raises(UnsafeSecretFile, match="chmod 600"):
        Credentials(layout.credentials)


def test_a_secret_replaces_a_readable_file_by_a_private_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    write_secret(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_private_keys_stay_private_and_public_ones_hold_no_secret(layout: Layout) -> None:
    issue_keys(layout)
    before = layout.private_key("access").read_text()
    issue_keys(layout)
    assert layout.private_key("access").read_text() == before
    for issuer in (*SERVICES, COMMAND_LINE):
        assert layout.private_key(issuer).stat().st_mode & 0o777 == 0o600
        published = json.loads((layout.trusted_keys / f"{issuer}.jwks.json").read_text())["keys"]
        assert [set(key) & {"d", "k", "p", "q"} for key in published] == [set()]


def test_ports_stay_the_same_unless_taken(layout: Layout) -> None:
    kept = reserve_port()
    release_port(kept)
    with socket.create_server((LOOPBACK, 0)) as stranger:
        taken = stranger.getsockname()[1]
        layout.ports.write_text(json.dumps({"nats": kept, "identity": taken}))
        plan = PortPlan(layout.ports)
        assert plan.get("nats") == kept
        chosen = plan.get("identity")
    assert chosen != taken
    assert json.loads(layout.ports.read_text()) == {"nats": kept, "identity": chosen}


def test_a_taken_port_is_told_with_its_owner() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} est déjà pris par .*pid {os.getpid()}.*--port {port + 1}"):
            require_free(port)
    require_free(port)
    assert owner_of(port) is None


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    full, small, fine = (machine.judge_disk(tmp_path, gib << 30) for gib in (1, 5, 50))
    assert re.search(r"Disque presque plein : 1\.0 Gio.*--data", full.text)
    assert "Peu de place : 5.0 Gio" in small.text
    assert full.level > small.level > fine.level


def test_one_folder_has_one_supervisor(layout: Layout) -> None:
    assert control.recorded(layout) is None
    with control.sole_supervisor(layout):
        control.record(layout, "http://127.0.0.1:8080", {})
        assert control.is_running(layout)
        with pytest.raises(control.AlreadyRunning, match=rf"pid {os.getpid()}"), control.sole_supervisor(layout):
            pytest.fail("two supervisors on one folder")
        state = control.recorded(layout)
        assert state is not None
        assert state["pid"] == os.getpid()
    assert not control.is_running(layout)
    assert not control.stop_running(layout)


def test_an_unknown_town_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownTown, match=r"Ville inconnue : atlantis\. Connues : plaine-vallee, .*"):
        up.run(Wanted("atlantis", tmp_path, 8080, cameras=1, demo=True), as_json=True)
    assert list(tmp_path.iterdir()) == []
