"""Puts privacy masks on a camera by Media2, and believes only what the camera then says that it hides.

Source: ONVIF Media2 Service Specification, Privacy Masks. Corners there run from -1 to 1, upwards; ours from 0 to 1,
downwards. Only solid colour counts: a blurred or pixelated window can be read again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from xml.sax.saxutils import escape

import shapely

from camera_registry.domain.camera import Credentials
from camera_registry.domain.masks import MaskPolygon
from camera_registry.onvif.client import DeviceAway, DeviceTrouble, OnvifDevice
from camera_registry.onvif.readings import services_in
from camera_registry.onvif.soap import DEVICE, MEDIA2, SCHEMA, Operation
from camera_registry.onvif.xml_tree import Node, as_number
from camera_registry.ports import MasksNotBorne

_SOLID = "Color"
_TOLERANCE = 0.02
"""A camera may round corners to its own grid: so much of the picture's side may be missing at an edge."""

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a view of the camera takes."""

    masks: int
    corners: int
    rectangles_only: bool


class Media2Masks:
    """Implements `ports.MaskBearer`. ``within`` bounds each call, in seconds."""

    def __init__(self, within: float) -> None:
        self._within = within

    async def apply(self, url: str, credentials: Credentials | None, polygons: Sequence[MaskPolygon]) -> None:
        """Replace the camera's masks by these and read them back.

        Raises:
            MasksNotBorne: it cannot, or does not show afterwards that it does.
        """
        async with self._session(url, credentials) as session:
            await session.replace(polygons)

    async def confirm(self, url: str, credentials: Credentials | None, polygons: Sequence[MaskPolygon]) -> None:
        """Ask the camera whether it still hides these areas.

        Raises:
            MasksNotBorne: it does not; ``silent`` where it could not be asked.
        """
        async with self._session(url, credentials) as session:
            await session.confirm(polygons)

    @asynccontextmanager
    async def _session(self, url: str, credentials: Credentials | None) -> AsyncGenerator["_Session"]:
        try:
            async with OnvifDevice(url, credentials, within=self._within) as device:
                yield _Session(device, await _media2_of(device))
        except DeviceAway as away:
            raise MasksNotBorne(away.message, silent=True) from away
        except DeviceTrouble as trouble:
            raise MasksNotBorne(trouble.message) from trouble


@dataclass(frozen=True, slots=True)
class _Session:
    """One conversation with a camera's Media2 service."""

    device: OnvifDevice
    media2: str

    async def replace(self, polygons: Sequence[MaskPolygon]) -> None:
        view = await self._view()
        limits = await self._limits(view)
        wanted = [_fitted(polygon.corners, limits) for polygon in polygons]
        if len(wanted) > limits.masks:
            raise MasksNotBorne(f"La caméra prend {limits.masks} masques au plus : il en faut {len(wanted)}.")
        for token in await self._tokens(view):
            await self._call("DeleteMask", f"<Token>{escape(token)}</Token>")
        for corners in wanted:
            await self._call("CreateMask", _mask(view, corners))
        await self._verify(view, wanted)

    async def confirm(self, polygons: Sequence[MaskPolygon]) -> None:
        await self._verify(await self._view(), [polygon.corners for polygon in polygons])

    async def _view(self) -> str:
        """Return the one view of the camera: masks drawn on one sensor's picture say nothing of another's."""
        answer = await self._call("GetVideoSourceConfigurations")
        sources = {node.value("SourceToken") for node in answer.children}
        views = [node.attributes["token"] for node in answer.children if node.attributes.get("token")]
        if len(sources) != 1 or not views:
            raise MasksNotBorne("La caméra a plusieurs capteurs, ou ne dit pas lesquels.")
        return views[0]

    async def _limits(self, view: str) -> _Limits:
        answer = await self._call("GetMaskOptions", f"<ConfigurationToken>{escape(view)}</ConfigurationToken>")
        options = answer.find("Options")
        if options is None:
            raise MasksNotBorne("La caméra ne prend pas de masques.")
        if _SOLID not in {node.text.strip() for node in options.all("Types")}:
            raise MasksNotBorne("La caméra ne sait pas masquer d'un aplat de couleur.")
        return _Limits(
            masks=int(options.number("MaxMasks") or 0),
            corners=int(options.number("MaxPoints") or 0),
            rectangles_only=options.attributes.get("RectangleOnly", "").lower() in {"true", "1"},
        )

    async def _tokens(self, view: str) -> list[str]:
        return [mask.attributes["token"] for mask in await self._masks(view) if mask.attributes.get("token")]

    async def _masks(self, view: str) -> list[Node]:
        answer = await self._call("GetMasks", f"<ConfigurationToken>{escape(view)}</ConfigurationToken>")
        return [node for node in answer.children if node.name == "Masks"]

    async def _verify(self, view: str, wanted: Sequence[Corners]) -> None:
        """Make sure that what the camera says it hides covers what is to be hidden."""
        hidden = shapely.union_all([area for mask in await self._masks(view) if (area := _hidden_by(mask)) is not None])
        for corners in wanted:
            if not hidden.buffer(_TOLERANCE).covers(shapely.Polygon(corners)):
                raise MasksNotBorne("La caméra n'a pas gardé les masques qu'on lui a donnés.")

    async def _call(self, name: str, inside: str = "") -> Node:
        return await self.device.call(Operation(MEDIA2, name, inside), self.media2)


async def _media2_of(device: OnvifDevice) -> str:
    await device.read_clock()
    inside = "<IncludeCapability>false</IncludeCapability>"
    found = services_in(await device.call(Operation(DEVICE, "GetServices", inside)))
    if MEDIA2 not in found:
        raise MasksNotBorne("La caméra n'a pas le service Media2 : elle ne sait pas masquer elle-même.")
    return found[MEDIA2]


def _fitted(corners: Corners, limits: _Limits) -> Corners:
    """Return the area, or the rectangle around it where the camera takes nothing finer: never less than asked."""
    if not limits.rectangles_only and len(corners) <= limits.corners:
        return corners
    west, north, east, south = shapely.Polygon(corners).bounds
    return ((west, north), (east, north), (east, south), (west, south))


def _mask(view: str, corners: Corners) -> str:
    points = "".join(f'<Point xmlns="{SCHEMA}" x="{2 * x - 1:.6f}" y="{1 - 2 * y:.6f}"/>' for x, y in corners)
    black = 'X="0" Y="0" Z="0" Colorspace="http://www.onvif.org/ver10/colorspace/RGB"'
    return (
        f'<Mask token=""><ConfigurationToken>{escape(view)}</ConfigurationToken><Polygon>{points}</Polygon>'
        f"<Type>{_SOLID}</Type><Color {black}/><Enabled>true</Enabled></Mask>"
    )


def _hidden_by(mask: Node) -> shapely.Polygon | None:
    """Return what a mask hides, in our corners; None for one that is off, see-through, or no area."""
    enabled = (mask.value("Enabled") or "").lower() in {"true", "1"}
    if not enabled or mask.value("Type") != _SOLID:
        return None
    points = [(as_number(node.attributes.get("x")), as_number(node.attributes.get("y"))) for node in mask.all("Point")]
    corners = [((x + 1) / 2, (1 - y) / 2) for x, y in points if x is not None and y is not None]
    if len(corners) < 3 or len(corners) != len(points):  # noqa: PLR2004 - an area has three corners
        return None
    area = shapely.Polygon(corners)
    return area if area.is_valid else None
