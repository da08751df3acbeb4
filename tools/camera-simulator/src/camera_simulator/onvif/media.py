"""The ONVIF media service (ver10/media): two fixed profiles, `main` and `sub`."""

import math

from camera_simulator.clips import Codec
from camera_simulator.onvif.operations import (
    VIDEO_SOURCE,
    VIDEO_SOURCE_CONFIGURATION,
    Call,
    Operation,
    stream_of_profile,
)
from camera_simulator.onvif.ptz import configuration as ptz_configuration
from camera_simulator.onvif.soap import SoapFaultError, text
from camera_simulator.stream import CameraStream

ENCODER_PREFIX = "encoder-"


async def _get_profiles(call: Call) -> str:
    profiles = "".join(
        _profile(call, quality, stream, "trt:Profiles") for quality, stream in call.camera.streams.items()
    )
    return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"


async def _get_profile(call: Call) -> str:
    quality, stream = stream_of_profile(call, call.request.required("trt:ProfileToken"))
    return f"<trt:GetProfileResponse>{_profile(call, quality, stream, 'trt:Profile')}</trt:GetProfileResponse>"


async def _get_video_sources(call: Call) -> str:
    clip = call.camera.streams["main"].clip
    return (
        f'<trt:GetVideoSourcesResponse><trt:VideoSources token="{VIDEO_SOURCE}">'
        f"<tt:Framerate>{float(clip.fps):g}</tt:Framerate>"
        f"<tt:Resolution><tt:Width>{clip.width}</tt:Width><tt:Height>{clip.height}</tt:Height></tt:Resolution>"
        "</trt:VideoSources></trt:GetVideoSourcesResponse>"
    )


async def _get_video_source_configurations(call: Call) -> str:
    configuration = _video_source_configuration(call, "trt:Configurations")
    return f"<trt:GetVideoSourceConfigurationsResponse>{configuration}</trt:GetVideoSourceConfigurationsResponse>"


async def _get_video_encoder_configurations(call: Call) -> str:
    configurations = "".join(
        _video_encoder_configuration(quality, stream, "trt:Configurations")
        for quality, stream in call.camera.streams.items()
    )
    return f"<trt:GetVideoEncoderConfigurationsResponse>{configurations}</trt:GetVideoEncoderConfigurationsResponse>"


async def _get_video_encoder_configuration(call: Call) -> str:
    token = call.request.required("trt:ConfigurationToken")
    stream = call.camera.streams.get(token.removeprefix(ENCODER_PREFIX))
    if stream is None or not token.startswith(ENCODER_PREFIX):
        raise SoapFaultError(f"no configuration {token}", "ter:InvalidArgVal", "ter:NoConfig")
    configuration = _video_encoder_configuration(token.removeprefix(ENCODER_PREFIX), stream, "trt:Configuration")
    return f"<trt:GetVideoEncoderConfigurationResponse>{configuration}</trt:GetVideoEncoderConfigurationResponse>"


async def _get_stream_uri(call: Call) -> str:
    protocol = call.request.value("trt:StreamSetup/tt:Transport/tt:Protocol", "RTSP")
    if protocol not in ("RTSP", "TCP", "UDP"):
        raise SoapFaultError(
            f"{protocol} is not supported: RTP is interleaved in RTSP over TCP, or goes over UDP",
            "ter:InvalidArgVal",
            "ter:InvalidStreamSetup",
        )
    quality, _stream = stream_of_profile(call, call.request.required("trt:ProfileToken"))
    uri = f"rtsp://{call.rtsp_authority}/cam/{call.camera.name}/{quality}"
    return f"<trt:GetStreamUriResponse>{_media_uri(uri)}</trt:GetStreamUriResponse>"


async def _get_snapshot_uri(call: Call) -> str:
    quality, _stream = stream_of_profile(call, call.request.required("trt:ProfileToken"))
    uri = f"http://{call.authority}/onvif/{call.camera.name}/snapshot/{quality}.jpg"
    return f"<trt:GetSnapshotUriResponse>{_media_uri(uri)}</trt:GetSnapshotUriResponse>"


async def _get_service_capabilities(_call: Call) -> str:
    return (
        '<trt:GetServiceCapabilitiesResponse><trt:Capabilities SnapshotUri="true">'
        '<trt:ProfileCapabilities MaximumNumberOfProfiles="2"/>'
        '<trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="true" RTP_RTSP_TCP="true"/>'
        "</trt:Capabilities></trt:GetServiceCapabilitiesResponse>"
    )


def _profile(call: Call, quality: str, stream: CameraStream, element: str) -> str:
    ptz = ptz_configuration("tt:PTZConfiguration") if call.camera.head else ""
    return (
        f'<{element} token="{quality}" fixed="true"><tt:Name>{quality}</tt:Name>'
        f"{_video_source_configuration(call, 'tt:VideoSourceConfiguration')}"
        f"{_video_encoder_configuration(quality, stream, 'tt:VideoEncoderConfiguration')}{ptz}</{element}>"
    )


def _video_source_configuration(call: Call, element: str) -> str:
    clip = call.camera.streams["main"].clip
    return (
        f'<{element} token="{VIDEO_SOURCE_CONFIGURATION}"><tt:Name>{VIDEO_SOURCE_CONFIGURATION}</tt:Name>'
        f"<tt:UseCount>{len(call.camera.streams)}</tt:UseCount><tt:SourceToken>{VIDEO_SOURCE}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{clip.width}" height="{clip.height}"/></{element}>'
    )


def _video_encoder_configuration(quality: str, stream: CameraStream, element: str) -> str:
    clip = stream.clip
    # This service has no word for H.265; devices that send it write it all the same, and no settings.
    h265 = clip.codec is Codec.H265
    settings = f"<tt:H264><tt:GovLength>{clip.gop}</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
    return (
        f'<{element} token="{ENCODER_PREFIX}{quality}"><tt:Name>{quality}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{'H265' if h265 else 'H264'}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{clip.width}</tt:Width><tt:Height>{clip.height}</tt:Height></tt:Resolution>"
        "<tt:Quality>5</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{math.ceil(clip.fps)}</tt:FrameRateLimit>"
        f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{clip.bits_per_second // 1000}"
        "</tt:BitrateLimit></tt:RateControl>"
        f"{'' if h265 else settings}"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
        "<tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
        f"<tt:SessionTimeout>PT60S</tt:SessionTimeout></{element}>"
    )


def _media_uri(uri: str) -> str:
    return (
        f"<trt:MediaUri><tt:Uri>{text(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>"
    )


OPERATIONS: dict[str, Operation] = {
    "GetProfiles": _get_profiles,
    "GetProfile": _get_profile,
    "GetVideoSources": _get_video_sources,
    "GetVideoSourceConfigurations": _get_video_source_configurations,
    "GetVideoEncoderConfigurations": _get_video_encoder_configurations,
    "GetVideoEncoderConfiguration": _get_video_encoder_configuration,
    "GetStreamUri": _get_stream_uri,
    "GetSnapshotUri": _get_snapshot_uri,
    "GetServiceCapabilities": _get_service_capabilities,
}
