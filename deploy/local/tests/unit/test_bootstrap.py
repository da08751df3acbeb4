"""The bootstrap and its lock files: wrong Python told in words, every package pinned by hash, no registry named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LOCKS = ("requirements.lock", "deploy/local/idp-requirements.lock")
SMALL_LOCKS = ("tools/uv-requirements.lock", "tools/node-requirements.lock")


def test_an_old_python_is_told_in_words(tmp_path: Path) -> None:
    program = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.version = '3.9.2 (main)'\n"
        f"runpy.run_path({str(ROOT / 'tools' / 'bootstrap')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False
    )
    assert done.returncode == 1
    assert "Python 3.9.2 est trop ancien" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_an_old_python_hands_over_to_a_newer_one(tmp_path: Path) -> None:
    newer = tmp_path / "python3.13"
    newer.write_text('#!/bin/sh\necho "handed over: $*"\n')
    newer.chmod(0o755)
    program = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.argv = ['tools/bootstrap', '--tests']\n"
        f"runpy.run_path({str(ROOT / 'tools' / 'bootstrap')!r}, run_name='__main__')"
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PATH": path}, check=False
    )
    assert re.fullmatch(r"handed over: \S*tools/bootstrap --tests\n", done.stdout)


@pytest.mark.parametrize("name", [*LOCKS, *SMALL_LOCKS])
def test_every_locked_package_has_a_hash_and_no_registry_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    requirements = re.split(r"\n(?=[A-Za-z0-9])", text)
    pinned = [entry for entry in requirements if re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==", entry)]
    assert len(pinned) == len(requirements)
    assert all("--hash=sha256:" in entry for entry in pinned)
    assert "://" not in text
    assert not [entry for entry in pinned if entry.startswith("vigie")]


def test_make_help_describes_every_target() -> None:
    listed = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    wanted = ["help", "install", "run", "test", "fmt", "lint", "types", "layers", "bench", "chart", "generate"]
    wanted += ["lock", "clean-data"]
    assert [target for target in wanted if not re.search(rf"make {target} +\S", listed)] == []
