"""Make this checkout ready to run: ``python3 tools/bootstrap [--tests]``.

Runs under whatever ``python3`` the machine has, so the version is checked before anything newer is imported. What is
installed already and unchanged is skipped: a second call takes well under a second.
"""

import os
import shutil
import sys

NEEDED = (3, 11)


def newer_python() -> "str | None":
    """Return another interpreter on the search path that is new enough, or None."""
    for minor in range(20, NEEDED[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


if sys.version_info < NEEDED:
    BETTER = newer_python()
    if BETTER is None:
        sys.exit(
            f"Python {sys.version.split()[0]} est trop ancien : Vigie demande Python 3.11 ou plus récent.\n"
            "Debian 12 et Ubuntu 24.04 en ont un : apt-get install python3 python3-venv"
        )
    os.execv(BETTER, [BETTER, *sys.argv])  # noqa: S606 - the very same command, read by a newer interpreter

from installing import main  # noqa: E402 - only now is the interpreter known to be able to read it

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
