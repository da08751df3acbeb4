"""The ONVIF PTZ service (ver20/ptz), in the generic spaces."""

from camera_simulator.onvif.durations import duration_seconds
from camera_simulator.onvif.operations import (
    PTZ_CONFIGURATION,
    PTZ_NODE,
    Call,
    Operation,
    stream_of_profile,
)
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.soap import SoapFaultError, text, timestamp
from camera_simulator.ptz import DEFAULT_TIMEOUT_SECONDS, FULL_SPEED, MAX_PRESETS, Position, PtzHead, Speed

SPACES = "http://www.onvif.org/ver10/tptz"
MAX_TIMEOUT_SECONDS = 60.0
FOREVER_SECONDS = 86_400.0  # of a camera that forgets to stop
_UNIT = "<tt:XRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:XRange>"
_UNIT_Y = "<tt:YRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:YRange>"
_ZOOM = "<tt:XRange><tt:Min>0</tt:Min><tt:Max>1</tt:Max></tt:XRange>"
_SUPPORTED_SPACES = "".join(
    f"<tt:{element}><tt:URI>{SPACES}/{space}</tt:URI>{ranges}</tt:{element}>"
    for element, space, ranges in (
        ("AbsolutePanTiltPositionSpace", "PanTiltSpaces/PositionGenericSpace", _UNIT + _UNIT_Y),
        ("AbsoluteZoomPositionSpace", "ZoomSpaces/PositionGenericSpace", _ZOOM),
        ("RelativePanTiltTranslationSpace", "PanTiltSpaces/TranslationGenericSpace", _UNIT + _UNIT_Y),
        ("RelativeZoomTranslationSpace", "ZoomSpaces/TranslationGenericSpace", _UNIT),
        ("ContinuousPanTiltVelocitySpace", "PanTiltSpaces/VelocityGenericSpace", _UNIT + _UNIT_Y),
        ("ContinuousZoomVelocitySpace", "ZoomSpaces/VelocityGenericSpace", _UNIT),
        ("PanTiltSpeedSpace", "PanTiltSpaces/GenericSpeedSpace", _ZOOM),
        ("ZoomSpeedSpace", "ZoomSpaces/ZoomGenericSpeedSpace", _ZOOM),
    )
)


def configuration(element: str) -> str:
    """The one PTZ configuration, as the named element."""
    return (
        f'<{element} token="{PTZ_CONFIGURATION}"><tt:Name>{PTZ_CONFIGURATION}</tt:Name><tt:UseCount>2</tt:UseCount>'
        f"<tt:NodeToken>{PTZ_NODE}</tt:NodeToken>"
        f"<tt:DefaultAbsolutePantTiltPositionSpace>{SPACES}/PanTiltSpaces/PositionGenericSpace"
        "</tt:DefaultAbsolutePantTiltPositionSpace>"
        f"<tt:DefaultAbsoluteZoomPositionSpace>{SPACES}/ZoomSpaces/PositionGenericSpace"
        "</tt:DefaultAbsoluteZoomPositionSpace>"
        f"<tt:DefaultRelativePanTiltTranslationSpace>{SPACES}/PanTiltSpaces/TranslationGenericSpace"
        "</tt:DefaultRelativePanTiltTranslationSpace>"
        f"<tt:DefaultRelativeZoomTranslationSpace>{SPACES}/ZoomSpaces/TranslationGenericSpace"
        "</tt:DefaultRelativeZoomTranslationSpace>"
        f"<tt:DefaultContinuousPanTiltVelocitySpace>{SPACES}/PanTiltSpaces/VelocityGenericSpace"
        "</tt:DefaultContinuousPanTiltVelocitySpace>"
        f"<tt:DefaultContinuousZoomVelocitySpace>{SPACES}/ZoomSpaces/VelocityGenericSpace"
        "</tt:DefaultContinuousZoomVelocitySpace>"
        f'<tt:DefaultPTZSpeed><tt:PanTilt x="1" y="1" space="{SPACES}/PanTiltSpaces/GenericSpeedSpace"/>'
        f'<tt:Zoom x="1" space="{SPACES}/ZoomSpaces/ZoomGenericSpeedSpace"/></tt:DefaultPTZSpeed>'
        f"<tt:DefaultPTZTimeout>PT{DEFAULT_TIMEOUT_SECONDS:.0f}S</tt:DefaultPTZTimeout>"
        f"<tt:PanTiltLimits><tt:Range><tt:URI>{SPACES}/PanTiltSpaces/PositionGenericSpace</tt:URI>{_UNIT}{_UNIT_Y}"
        "</tt:Range></tt:PanTiltLimits>"
        f"<tt:ZoomLimits><tt:Range><tt:URI>{SPACES}/ZoomSpaces/PositionGenericSpace</tt:URI>{_ZOOM}"
        f"</tt:Range></tt:ZoomLimits></{element}>"
    )


async def _get_configurations(call: Call) -> str:
    configurations = configuration("tptz:PTZConfiguration") if call.camera.head else ""
    return f"<tptz:GetConfigurationsResponse>{configurations}</tptz:GetConfigurationsResponse>"


