"""Leaving root behind: an account that owns nothing else, and folders that it can reach.

Applies only when the platform is started as root; an ordinary user runs everything as itself.
"""

import atexit
import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_ACCOUNTS = ("postgres", "nobody")  # the first that the machine knows; initdb insists on a named account
_STAND_INS = Path("/var/lib/vigie")
_TEMPORARY_STAND_INS = Path("/tmp")  # noqa: S108 - mkdtemp chooses the name; TMPDIR may be hidden from the account
_TEMPORARY_PREFIX = "vigie-stand-in-"


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of the machine."""

    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account to drop to, or None when we are not root.

    Raises:
        LookupError: root on a machine without any of the expected accounts.
    """
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LookupError(f"none of the accounts {', '.join(_ACCOUNTS)} exists on this machine")


def reachable_folder(wanted: Path, account: Account | None, *, durable: bool) -> Path:
    """Return a folder of mode 700 that the account owns: ``wanted``, or a stand-in that ``wanted`` links to.

    A parent of mode 700 (``/root``, pytest's folders) hides ``wanted`` from the account. We do not open other
    people's folders: the content then lives under ``/var/lib/vigie``. The stand-in of a folder that is itself
    temporary lives in ``/tmp``; it is removed when this process ends unless ``durable``, and by a later call once
    the link to it is gone.
    """
    if account is None:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted
    if wanted.is_symlink() and wanted.exists():
        return wanted.resolve()
    if _can_enter(wanted.parent, account):
        wanted.mkdir(mode=0o700, exist_ok=True)
        os.chown(wanted, account.uid, account.gid)
        return wanted
    return _stand_in(wanted, account, durable=durable)


def _stand_in(wanted: Path, account: Account, *, durable: bool) -> Path:
    """Make a folder elsewhere and link ``wanted`` to it."""
    temporary = wanted.is_relative_to(tempfile.gettempdir()) or not durable
    if temporary:
        _sweep_temporary_stand_ins()
        place = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=_TEMPORARY_STAND_INS))
    else:
        _STAND_INS.mkdir(mode=0o755, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f"{wanted.name}-", dir=_STAND_INS))
    os.chown(place, account.uid, account.gid)
    wanted.unlink(missing_ok=True)  # a link whose stand-in is gone
    wanted.symlink_to(place)
    if temporary:
        _origin_file(place).write_text(str(wanted))
    if not durable:
        atexit.register(remove_folder, wanted)
    return place


def _origin_file(place: Path) -> Path:
    """Return the note that says which link leads to a temporary stand-in."""
    return place.with_name(f"{place.name}.origin")


def _sweep_temporary_stand_ins() -> None:
    """Remove what killed programs left: temporary stand-ins that no link leads to any more."""
    for note in _TEMPORARY_STAND_INS.glob(f"{_TEMPORARY_PREFIX}*.origin"):
        place = note.with_suffix("")
        with contextlib.suppress(OSError):
            link = Path(note.read_text())
            if not (link.is_symlink() and link.readlink() == place):
                shutil.rmtree(place, ignore_errors=True)
                note.unlink()


def reachable_copy(original: Path, account: Account | None) -> Path:
    """Return ``original``, or a read-only copy of it where the account can read."""
    if account is None or _can_enter(original / "bin", account):
        return original
    copy = _STAND_INS / f"{original.name}-{_fingerprint(original)}-{original.stat().st_mtime_ns}"
    if not copy.exists():
        _STAND_INS.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=_STAND_INS))
        shutil.copytree(original, unfinished, symlinks=True, dirs_exist_ok=True)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy


def remove_folder(wanted: Path) -> None:
    """Remove a folder made by :func:`reachable_folder`, and its stand-in if it has one."""
    if wanted.is_symlink():
        place = wanted.readlink()
        shutil.rmtree(place, ignore_errors=True)
        _origin_file(place).unlink(missing_ok=True)
        wanted.unlink()
    else:
        shutil.rmtree(wanted, ignore_errors=True)


def _can_enter(folder: Path, account: Account) -> bool:
    """Ask the kernel, as the account itself: modes, groups and access lists are its business."""
    drop = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--"]
    return subprocess.run([*drop, "test", "-x", str(folder)], check=False).returncode == 0


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
