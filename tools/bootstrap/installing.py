"""The steps of the bootstrap, each skipped when what it would install is there already."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_IDENTITY = ROOT / ".venv-idp"
VENV_NODE = ROOT / ".venv-node"
CONSOLE = ROOT / "console"
ONVIF_PEER = ROOT / "services" / "camera-registry" / "tests" / "peers"
MEMBERS = ("libs/*", "services/*", "deploy/local", "tools/*")
NODE_NEEDED = 20
CONSOLE_SOURCES = ("src", "public", "index.html", "package-lock.json", "vite.config.ts", "tsconfig*.json")


class CannotInstall(RuntimeError):
    """Something on the machine is missing; the message says what to do."""


def main(argv: Sequence[str]) -> int:
    """Run every step; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools/bootstrap", description="Prépare ce dépôt.")
    parser.add_argument("--tests", action="store_true", help="aussi Chromium et les pairs des essais")
    options = parser.parse_args(argv)
    started = time.monotonic()
    try:
        make_environment()
        install_packages()
        install_identity_provider()
        build_console()
        if options.tests:
            require_chromium()
            install_onvif_peer()
    except CannotInstall as missing:
        sys.stderr.write(f"\n{missing}\n")
        return 1
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"\nÉchec (code {failed.returncode}) : {' '.join(map(str, failed.cmd))}\n")
        return 1
    say(f"Installation à jour ({time.monotonic() - started:.1f} s).")
    return 0


def make_environment() -> None:
    """Create ``.venv`` with uv in it."""
    lock = ROOT / "tools" / "uv-requirements.lock"
    if unchanged(VENV, "uv", [lock]):
        return
    if not (VENV / "bin" / "python").exists():
        say("Environnement Python…")
        create_venv()
    run(VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "-r", lock)  # fmt: skip
    remember(VENV, "uv", [lock])


def create_venv() -> None:
    """Run ``python3 -m venv``; Debian ships it as a package of its own, which root can install at once."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    package = f"python3.{sys.version_info.minor}-venv" if shutil.which("apt-get") else "python3-venv"
    if not apt_install("python3-venv", package):
        raise CannotInstall(
            "Le module venv de Python manque (ensurepip). L'installer, puis relancer :\n  apt-get install python3-venv"
        )
    run(*command)


def install_packages() -> None:
    """Install the locked packages with their hashes, then our own packages as links to this checkout."""
    lock = ROOT / "requirements.lock"
    members = sorted(path.parent for pattern in MEMBERS for path in ROOT.glob(f"{pattern}/pyproject.toml"))
    watched = [lock, *(member / "pyproject.toml" for member in members)]
    if unchanged(VENV, "packages", watched):
        return
    say(f"Paquets Python ({lock.read_text().count('==')} verrouillés)…")
    uv("pip", "sync", "--python", VENV / "bin" / "python", "--require-hashes", lock)
    editable = [part for member in members for part in ("-e", str(member))]
    uv("pip", "install", "--python", VENV / "bin" / "python", "--no-deps", *editable)
    remember(VENV, "packages", watched)


def install_identity_provider() -> None:
    """Install canaille beside, since its dependencies are not ours."""
    install_beside(VENV_IDENTITY, ROOT / "deploy" / "local" / "idp-requirements.lock", "Fournisseur d'identité…")


def install_beside(venv: Path, lock: Path, title: str) -> None:
    """Make a second environment from its own lock file."""
    if unchanged(venv, "packages", [lock]):
        return
    say(title)
    if not (venv / "bin" / "python").exists():
        uv("venv", "--quiet", "--python", VENV / "bin" / "python", venv)
    uv("pip", "sync", "--python", venv / "bin" / "python", "--require-hashes", lock)
    remember(venv, "packages", [lock])


def build_console() -> None:
    """Build the console when its sources changed since the last build."""
    sources = sorted(path for pattern in CONSOLE_SOURCES for top in CONSOLE.glob(pattern) for path in files_under(top))
    if (CONSOLE / "dist" / "index.html").exists() and unchanged(CONSOLE / "node_modules", "build", sources):
        return
    path = node_path()
    modules = CONSOLE / "node_modules"
    lock = [CONSOLE / "package-lock.json"]
    if not unchanged(modules, "packages", lock):
        say("Paquets de la console (npm)…")
        install_console_packages(path)
        remember(modules, "packages", lock)
    say("Construction de la console…")
    run("npm", "run", "--silent", "build", "--", "--logLevel", "warn", cwd=CONSOLE, path=path)
    remember(modules, "build", sources)


def install_console_packages(path: str) -> None:
    """Install exactly what the lock file says.

    ``npm ci`` refuses a good lock where a package mirror lacks the optional builds for other systems than this one.
    ``npm install --no-save`` then installs the same locked versions with their hashes and writes no file of ours.
    """
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    strict = subprocess.run(
        ["npm", "ci", *quiet], cwd=CONSOLE, env={**os.environ, "PATH": path}, capture_output=True, check=False
    )
    if strict.returncode != 0:
        run("npm", "install", "--no-save", *quiet, cwd=CONSOLE, path=path)


def node_path() -> str:
    """Return a search path with Node and npm: the machine's, or one from PyPI."""
    own = os.environ.get("PATH", os.defpath)
    if shutil.which("npm") and system_node_version() >= NODE_NEEDED:
        return own
    install_beside(VENV_NODE, ROOT / "tools" / "node-requirements.lock", "Node.js (absent ou trop ancien ici)…")
    return f"{VENV_NODE / 'bin'}{os.pathsep}{own}"