async def _get_compatible_configurations(call: Call) -> str:
    _head_of_profile(call)
    found = configuration("tptz:PTZConfiguration")
    return f"<tptz:GetCompatibleConfigurationsResponse>{found}</tptz:GetCompatibleConfigurationsResponse>"


async def _get_configuration(call: Call) -> str:
    _head(call)
    if call.request.required("tptz:PTZConfigurationToken") != PTZ_CONFIGURATION:
        raise SoapFaultError("no such PTZ configuration", "ter:InvalidArgVal", "ter:NoConfig")
    found = configuration("tptz:PTZConfiguration")
    return f"<tptz:GetConfigurationResponse>{found}</tptz:GetConfigurationResponse>"


async def _get_configuration_options(call: Call) -> str:
    _head(call)
    return (
        "<tptz:GetConfigurationOptionsResponse><tptz:PTZConfigurationOptions>"
        f"<tt:Spaces>{_SUPPORTED_SPACES}</tt:Spaces><tt:PTZTimeout><tt:Min>PT0.1S</tt:Min>"
        f"<tt:Max>PT{MAX_TIMEOUT_SECONDS:.0f}S</tt:Max></tt:PTZTimeout>"
        "</tptz:PTZConfigurationOptions></tptz:GetConfigurationOptionsResponse>"
    )


async def _get_nodes(call: Call) -> str:
    node = _node("tptz:PTZNode") if call.camera.head else ""
    return f"<tptz:GetNodesResponse>{node}</tptz:GetNodesResponse>"


async def _get_node(call: Call) -> str:
    _head(call)
    if call.request.required("tptz:NodeToken") != PTZ_NODE:
        raise SoapFaultError("no such PTZ node", "ter:InvalidArgVal", "ter:NoEntity")
    return f"<tptz:GetNodeResponse>{_node('tptz:PTZNode')}</tptz:GetNodeResponse>"


async def _continuous_move(call: Call) -> str:
    head = _head_of_profile(call)
    pan, tilt = call.request.numbers("tptz:Velocity/tt:PanTilt", "x", "y") or (0.0, 0.0)
    (zoom,) = call.request.numbers("tptz:Velocity/tt:Zoom", "x") or (0.0,)
    if max(abs(pan), abs(tilt), abs(zoom)) > 1:
        raise SoapFaultError("velocity out of bounds", "ter:InvalidArgVal", "ter:InvalidVelocity")
    timeout = call.request.value("tptz:Timeout")
    seconds = DEFAULT_TIMEOUT_SECONDS if timeout is None else duration_seconds(timeout)
    lasting = FOREVER_SECONDS if Quirk.FORGETS_STOP in call.camera.quirks else min(seconds, MAX_TIMEOUT_SECONDS)
    head.move_continuously(pan=pan, tilt=tilt, zoom=zoom, timeout_seconds=lasting, now=call.now)
    return "<tptz:ContinuousMoveResponse/>"


async def _relative_move(call: Call) -> str:
    head = _head_of_profile(call)
    pan, tilt = call.request.numbers("tptz:Translation/tt:PanTilt", "x", "y") or (0.0, 0.0)
    (zoom,) = call.request.numbers("tptz:Translation/tt:Zoom", "x") or (0.0,)
    head.go_by(pan=pan, tilt=tilt, zoom=zoom, now=call.now, speed=_speed(call))
    return "<tptz:RelativeMoveResponse/>"


async def _absolute_move(call: Call) -> str:
    head = _head_of_profile(call)
    current = head.position(call.now)
    pan_tilt = call.request.numbers("tptz:Position/tt:PanTilt", "x", "y") or (current.pan, current.tilt)
    zoom = call.request.numbers("tptz:Position/tt:Zoom", "x") or (current.zoom,)
    target = Position(pan_tilt[0], pan_tilt[1], zoom[0])
    if target != target.within_limits():
        raise SoapFaultError("position out of bounds", "ter:InvalidArgVal", "ter:InvalidPosition")
    head.go_to(target, call.now, _speed(call))
    return "<tptz:AbsoluteMoveResponse/>"


async def _stop(call: Call) -> str:
    head = _head_of_profile(call)
    pan_tilt, zoom = (call.request.value(f"tptz:{axis}", "true") for axis in ("PanTilt", "Zoom"))
    head.stop(call.now, pan_tilt=pan_tilt in ("true", "1"), zoom=zoom in ("true", "1"))
    return "<tptz:StopResponse/>"


async def _goto_home_position(call: Call) -> str:
    _head_of_profile(call).go_home(call.now, _speed(call))
    return "<tptz:GotoHomePositionResponse/>"


async def _set_home_position(call: Call) -> str:
    _head_of_profile(call).set_home(call.now)
    return "<tptz:SetHomePositionResponse/>"


async def _get_status(call: Call) -> str:
    head = _head_of_profile(call)
    turning, zooming = ("MOVING" if moves else "IDLE" for moves in (head.turning(call.now), head.zooming(call.now)))
    return (
        f"<tptz:GetStatusResponse><tptz:PTZStatus>{_position(head.position(call.now), 'tt:Position')}"
        f"<tt:MoveStatus><tt:PanTilt>{turning}</tt:PanTilt><tt:Zoom>{zooming}</tt:Zoom></tt:MoveStatus>"
        f"<tt:UtcTime>{timestamp(call.utc_now)}</tt:UtcTime></tptz:PTZStatus></tptz:GetStatusResponse>"
    )


