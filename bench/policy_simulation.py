"""The simulator of rights against asking ``decide`` for every camera and action, on 2 000 cameras.

    python bench/policy_simulation.py [--json] [--cameras 2000]

Both answer the same 6 actions for one operator over 16 communes whose cameras hang under one arrêté each; one camera
in eleven has none, one in seven waits for its masks. Ours also tries the contexts that would open what is refused and
writes the whole answer as JSON; the peer is the bare loop, which does neither. ``ratio`` ≤ 1 is the goal.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from access.simulation_schemas import SIMULATED_ACTIONS, SimulationBody, SimulationView
from common.testing.states import a_camera, an_agent, an_authorisation
from contracts.access import AgentState
from contracts.registry import CameraState
from guard.states import agent_from, camera_from
from policy import Context, decide, simulate

GOAL_RATIO = 1.0
ROUNDS = 5
COMMUNES = [str(95000 + number) for number in range(16)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=2000)
    options = parser.parse_args()
    cameras = fleet(options.cameras)
    agent = an_agent("op.durand", communes=tuple(COMMUNES[:8]))
    at = datetime.now(UTC)
    ours = best(lambda: simulated(agent, cameras, at))
    peer = best(lambda: bare(agent, cameras, at))
    decisions = len(cameras) * len(SIMULATED_ACTIONS)
    figures = {
        "cameras": len(cameras),
        "decisions": decisions,
        "simulation_ms": round(ours * 1000, 1),
        "bare_decisions_ms": round(peer * 1000, 1),
        "microseconds_per_bare_decision": round(peer / decisions * 1e6, 1),
        "answer_bytes": len(simulated(agent, cameras, at)),
        "ratio": round(ours / peer, 3),
        "goal_ratio": GOAL_RATIO,
    }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:34} {value}")


def fleet(count: int) -> dict[str, CameraState]:
    """Return cameras of 16 communes, some without arrêté and some without signed masks."""
    arretes = [an_authorisation() for _ in COMMUNES]
    cameras: dict[str, CameraState] = {}
    for number in range(count):
        place = number % len(COMMUNES)
        made = a_camera(f"PV-{COMMUNES[place]}-{number:06d}-P1", insee=COMMUNES[place], has_ptz=number % 2 == 0)
        arrete = arretes[place] if number % 11 else None
        cameras[made.camera_id] = made.model_copy(update={"masks_signed": number % 7 != 0, "authorisation": arrete})
    return cameras


def simulated(agent: AgentState, cameras: dict[str, CameraState], at: datetime) -> str:
    """Answer as the endpoint does, every camera listed."""
    outlooks = simulate(agent_from(agent), SIMULATED_ACTIONS, (camera_from(c, at) for c in cameras.values()), at)
    body = SimulationBody(agent_id=agent.agent_id, limit=2000)
    return SimulationView.of(agent, at, outlooks, cameras, body).model_dump_json()


def bare(agent: AgentState, cameras: dict[str, CameraState], at: datetime) -> int:
    """Ask the policy for every camera and action; returns how many are allowed."""
    asker = agent_from(agent)
    judged = [camera_from(camera, at) for camera in cameras.values()]
    nothing = Context()
    return sum(decide(asker, action, one, nothing, at).allowed for action in SIMULATED_ACTIONS for one in judged)


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest round: the machine's other load only ever adds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - begun)
    return min(rounds)


if __name__ == "__main__":
    main()
