"""What a device has recorded itself, and where it replays it (ONVIF Profile G).

Sources: ONVIF Recording Search and Replay Control Service Specifications. Of several recordings the one that has most
of the window is taken; of several *sources* none, for nothing would tell whose pictures they are.
"""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval, common, seconds
from stream_gateway.onvif.device import DeviceFault, DeviceTrouble, OnvifDevice
from stream_gateway.onvif.services import services_of
from stream_gateway.onvif.soap import REPLAY, SCHEMA, SEARCH, Node, Operation, element
from stream_gateway.ports import EdgeRefused

_MOST_ROUNDS = 10
_MOST_RECORDINGS = 256
_LONGEST_TOKEN = 256
_LONGEST_URI = 2048
_OVER = frozenset({"", "Completed"})
FIND = "<Scope/>" + element("KeepAliveTime", "PT10S")
_STREAM_SETUP = (
    f'<StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
    f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
)


def search(token: str) -> str:
    """Return what names a search."""
    return element("SearchToken", token)


def results(token: str) -> str:
    """Return what asks for the results of a search, within some seconds."""
    return search(token) + element("WaitTime", "PT3S")


def replay(token: str) -> str:
    """Return what asks for the address of a recording, to be played in RTSP over TCP."""
    return _STREAM_SETUP + element("RecordingToken", token)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording with video: half-open spans of the device's clock, and the source as the device names it."""

    token: str
    source: tuple[str, ...]
    spans: tuple[Interval, ...]


async def replay_uri(device: OnvifDevice, window: Interval) -> str:
    """Return where the device replays a window of its own clock, as it told; raises EdgeRefused."""
    try:
        services = await services_of(device)
        search_url, replay_url = services.get(SEARCH), services.get(REPLAY)
        if not search_url or not replay_url:
            raise EdgeRefused(EdgeRefusal.NO_ARCHIVE)
        chosen = choose(await _recordings(device, search_url), window)
        asked = Operation(REPLAY, "GetReplayUri", replay(chosen.token))
        uri = (await device.call(asked, replay_url)).value("Uri")
    except DeviceFault as fault:
        raise EdgeRefused(EdgeRefusal.NO_ARCHIVE if fault.unsupported else EdgeRefusal.UNSUPPORTED) from fault
    except DeviceTrouble as trouble:
        raise EdgeRefused(EdgeRefusal.UNREACHABLE) from trouble
    if not 0 < len(uri) <= _LONGEST_URI:
        raise EdgeRefused(EdgeRefusal.UNSUPPORTED)
    return uri


def choose(recordings: list[Recording], window: Interval) -> Recording:
    """Return the recording that has most of a window; raises EdgeRefused."""
    if not recordings:
        raise EdgeRefused(EdgeRefusal.NO_CARD)
    if len({one.source for one in recordings}) > 1:
        raise EdgeRefused(EdgeRefusal.SEVERAL_SOURCES)
    has = {one.token: seconds(common(one.spans, [window])) for one in recordings}
    best = max(recordings, key=lambda one: has[one.token])
    if not has[best.token]:
        raise EdgeRefused(EdgeRefusal.UNKNOWN_TIME)
    return best


async def _recordings(device: OnvifDevice, url: str) -> list[Recording]:
    begun = await device.call(Operation(SEARCH, "FindRecordings", FIND), url)
    token = begun.value("SearchToken")[:_LONGEST_TOKEN]
    found: list[Recording] = []
    for _ in range(_MOST_ROUNDS):
        answer = await device.call(Operation(SEARCH, "GetRecordingSearchResults", results(token)), url)
        found += [one for node in answer.all("RecordingInformation") if (one := recording_in(node)) is not None]
        if answer.value("SearchState") in _OVER or len(found) > _MOST_RECORDINGS:
            break
    with contextlib.suppress(DeviceTrouble):  # a search that is over ends by itself
        await device.call(Operation(SEARCH, "EndSearch", search(token)), url)
    return found


def recording_in(node: Node) -> Recording | None:
    """Read a RecordingInformation; None without video or without a token that can be used."""
    token = node.value("RecordingToken")
    spans = [
        span
        for track in node.all("Track")
        if track.value("TrackType") == "Video" and (span := _span(track.value("DataFrom"), track.value("DataTo")))
    ]
    if not spans or not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    source = node.find("Source")
    named = ("", "") if source is None else (source.value("SourceId"), source.value("Name"))
    return Recording(token, named, tuple(spans))


def _span(begin: str, end: str) -> Interval | None:
    try:
        span = _instant(begin), _instant(end)
    except (ValueError, OverflowError):
        return None
    return span if span[0] < span[1] else None


def _instant(text: str) -> datetime:
    """Read an xsd:dateTime; one without a zone is in UTC, as ONVIF Core asks for."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
