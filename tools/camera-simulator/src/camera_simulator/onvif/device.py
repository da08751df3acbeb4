"""The ONVIF device service (ver10/device)."""

from camera_simulator.camera import MANUFACTURER, MODEL
from camera_simulator.onvif import recordings
from camera_simulator.onvif.operations import Call, Operation
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.soap import NAMESPACES, text

FIRMWARE = "simulated-1"
# Operations that ONVIF's access policy lets anybody call (Core §5.9.4.3, PRE_AUTH).
PRE_AUTH = frozenset(
    {"GetSystemDateAndTime", "GetCapabilities", "GetServices", "GetServiceCapabilities", "GetHostname"}
)


async def _get_system_date_and_time(call: Call) -> str:
    at = call.utc_now
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        "<tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
        f"<tt:Second>{at.second}</tt:Second></tt:Time>"
        f"<tt:Date><tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date>"
        "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


async def _get_device_information(call: Call) -> str:
    return (
        "<tds:GetDeviceInformationResponse>"
        f"<tds:Manufacturer>{MANUFACTURER}</tds:Manufacturer><tds:Model>{MODEL}</tds:Model>"
        f"<tds:FirmwareVersion>{FIRMWARE}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>SIM-{call.camera.name}</tds:SerialNumber>"
        "<tds:HardwareId>simulator</tds:HardwareId></tds:GetDeviceInformationResponse>"
    )


async def _get_hostname(call: Call) -> str:
    return (
        "<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>"
        f"<tt:Name>camera-{call.camera.name}</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>"
    )


async def _get_scopes(call: Call) -> str:
    types = ["Network_Video_Transmitter", *(["ptz"] if call.camera.head else [])]
    scopes = [
        *(f"onvif://www.onvif.org/type/{kind}" for kind in types),
        f"onvif://www.onvif.org/name/{text(MODEL).replace(' ', '%20')}",
        "onvif://www.onvif.org/Profile/Streaming",
    ]
    items = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{scope}</tt:ScopeItem></tds:Scopes>"
        for scope in scopes
    )
    return f"<tds:GetScopesResponse>{items}</tds:GetScopesResponse>"


async def _get_capabilities(call: Call) -> str:
    ptz = f"<tt:PTZ><tt:XAddr>{call.service_url('ptz_service')}</tt:XAddr></tt:PTZ>" if call.camera.head else ""
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{call.service_url('device_service')}</tt:XAddr></tt:Device>"
        f"<tt:Events><tt:XAddr>{call.service_url('event_service')}</tt:XAddr>"
        "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>"
        "<tt:WSPullPointSupport>true</tt:WSPullPointSupport>"
        "<tt:WSPausableSubscriptionManagerInterfaceSupport>false"
        "</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
        f"<tt:Media><tt:XAddr>{call.service_url('media_service')}</tt:XAddr>"
        "<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP>"
        "<tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>"
        f"{ptz}{_card_capabilities(call)}</tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def _card_capabilities(call: Call) -> str:
    if not call.camera.card_slot:
        return ""
    search, replay = (call.service_url(service) for service in recordings.SERVICES.values())
    return (
        f"<tt:Extension><tt:Search><tt:XAddr>{search}</tt:XAddr><tt:MetadataSearch>false</tt:MetadataSearch></tt:Search>"
        f"<tt:Replay><tt:XAddr>{replay}</tt:XAddr></tt:Replay></tt:Extension>"
    )


async def _get_services(call: Call) -> str:
    services = {"tds": "device_service", "trt": "media_service", "tev": "event_service"}
    if call.camera.head:
        services["tptz"] = "ptz_service"
    if call.camera.card_slot:
        services |= recordings.SERVICES
    if Quirk.MASKS in call.camera.quirks:
        services["tr2"] = "media2_service"
    items = "".join(
        f"<tds:Service><tds:Namespace>{NAMESPACES[prefix]}</tds:Namespace>"
        f"<tds:XAddr>{call.service_url(service)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for prefix, service in services.items()
    )
    return f"<tds:GetServicesResponse>{items}</tds:GetServicesResponse>"


async def _get_service_capabilities(_call: Call) -> str:
    return (
        "<tds:GetServiceCapabilitiesResponse><tds:Capabilities><tds:Network/>"
        '<tds:Security UsernameToken="true" HttpDigest="false"/><tds:System/>'
        "</tds:Capabilities></tds:GetServiceCapabilitiesResponse>"
    )


OPERATIONS: dict[str, Operation] = {
    "GetSystemDateAndTime": _get_system_date_and_time,
    "GetDeviceInformation": _get_device_information,
    "GetHostname": _get_hostname,
    "GetScopes": _get_scopes,
    "GetCapabilities": _get_capabilities,
    "GetServices": _get_services,
    "GetServiceCapabilities": _get_service_capabilities,
}
