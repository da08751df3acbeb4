"""Durations as ONVIF writes them (xsd:duration without years and months)."""

import re

from camera_simulator.onvif.soap import SoapFaultError

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def duration_seconds(duration: str) -> float:
    """Seconds of a duration such as `PT1M30S`.

    Raises:
        SoapFaultError: it is not one, or it is empty.
    """
    match = _DURATION.fullmatch(duration.strip())
    parts = {unit: value for unit, value in (match.groupdict() if match else {}).items() if value}
    if not parts:
        raise SoapFaultError(f"{duration} is no duration", "ter:InvalidArgVal")
    return sum(float(value) * _UNITS[unit] for unit, value in parts.items())
