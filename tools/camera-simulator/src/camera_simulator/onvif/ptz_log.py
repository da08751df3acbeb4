"""What a camera was told to do with its head, and when: tests read here what coalescing and dead-man stops did."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

from camera_simulator.onvif.durations import duration_seconds
from camera_simulator.onvif.soap import SoapFaultError, SoapRequest

KEPT = 10_000
COMMANDS = frozenset(
    {
        "AbsoluteMove",
        "RelativeMove",
        "ContinuousMove",
        "Stop",
        "GotoPreset",
        "SetPreset",
        "RemovePreset",
        "GotoHomePosition",
        "SetHomePosition",
    }
)
_VECTORS = {"AbsoluteMove": "Position", "RelativeMove": "Translation", "ContinuousMove": "Velocity"}


@dataclass(frozen=True, slots=True)
class PtzCommand:
    """One command as it was received.

    Attributes:
        operation: of the ONVIF PTZ service, e.g. ``ContinuousMove``.
        received_at: `time.monotonic()` of this machine when the request had come, the same for every process.
        pan: of the position, translation or velocity, if given.
        tilt: same.
        zoom: same.
        timeout_s: of a ContinuousMove, if given.
        preset: token, if given.
    """

    operation: str
    received_at: float
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None
    timeout_s: float | None = None
    preset: str | None = None


class PtzLog:
    """The last commands, and how often each operation was called, status requests included."""

    def __init__(self) -> None:
        self._commands: deque[PtzCommand] = deque(maxlen=KEPT)
        self._calls: Counter[str] = Counter()

    def add(self, soap: SoapRequest, received_at: float) -> None:
        """Note a call; one that is no command only counts."""
        self._calls[soap.name] += 1
        if soap.name in COMMANDS:
            self._commands.append(_read(soap, received_at))

    def clear(self) -> None:
        self._commands.clear()
        self._calls.clear()

    def report(self, now: float) -> dict[str, Any]:
        """Commands, oldest first, calls by operation, and the present instant of the same clock."""
        return {"now": now, "calls": dict(self._calls), "items": [asdict(command) for command in self._commands]}


def _read(soap: SoapRequest, received_at: float) -> PtzCommand:
    try:
        pan, tilt, zoom = _vector(soap)
        timeout = soap.value("tptz:Timeout")
        timeout_s = None if timeout is None else duration_seconds(timeout)
    except SoapFaultError:  # what is wrong with it, the operation says
        return PtzCommand(soap.name, received_at)
    return PtzCommand(soap.name, received_at, pan, tilt, zoom, timeout_s, soap.value("tptz:PresetToken"))


def _vector(soap: SoapRequest) -> tuple[float | None, float | None, float | None]:
    element = _VECTORS.get(soap.name)
    if element is None:
        return None, None, None
    pan, tilt = soap.numbers(f"tptz:{element}/tt:PanTilt", "x", "y") or (None, None)
    (zoom,) = soap.numbers(f"tptz:{element}/tt:Zoom", "x") or (None,)
    return pan, tilt, zoom
