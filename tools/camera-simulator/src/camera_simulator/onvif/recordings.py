"""Recording search (ver10/search) and replay (ver10/replay) of a camera with a slot for a card: ONVIF Profile G."""

import secrets
from datetime import datetime, timedelta

from camera_simulator.onvif.operations import Call, Operation
from camera_simulator.onvif.soap import SoapFaultError, text

RECORDING = "card-recording"
VIDEO_TRACK = "VIDEO001"
SERVICES = {"tse": "search_service", "trp": "replay_service"}
_MOST_SEARCHES = 8
_EPOCH = "1970-01-01T00:00:00.000Z"


async def _get_search_capabilities(_call: Call) -> str:
    return (
        "<tse:GetServiceCapabilitiesResponse>"
        '<tse:Capabilities MetadataSearch="false" GeneralStartEvents="false"/></tse:GetServiceCapabilitiesResponse>'
    )


async def _get_recording_summary(call: Call) -> str:
    kept = _kept(call)
    begin, end = kept or (_EPOCH, _EPOCH)
    return (
        f"<tse:GetRecordingSummaryResponse><tse:Summary><tt:DataFrom>{begin}</tt:DataFrom>"
        f"<tt:DataUntil>{end}</tt:DataUntil><tt:NumberRecordings>{1 if kept else 0}</tt:NumberRecordings>"
        "</tse:Summary></tse:GetRecordingSummaryResponse>"
    )


async def _get_recording_information(call: Call) -> str:
    kept = _recording(call, call.request.required("tse:RecordingToken"))
    return (
        "<tse:GetRecordingInformationResponse>"
        f"{_information('tse:RecordingInformation', call, kept)}</tse:GetRecordingInformationResponse>"
    )


async def _find_recordings(call: Call) -> str:
    call.request.required("tse:KeepAliveTime")
    token = secrets.token_hex(8)
    call.camera.searches.append(token)
    del call.camera.searches[:-_MOST_SEARCHES]
    return f"<tse:FindRecordingsResponse><tse:SearchToken>{token}</tse:SearchToken></tse:FindRecordingsResponse>"


async def _get_recording_search_results(call: Call) -> str:
    _search(call)
    kept = _kept(call)
    found = _information("tt:RecordingInformation", call, kept) if kept else ""
    return (
        "<tse:GetRecordingSearchResultsResponse><tse:ResultList><tt:SearchState>Completed</tt:SearchState>"
        f"{found}</tse:ResultList></tse:GetRecordingSearchResultsResponse>"
    )


async def _end_search(call: Call) -> str:
    call.camera.searches.remove(_search(call))
    return f"<tse:EndSearchResponse><tse:Endpoint>{_timestamp(call.utc_now)}</tse:Endpoint></tse:EndSearchResponse>"


async def _get_replay_capabilities(_call: Call) -> str:
    return (
        "<trp:GetServiceCapabilitiesResponse>"
        '<trp:Capabilities ReversePlayback="false" SessionTimeoutRange="60 60" RTP_RTSP_TCP="true"/>'
        "</trp:GetServiceCapabilitiesResponse>"
    )


async def _get_replay_uri(call: Call) -> str:
    protocol = call.request.value("trp:StreamSetup/tt:Transport/tt:Protocol", "RTSP")
    if protocol != "RTSP":
        raise SoapFaultError(f"{protocol}: a card is replayed in RTSP over TCP", "ter:InvalidArgVal")
    _recording(call, call.request.required("trp:RecordingToken"))
    uri = f"rtsp://{call.rtsp_authority}/card/{call.camera.name}/main"
    return f"<trp:GetReplayUriResponse><trp:Uri>{text(uri)}</trp:Uri></trp:GetReplayUriResponse>"


def _kept(call: Call) -> tuple[str, str] | None:
    """From when until when the card has pictures, by the camera's clock; None without a card."""
    kept = call.camera.card.kept(call.now) if call.camera.card is not None else None
    if kept is None:
        return None
    begin, end = (_timestamp(call.utc_now + timedelta(seconds=at - call.now)) for at in kept)
    return begin, end


def _recording(call: Call, token: str) -> tuple[str, str]:
    kept = _kept(call)
    if token != RECORDING or kept is None:
        raise SoapFaultError(f"no recording {token}", "ter:InvalidArgVal", "ter:InvalidToken")
    return kept


def _search(call: Call) -> str:
    token = call.request.required("tse:SearchToken")
    if token not in call.camera.searches:
        raise SoapFaultError(f"no search {token}", "ter:InvalidArgVal", "ter:InvalidToken")
    return token


def _information(element: str, call: Call, kept: tuple[str, str]) -> str:
    begin, end = kept
    source = f"onvif://www.onvif.org/simulator/camera-{call.camera.name}"
    return (
        f"<{element}><tt:RecordingToken>{RECORDING}</tt:RecordingToken><tt:Source>"
        f"<tt:SourceId>{source}</tt:SourceId><tt:Name>camera-{call.camera.name}</tt:Name><tt:Location></tt:Location>"
        f"<tt:Description>memory card</tt:Description><tt:Address>{call.service_url('device_service')}</tt:Address>"
        f"</tt:Source><tt:EarliestRecording>{begin}</tt:EarliestRecording>"
        f"<tt:LatestRecording>{end}</tt:LatestRecording><tt:Content>main</tt:Content>"
        f"<tt:Track><tt:TrackToken>{VIDEO_TRACK}</tt:TrackToken><tt:TrackType>Video</tt:TrackType>"
        f"<tt:Description>main</tt:Description><tt:DataFrom>{begin}</tt:DataFrom><tt:DataTo>{end}</tt:DataTo>"
        f"</tt:Track><tt:RecordingStatus>Recording</tt:RecordingStatus></{element}>"
    )


def _timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


SEARCH_OPERATIONS: dict[str, Operation] = {
    "GetServiceCapabilities": _get_search_capabilities,
    "GetRecordingSummary": _get_recording_summary,
    "GetRecordingInformation": _get_recording_information,
    "FindRecordings": _find_recordings,
    "GetRecordingSearchResults": _get_recording_search_results,
    "EndSearch": _end_search,
}
REPLAY_OPERATIONS: dict[str, Operation] = {
    "GetServiceCapabilities": _get_replay_capabilities,
    "GetReplayUri": _get_replay_uri,
}
