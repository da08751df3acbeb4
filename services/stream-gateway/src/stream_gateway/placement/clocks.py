"""The clock by which a process notices that it slept."""

import time


def boot_clock() -> float:
    """Return seconds since boot, never set, counting the time that the machine was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