def system_node_version() -> int:
    """Return the major version of the machine's Node, 0 when there is none."""
    node = shutil.which("node")
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def install_onvif_peer() -> None:
    """Have the ONVIF device of another author that the camera registry is tested against."""
    lock = [ONVIF_PEER / "package-lock.json"]
    if unchanged(ONVIF_PEER / "node_modules", "packages", lock):
        return
    say("Équipement ONVIF d'essai (npm)…")
    run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=ONVIF_PEER, path=node_path())
    remember(ONVIF_PEER / "node_modules", "packages", lock)


def require_chromium() -> None:
    """Have a Chromium for the browser tests."""
    if shutil.which("chromium") or apt_install("chromium"):
        return
    raise CannotInstall(
        "Les essais dans un navigateur demandent Chromium. L'installer, puis relancer :\n  apt-get install chromium"
    )


def apt_install(*packages: str) -> bool:
    """Install Debian packages when we may; False when we may not or it did not work."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(f"Paquet Debian : {' '.join(packages)}…")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
    # With what Debian recommends: without fonts and Mesa a browser starts but may not draw.
    command = ["apt-get", "install", "-y", "-qq", *packages]
    return subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode == 0


def uv(*arguments: str | Path) -> None:
    """Run the environment's own uv, quietly, with the machine's certificates and the package mirror pip is told of."""
    run(VENV / "bin" / "uv", "--system-certs", *arguments, "--quiet", mirror=pip_index())


def pip_index() -> str | None:
    """Return the index that pip's own configuration names (uv does not read it), None when it names none."""
    asked = [str(VENV / "bin" / "python"), "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def run(*command: str | Path, cwd: Path = ROOT, path: str | None = None, mirror: str | None = None) -> None:
    """Run a command that must succeed; what the caller's environment says goes first."""
    environment = dict(os.environ)
    if path:
        environment["PATH"] = path
    if mirror:
        environment.setdefault("UV_DEFAULT_INDEX", mirror)
    subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=True)


def unchanged(place: Path, name: str, watched: Iterable[Path]) -> bool:
    """Tell whether ``remember`` was called for these very contents."""
    stamp = place / f".vigie-{name}"
    return stamp.exists() and stamp.read_text() == fingerprint(watched)


def remember(place: Path, name: str, watched: Iterable[Path]) -> None:
    """Note in ``place`` that it was made from these contents; it goes when ``place`` is removed."""
    (place / f".vigie-{name}").write_text(fingerprint(watched))


def fingerprint(watched: Iterable[Path]) -> str:
    """Hash names and contents."""
    digest = hashlib.sha256()
    for path in watched:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def files_under(top: Path) -> list[Path]:
    """Return a file itself, or all files under a folder."""
    return [path for path in top.rglob("*") if path.is_file()] if top.is_dir() else [top]


def say(text: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"→ {text}\n")
    sys.stdout.flush()
