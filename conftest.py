"""Fixtures for every test of the repository, and how tests share the machine."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither a slow example nor slow drawing of one.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["common.testing.plugin"]

_END_TO_END = Path(__file__).parent / "tests" / "e2e"


@pytest.hookimpl(tryfirst=True)  # before the plugin reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one worker; all end-to-end tests share one platform, and start first."""
    for item in items:
        together = "e2e" if item.path.is_relative_to(_END_TO_END) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(together))
    items.sort(key=lambda item: not item.path.is_relative_to(_END_TO_END))