async def _get_presets(call: Call) -> str:
    presets = "".join(
        f'<tptz:Preset token="{text(token)}"><tt:Name>{text(name)}</tt:Name>'
        f"{_position(position, 'tt:PTZPosition')}</tptz:Preset>"
        for token, name, position in _head_of_profile(call).presets()
    )
    return f"<tptz:GetPresetsResponse>{presets}</tptz:GetPresetsResponse>"


async def _set_preset(call: Call) -> str:
    token = _head_of_profile(call).set_preset(
        call.request.value("tptz:PresetToken"), call.request.value("tptz:PresetName"), call.now
    )
    if token is None:
        raise SoapFaultError("no such preset, or no room for one", "ter:InvalidArgVal", "ter:NoToken")
    return f"<tptz:SetPresetResponse><tptz:PresetToken>{token}</tptz:PresetToken></tptz:SetPresetResponse>"


async def _goto_preset(call: Call) -> str:
    head = _head_of_profile(call)
    position = head.preset(call.request.required("tptz:PresetToken"))
    if position is None:
        raise SoapFaultError("no such preset", "ter:InvalidArgVal", "ter:NoToken")
    head.go_to(position, call.now, _speed(call))
    return "<tptz:GotoPresetResponse/>"


async def _remove_preset(call: Call) -> str:
    if not _head_of_profile(call).remove_preset(call.request.required("tptz:PresetToken")):
        raise SoapFaultError("no such preset, or a fixed one", "ter:InvalidArgVal", "ter:NoToken")
    return "<tptz:RemovePresetResponse/>"


async def _get_service_capabilities(_call: Call) -> str:
    return (
        '<tptz:GetServiceCapabilitiesResponse><tptz:Capabilities EFlip="false" Reverse="false" MoveStatus="true"'
        ' StatusPosition="true"/></tptz:GetServiceCapabilitiesResponse>'
    )


def _head(call: Call) -> PtzHead:
    if call.camera.head is None:
        raise SoapFaultError("this camera does not move", "ter:ActionNotSupported", "ter:PTZNotSupported")
    return call.camera.head


def _head_of_profile(call: Call) -> PtzHead:
    head = _head(call)
    stream_of_profile(call, call.request.required("tptz:ProfileToken"))
    return head


def _speed(call: Call) -> Speed:
    """The speed asked for, or full speed on the axes that have none."""
    pan, tilt = call.request.numbers("tptz:Speed/tt:PanTilt", "x", "y") or (FULL_SPEED.pan_tilt, FULL_SPEED.pan_tilt)
    (zoom,) = call.request.numbers("tptz:Speed/tt:Zoom", "x") or (FULL_SPEED.zoom,)
    speed = Speed(max(abs(pan), abs(tilt)), abs(zoom))
    if not (0 < speed.pan_tilt <= 1 and 0 < speed.zoom <= 1):
        raise SoapFaultError("speed out of bounds", "ter:InvalidArgVal", "ter:InvalidSpeed")
    return speed


def _node(element: str) -> str:
    return (
        f'<{element} token="{PTZ_NODE}" FixedHomePosition="false"><tt:Name>{PTZ_NODE}</tt:Name>'
        f"<tt:SupportedPTZSpaces>{_SUPPORTED_SPACES}</tt:SupportedPTZSpaces>"
        f"<tt:MaximumNumberOfPresets>{MAX_PRESETS}</tt:MaximumNumberOfPresets>"
        f"<tt:HomeSupported>true</tt:HomeSupported></{element}>"
    )


def _position(position: Position, element: str) -> str:
    return (
        f'<{element}><tt:PanTilt x="{position.pan:.4f}" y="{position.tilt:.4f}"'
        f' space="{SPACES}/PanTiltSpaces/PositionGenericSpace"/>'
        f'<tt:Zoom x="{position.zoom:.4f}" space="{SPACES}/ZoomSpaces/PositionGenericSpace"/></{element}>'
    )


OPERATIONS: dict[str, Operation] = {
    "GetConfigurations": _get_configurations,
    "GetConfiguration": _get_configuration,
    "GetCompatibleConfigurations": _get_compatible_configurations,
    "GetConfigurationOptions": _get_configuration_options,
    "GetNodes": _get_nodes,
    "GetNode": _get_node,
    "ContinuousMove": _continuous_move,
    "RelativeMove": _relative_move,
    "AbsoluteMove": _absolute_move,
    "Stop": _stop,
    "GotoHomePosition": _goto_home_position,
    "SetHomePosition": _set_home_position,
    "GetStatus": _get_status,
    "GetPresets": _get_presets,
    "SetPreset": _set_preset,
    "GotoPreset": _goto_preset,
    "RemovePreset": _remove_preset,
    "GetServiceCapabilities": _get_service_capabilities,
}
