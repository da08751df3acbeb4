"""A camera's motors through the ONVIF PTZ service, in the generic spaces.

Source: ONVIF PTZ Service Specification. A refusal names no address and no password.
"""

import math
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from stream_gateway.domain.ptz.orders import (
    AbsoluteMove,
    ContinuousMove,
    GoHome,
    GoToPreset,
    Order,
    Pointing,
    RelativeMove,
    Stop,
    StoredPreset,
)
from stream_gateway.onvif.device import DeviceFault, DeviceTrouble, OnvifDevice
from stream_gateway.onvif.services import services_of
from stream_gateway.onvif.soap import MEDIA, PTZ, SCHEMA, Account, Node, Operation, element, number_in
from stream_gateway.ports import CameraSource, PositionUntold, PtzFailed

HOME_PRESET = "1"
_MOST_PRESETS = 300
_MOST_TEXT = 64
_SPACES = "http://www.onvif.org/ver10/tptz"


@dataclass(frozen=True, slots=True)
class _Service:
    """Where the PTZ service is, and the media profile that the motors belong to."""

    url: str
    profile: str


class OnvifMotor:
    """``Motor`` of one camera. The first call finds the PTZ service; connections are kept for the next ones."""

    def __init__(self, source: CameraSource, *, within: float) -> None:
        if source.onvif_url is None:
            raise PtzFailed("Cette caméra n'a pas d'adresse de commande.")
        account = Account(source.username, source.password or "") if source.username else None
        self._device = OnvifDevice(source.onvif_url, account, within=within)
        self._service: _Service | None = None

    async def close(self) -> None:
        await self._device.close()

    async def obey(self, order: Order) -> None:
        """Give one order; raises PtzFailed."""
        if isinstance(order, GoHome):
            await self._go_home()
            return
        name, inside = _request(order)
        await self._call(name, inside)

    async def pointing(self) -> Pointing:
        """Return where it points now; raises PtzFailed, also where the camera does not tell."""
        try:
            status = await self._call("GetStatus")
        except _Refused as refusal:
            raise PositionUntold from refusal
        found = _place(status.find("Position"))
        if found is None:
            raise PositionUntold
        states = [node.text.strip().upper() for node in _below(status.find("MoveStatus")) if node.text.strip()]
        moving = None if not states or "UNKNOWN" in states else "MOVING" in states
        return Pointing(*found, moving)

    async def presets(self) -> list[StoredPreset]:
        """Return the presets that the camera keeps; raises PtzFailed."""
        answer = await self._call("GetPresets")
        found: list[StoredPreset] = []
        for node in answer.all("Preset")[:_MOST_PRESETS]:
            token = node.attributes.get("token", "")
            if 0 < len(token) <= _MOST_TEXT:
                place = _place(node.find("PTZPosition")) or (None, None, None)
                found.append(StoredPreset(token, node.value("Name")[:80], *place))
        return found

    async def set_preset(self, name: str, token: str | None) -> str:
        """Keep where it points as a new preset, or in the place of one; return its token. Raises PtzFailed."""
        inside = element("PresetName", name) + (element("PresetToken", token) if token is not None else "")
        kept = (await self._call("SetPreset", inside)).value("PresetToken")
        if not 0 < len(kept) <= _MOST_TEXT:
            raise PtzFailed("La caméra n'a pas confirmé la préposition.")
        return kept

    async def remove_preset(self, token: str) -> None:
        """Forget a preset; raises PtzFailed."""
        await self._call("RemovePreset", element("PresetToken", token))

    async def _go_home(self) -> None:
        try:
            await self._call("GotoHomePosition")
        except _Refused:
            await self._call("GotoPreset", element("PresetToken", HOME_PRESET))

    async def _call(self, name: str, inside: str = "") -> Node:
        try:
            service = self._service or await self._found()
            self._service = service
            operation = Operation(PTZ, name, element("ProfileToken", service.profile) + inside)
            return await self._device.call(operation, service.url)
        except DeviceFault as fault:
            raise _Refused(str(fault)) from fault
        except DeviceTrouble as trouble:
            self._service = None  # it may have got another address or profile
            raise PtzFailed(str(trouble)) from trouble

    async def _found(self) -> _Service:
        urls = await services_of(self._device)
        media, ptz = urls.get(MEDIA), urls.get(PTZ)
        if ptz is None:
            raise PtzFailed("Cette caméra ne se commande pas.")
        profiles = await self._device.call(Operation(MEDIA, "GetProfiles"), media)
        for profile in profiles.all("Profiles"):
            if profile.find("PTZConfiguration") is not None and profile.attributes.get("token"):
                return _Service(ptz, profile.attributes["token"])
        raise PtzFailed("Cette caméra ne se commande pas.")


class _Refused(PtzFailed):
    """The camera understood and said no: another way may do."""


def _request(order: ContinuousMove | AbsoluteMove | RelativeMove | GoToPreset | Stop) -> tuple[str, str]:
    match order:
        case ContinuousMove(velocity, seconds):
            speed = _vector(velocity.pan, velocity.tilt, velocity.zoom)
            # whole seconds: some cameras read no fraction. Our own stop is exact, this one is for when we are gone.
            return "ContinuousMove", f"<Velocity>{speed}</Velocity>{element('Timeout', f'PT{math.ceil(seconds)}S')}"
        case AbsoluteMove(pan, tilt, zoom):
            return "AbsoluteMove", f"<Position>{_vector(pan, tilt, zoom)}</Position>"
        case RelativeMove(pan, tilt, zoom):
            return "RelativeMove", f"<Translation>{_vector(pan, tilt, zoom)}</Translation>"
        case GoToPreset(token):
            return "GotoPreset", element("PresetToken", token)
        case Stop():
            return "Stop", element("PanTilt", "true") + element("Zoom", "true")


def _vector(pan: float, tilt: float, zoom: float | None) -> str:
    schema = quoteattr(SCHEMA)
    turned = f'<PanTilt xmlns={schema} x="{pan:.6f}" y="{tilt:.6f}"/>'
    return turned if zoom is None else f'{turned}<Zoom xmlns={schema} x="{zoom:.6f}"/>'


def _below(node: Node | None) -> list[Node]:
    return list(node.walk()) if node is not None else []


def _place(node: Node | None) -> tuple[float, float, float] | None:
    """Return pan, tilt and zoom of a PTZVector in the generic spaces; a camera without zoom stands at 0."""
    turned = node.find("PanTilt") if node is not None else None
    if node is None or turned is None or not turned.attributes.get("space", _SPACES).startswith(_SPACES):
        return None
    pan, tilt = number_in(turned.attributes.get("x")), number_in(turned.attributes.get("y"))
    zoomed = node.find("Zoom")
    zoom = number_in(zoomed.attributes.get("x")) if zoomed is not None else 0.0
    if pan is None or tilt is None or zoom is None:
        return None
    return pan, tilt, zoom
