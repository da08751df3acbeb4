"""First content of a town: each service seeds itself, we only tell it where the simulators are."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from embedded.server import tail
from vigie_local.layout import Layout
from vigie_local.people import FIRST_ADMINISTRATOR
from vigie_local.secret_files import write_secret

_TAIL_LINES = 12


class SeedFailed(RuntimeError):
    """A service did not accept its seed; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class Simulators:
    """The demonstration's cameras and partners."""

    cameras: int
    ptz_cameras: int
    rtsp_port: int
    onvif_port: int
    camera_username: str
    camera_password_file: Path
    partner_port: int
    webhook_secret_file: Path


def seed_commands(town: str, simulators: Simulators | None) -> dict[str, list[str]]:
    """Return the arguments of ``python -m <import name>`` by service; safe to run again."""
    registry, dispatch = ["seed", "--town", town], ["seed", "--town", town]
    if simulators is None:
        return {
            "camera_registry": [*registry, "--communes-only"],
            "access": ["seed", "--town", town, "--only", FIRST_ADMINISTRATOR.login],
        }
    registry += [
        *("--live-cameras", str(simulators.cameras), "--ptz-count", str(simulators.ptz_cameras)),
        *("--rtsp-base", f"rtsp://127.0.0.1:{simulators.rtsp_port}/cam"),
        *("--onvif-base", f"http://127.0.0.1:{simulators.onvif_port}/onvif"),
        *("--stream-username", simulators.camera_username),
        *("--stream-password-file", str(simulators.camera_password_file)),
    ]
    dispatch += [
        *("--partner-base", f"http://127.0.0.1:{simulators.partner_port}"),
        *("--webhook-secret-file", str(simulators.webhook_secret_file)),
    ]
    return {"camera_registry": registry, "dispatch": dispatch, "access": ["seed", "--town", town]}


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """What to run, by import name, and with which environment."""

    commands: Mapping[str, Sequence[str]]
    environments: Mapping[str, Mapping[str, str]]

    def save(self, layout: Layout) -> None:
        """Keep the plan for ``vigie seed``; it holds passwords."""
        write_secret(layout.seed_plan, json.dumps(asdict(self)))


async def run_seeds(plan: SeedPlan, layout: Layout) -> None:
    """Run every seed command of a plan."""
    await asyncio.gather(
        *(_run_seed(name, arguments, plan.environments[name], layout) for name, arguments in plan.commands.items())
    )


async def _run_seed(import_name: str, arguments: Sequence[str], environment: Mapping[str, str], layout: Layout) -> None:
    """Run one service's seed command."""
    log_file = layout.logs / f"{import_name}-seed.log"
    with log_file.open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", import_name, *arguments),
            env=dict(environment),
            cwd=layout.root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
    if await child.wait() != 0:
        raise SeedFailed(f"premier contenu de {import_name} : code {child.returncode}\n{tail(log_file, _TAIL_LINES)}")


def done_before(stamp: Path, commands: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether these very commands succeeded already."""
    return stamp.exists() and stamp.read_text() == _fingerprint(commands)


def remember(stamp: Path, commands: Mapping[str, Sequence[str]]) -> None:
    """Note that these commands succeeded."""
    stamp.write_text(_fingerprint(commands))


def _fingerprint(commands: Mapping[str, Sequence[str]]) -> str:
    return json.dumps({name: list(arguments) for name, arguments in commands.items()}, sort_keys=True)
