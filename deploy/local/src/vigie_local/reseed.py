"""``vigie seed``: run the services' seed commands again beside a running platform."""

import asyncio
import json

from vigie_local import control
from vigie_local.layout import Layout
from vigie_local.seeding import SeedPlan, run_seeds
from vigie_local.service_client import NotRunning


def reseed(layout: Layout) -> list[str]:
    """Run every seed command; returns the services seeded.

    Raises:
        NotRunning: seeding needs the databases.
        SeedFailed: a service refused its seed.
    """
    if not control.is_running(layout) or not layout.seed_plan.exists():
        raise NotRunning(layout)
    plan = SeedPlan(**json.loads(layout.seed_plan.read_text()))
    asyncio.run(run_seeds(plan, layout))
    return sorted(plan.commands)
