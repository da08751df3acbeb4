"""One simulator with an account, in its own process, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from camera_simulator.testing import SimulatorProcess


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorProcess]:
    """Six cameras behind a password, of which the first three move."""
    with SimulatorProcess(count=6, ptz_count=3, username="admin", password="s3 cret/é") as process:
        yield process
