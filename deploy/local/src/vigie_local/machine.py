"""Is this machine fit to start on? What is wrong is said in words, before anything is started."""

import shutil
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_GIB = 1 << 30
_DISK_NEEDED_BYTES = 2 * _GIB
_DISK_COMFORTABLE_BYTES = 10 * _GIB
_PYTHON_NEEDED = (3, 11)


class MachineUnfit(RuntimeError):
    """The platform cannot run here; the message says what to do."""


class DiskLevel(IntEnum):
    """How much room is left, from good to bad."""

    COMFORTABLE = 0
    SMALL = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class DiskState:
    """The room left on the data folder's disk; ``text`` is for the person at the terminal."""

    level: DiskLevel
    text: str


def require_fit(data: Path) -> list[str]:
    """Check interpreter, system and disk; returns warnings.

    Raises:
        MachineUnfit: the platform would fail later, less clearly.
    """
    if sys.version_info < _PYTHON_NEEDED:
        raise MachineUnfit(f"Python {sys.version.split()[0]} est trop ancien : il faut Python 3.11 ou plus récent.")
    if not sys.platform.startswith("linux"):
        raise MachineUnfit(f"Système {sys.platform} non pris en charge : il faut Linux.")
    disk = disk_state(data)
    if disk.level is DiskLevel.FULL:
        raise MachineUnfit(disk.text)
    return [disk.text] if disk.level is DiskLevel.SMALL else []


def disk_state(data: Path) -> DiskState:
    """Look at the disk of the data folder."""
    return judge_disk(data, shutil.disk_usage(_existing(data)).free)


def judge_disk(data: Path, free_bytes: int) -> DiskState:
    """Judge free space in bytes: under 2 GiB nothing is started, under 10 GiB a warning is due."""
    free = f"{free_bytes / _GIB:.1f} Gio libres pour {data}"
    if free_bytes < _DISK_NEEDED_BYTES:
        text = (
            f"Disque presque plein : {free}, il en faut au moins {_DISK_NEEDED_BYTES // _GIB}. "
            "Libérer de la place, ou choisir un autre disque : vigie up --data DOSSIER"
        )
        return DiskState(DiskLevel.FULL, text)
    if free_bytes < _DISK_COMFORTABLE_BYTES:
        text = f"Peu de place : {free} ; une caméra enregistre environ 20 Gio par jour à 2 Mbit/s."
        return DiskState(DiskLevel.SMALL, text)
    return DiskState(DiskLevel.COMFORTABLE, free)


def _existing(path: Path) -> Path:
    """Return the nearest parent that exists."""
    while not path.exists():
        path = path.parent
    return path
