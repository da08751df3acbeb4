"""The ports of one installation: chosen once, kept, and told in words when somebody else has one."""

import json
from pathlib import Path

from embedded.ports import hold_port, is_free, reserve_port

_LISTEN = "0A"  # state column of /proc/net/tcp


class PortTaken(RuntimeError):
    """A port that the person asked for is in use."""

    def __init__(self, port: int, owner: str | None) -> None:
        by = f" par {owner}" if owner else ""
        super().__init__(
            f"Le port {port} est déjà pris{by}. "
            f"Arrêter ce programme, ou choisir un autre port : vigie up --port {port + 1}"
        )


def require_free(port: int) -> None:
    """Raise PortTaken, with the owner's name where the system tells it."""
    if not is_free(port):
        raise PortTaken(port, owner_of(port))


def owner_of(port: int) -> str | None:
    """Return ``program (pid N)`` of whoever listens on a port, None when we may not know."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]") in inodes:
                    return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue  # it ended, or belongs to somebody else
    return None


def _listening_inodes(port: int) -> set[str]:
    wanted = f":{port:04X}"
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        except OSError:
            continue
        found |= {row[9] for row in rows if row[1].endswith(wanted) and row[3] == _LISTEN}
    return found


class PortPlan:
    """Ports by component name, the same at each start as long as they are free."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}

    def get(self, name: str, *, also_offset: int = 0) -> int:
        """Return a component's port, choosing another when the kept one has been taken meanwhile."""
        kept = self._ports.get(name)
        if kept is not None and hold_port(kept, also_offset=also_offset):
            return kept
        self._ports[name] = reserve_port(also_offset=also_offset)
        self._file.write_text(json.dumps(self._ports, indent=2, sort_keys=True))
        return self._ports[name]
