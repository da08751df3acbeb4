"""The privacy masks of the ONVIF Media2 service (ver20/media). The simulator keeps masks and does not paint them.

Switched on by the quirk `masks`; with `forgets_masks` the camera confirms each mask and keeps none.
"""

from camera_simulator.camera import Camera
from camera_simulator.onvif.mask_store import Mask
from camera_simulator.onvif.operations import VIDEO_SOURCE, VIDEO_SOURCE_CONFIGURATION, Call, Operation
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.soap import NAMESPACES, SoapFaultError, text

MAX_MASKS = 8
MAX_POINTS = 8


async def _get_service_capabilities(_call: Call) -> str:
    return (
        '<tr2:GetServiceCapabilitiesResponse><tr2:Capabilities Mask="true">'
        '<tr2:ProfileCapabilities MaximumNumberOfProfiles="2"/><tr2:StreamingCapabilities RTSPStreaming="true"/>'
        "</tr2:Capabilities></tr2:GetServiceCapabilitiesResponse>"
    )


async def _get_video_source_configurations(call: Call) -> str:
    clip = call.camera.streams["main"].clip
    return (
        "<tr2:GetVideoSourceConfigurationsResponse>"
        f'<tr2:Configurations token="{VIDEO_SOURCE_CONFIGURATION}"><tt:Name>{VIDEO_SOURCE_CONFIGURATION}</tt:Name>'
        f"<tt:UseCount>{len(call.camera.streams)}</tt:UseCount><tt:SourceToken>{VIDEO_SOURCE}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{clip.width}" height="{clip.height}"/></tr2:Configurations>'
        "</tr2:GetVideoSourceConfigurationsResponse>"
    )


async def _get_mask_options(call: Call) -> str:
    _check_view(call.request.required("tr2:ConfigurationToken"))
    return (
        f'<tr2:GetMaskOptionsResponse><tr2:Options RectangleOnly="{_written(rectangles_only(call.camera))}">'
        f"<tr2:MaxMasks>{MAX_MASKS}</tr2:MaxMasks><tr2:MaxPoints>{MAX_POINTS}</tr2:MaxPoints>"
        "<tr2:Types>Color</tr2:Types>"
        '<tr2:Color><tt:ColorList X="0" Y="0" Z="0"'
        ' Colorspace="http://www.onvif.org/ver10/colorspace/RGB"/></tr2:Color>'
        "</tr2:Options></tr2:GetMaskOptionsResponse>"
    )


async def _get_masks(call: Call) -> str:
    token = call.request.value("tr2:Token")
    if token is not None and token not in call.camera.mask_store.masks:
        raise SoapFaultError(f"no mask {token}", "ter:InvalidArgVal", "ter:NoConfig")
    shown = [mask for mask in call.camera.mask_store.masks.values() if token in (None, mask.token)]
    return f"<tr2:GetMasksResponse>{''.join(map(_element, shown))}</tr2:GetMasksResponse>"


async def _create_mask(call: Call) -> str:
    token = call.camera.mask_store.next_token()
    if len(call.camera.mask_store.masks) >= MAX_MASKS:
        raise SoapFaultError("no more masks", "ter:Action", "ter:MaxMasks", sender=False)
    _keep(call, token)
    return f"<tr2:CreateMaskResponse><tr2:Token>{text(token)}</tr2:Token></tr2:CreateMaskResponse>"


async def _set_mask(call: Call) -> str:
    mask = call.request.body.find("tr2:Mask", NAMESPACES)
    token = mask.get("token", "") if mask is not None else ""
    if token not in call.camera.mask_store.masks:
        raise SoapFaultError(f"no mask {token}", "ter:InvalidArgVal", "ter:NoConfig")
    _keep(call, token)
    return "<tr2:SetMaskResponse/>"


async def _delete_mask(call: Call) -> str:
    token = call.request.required("tr2:Token")
    if call.camera.mask_store.masks.pop(token, None) is None:
        raise SoapFaultError(f"no mask {token}", "ter:InvalidArgVal", "ter:NoConfig")
    return "<tr2:DeleteMaskResponse/>"


def rectangles_only(camera: Camera) -> bool:
    """Whether the camera takes nothing but rectangles."""
    return Quirk.MASKS_RECTANGLES in camera.quirks


def _keep(call: Call, token: str) -> None:
    _check_view(call.request.required("tr2:Mask/tr2:ConfigurationToken"))
    points = call.request.body.findall("tr2:Mask/tr2:Polygon/tt:Point", NAMESPACES)
    try:
        corners = tuple((float(point.get("x", "")), float(point.get("y", ""))) for point in points)
    except ValueError as error:
        raise SoapFaultError("a corner is no number", "ter:InvalidArgVal", "ter:InvalidPolygon") from error
    square = len({x for x, _ in corners}) == len({y for _, y in corners}) == 2  # noqa: PLR2004 - a rectangle's sides
    fits = 3 <= len(corners) <= MAX_POINTS and all(-1 <= value <= 1 for corner in corners for value in corner)  # noqa: PLR2004
    if not fits or (rectangles_only(call.camera) and not square):
        raise SoapFaultError("not a polygon that this camera takes", "ter:InvalidArgVal", "ter:InvalidPolygon")
    enabled = call.request.required("tr2:Mask/tr2:Enabled") in ("true", "1")
    if Quirk.FORGETS_MASKS not in call.camera.quirks:
        call.camera.mask_store.masks[token] = Mask(token, corners, enabled)


def _check_view(token: str) -> None:
    if token != VIDEO_SOURCE_CONFIGURATION:
        raise SoapFaultError(f"no configuration {token}", "ter:InvalidArgVal", "ter:NoConfig")


def _element(mask: Mask) -> str:
    points = "".join(f'<tt:Point x="{x:g}" y="{y:g}"/>' for x, y in mask.corners)
    return (
        f'<tr2:Masks token="{text(mask.token)}"><tr2:ConfigurationToken>{VIDEO_SOURCE_CONFIGURATION}'
        f"</tr2:ConfigurationToken><tr2:Polygon>{points}</tr2:Polygon><tr2:Type>Color</tr2:Type>"
        f"<tr2:Enabled>{_written(mask.enabled)}</tr2:Enabled></tr2:Masks>"
    )


def _written(value: bool) -> str:  # noqa: FBT001 - an XML boolean
    return "true" if value else "false"


OPERATIONS: dict[str, Operation] = {
    "GetServiceCapabilities": _get_service_capabilities,
    "GetVideoSourceConfigurations": _get_video_source_configurations,
    "GetMaskOptions": _get_mask_options,
    "GetMasks": _get_masks,
    "CreateMask": _create_mask,
    "SetMask": _set_mask,
    "DeleteMask": _delete_mask,
}
