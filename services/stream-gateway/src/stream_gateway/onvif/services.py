"""Where the services of an ONVIF device are."""

from stream_gateway.onvif.device import DeviceFault, OnvifDevice
from stream_gateway.onvif.soap import DEVICE, MEDIA, PTZ, REPLAY, SEARCH, Operation, element

_IN_CAPABILITIES = {MEDIA: "Media", PTZ: "PTZ", SEARCH: "Search", REPLAY: "Replay"}


async def services_of(device: OnvifDevice) -> dict[str, str]:
    """Return the services' addresses by namespace; old devices know GetCapabilities only. Raises DeviceTrouble."""
    try:
        answer = await device.call(Operation(DEVICE, "GetServices", element("IncludeCapability", "false")))
    except DeviceFault:
        answer = await device.call(Operation(DEVICE, "GetCapabilities", element("Category", "All")))
        found = {namespace: answer.value(name, "XAddr") for namespace, name in _IN_CAPABILITIES.items()}
        return {namespace: url for namespace, url in found.items() if url}
    return {node.value("Namespace"): node.value("XAddr") for node in answer.all("Service")}
