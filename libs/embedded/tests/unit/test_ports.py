"""Free ports: never the same twice, never one that somebody listens on."""

import socket
import subprocess
import sys

from embedded.ports import LOOPBACK, is_free, reserve_port


def test_a_port_is_never_given_twice() -> None:
    ports = [reserve_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(is_free(port) for port in ports)


def test_a_pair_reserves_both_ports() -> None:
    first = reserve_port(also_offset=10_000)
    assert first + 10_000 < 65_536
    assert is_free(first + 10_000)


def test_a_port_in_use_is_not_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        assert not is_free(listener.getsockname()[1])


def test_two_programs_do_not_get_the_same_ports() -> None:
    program = "from embedded.ports import reserve_port; print(*[reserve_port() for _ in range(200)]); input()"
    others = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    chosen: list[set[str]] = []
    for other in others:
        assert other.stdout is not None
        chosen.append(set(other.stdout.readline().split()))
    for other in others:
        other.communicate("\n")
    assert all(len(ports) == 200 for ports in chosen)
    assert chosen[0].isdisjoint(chosen[1])
