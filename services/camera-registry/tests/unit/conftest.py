"""An import as the service does it, no database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from camera_registry.domain.commune import Commune
from camera_registry.domain.importing.comparison import Choices, Comparison, compare, open_table
from camera_registry.domain.importing.plan import ImportPlan, Registered
from camera_registry.domain.position import Area, Position
from camera_registry.inventory_files import postcodes, read_inventory

COMMUNES = {
    "95598": Commune("95598", "Soisy-sous-Montmorency", Area.disc(Position(2.2996, 48.9876), 1500)),
    "95210": Commune("95210", "Enghien-les-Bains", Area.disc(Position(2.3050, 48.9690), 800)),
    "95555": Commune("95555", "Saint-Gratien", Area.disc(Position(2.2840, 48.9720), 900)),
}

Import = Callable[..., Comparison]


@pytest.fixture
def imported() -> Import:
    """Return a function that compares a file with a register: ``imported(content, after=plan, **choices)``."""

    def run(
        content: bytes | str, *, communes: Any = None, after: ImportPlan | None = None, **choices: Any
    ) -> Comparison:
        inventory = read_inventory(content.encode() if isinstance(content, str) else content)
        table = open_table(inventory, choices.get("sheet"))
        cameras = {camera.camera_id: camera for camera in after.created} if after else {}
        cameras |= {change.after.camera_id: change.after for change in after.changes} if after else {}
        sites = {site.site_id: site for site in after.sites} if after else {}
        return compare(
            inventory,
            table,
            Registered(COMMUNES if communes is None else communes, sites, cameras),
            Choices(**choices),
            remembered=None,
            postcodes=postcodes(),
            at=datetime(2026, 6, 1, tzinfo=UTC),
        )

    return run
