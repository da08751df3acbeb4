"""``EdgeArchive`` of an ONVIF Profile G camera: searched over SOAP, replayed over RTSP."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from stream_gateway.domain.access_units import ParameterSets
from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval
from stream_gateway.media import EndKind, PullEnded
from stream_gateway.native.replay import Replay, replayed
from stream_gateway.onvif.device import DeviceTrouble, OnvifDevice
from stream_gateway.onvif.recordings import replay_uri
from stream_gateway.onvif.soap import Account
from stream_gateway.ports import CameraSource, EdgePicture, EdgeRefused

_WITHIN_SECONDS = 8.0
_KINDS = {
    EndKind.UNREACHABLE: EdgeRefusal.UNREACHABLE,
    EndKind.REFUSED: EdgeRefusal.UNREACHABLE,
    EndKind.SILENT: EdgeRefusal.UNREACHABLE,
    EndKind.CLOSED: EdgeRefusal.INTERRUPTED,
    EndKind.UNKNOWN_STREAM: EdgeRefusal.UNKNOWN_TIME,
}


class OnvifEdgeArchive:
    """Asks where the registry says that the camera is, whatever host the camera itself names.

    Raises EdgeRefused for a camera without an ONVIF address.
    """

    def __init__(self, source: CameraSource, *, bytes_per_second: float) -> None:
        if source.onvif_url is None:
            raise EdgeRefused(EdgeRefusal.NO_ARCHIVE)
        account = Account(source.username, source.password or "") if source.username else None
        self._device = OnvifDevice(source.onvif_url, account, within=_WITHIN_SECONDS)
        self._live_url = source.main.url
        self._bytes_per_second = bytes_per_second

    async def clock_offset(self) -> float:
        try:
            return (await self._device.clock_offset()).total_seconds()
        except DeviceTrouble as trouble:
            raise EdgeRefused(EdgeRefusal.UNREACHABLE) from trouble

    async def footage(self, window: Interval) -> AsyncGenerator[ParameterSets | EdgePicture, None]:
        whole = window[0], window[1] + timedelta(seconds=1)
        url = self._on_known_host(await replay_uri(self._device, whole))
        asked = Replay(url, window[0], window[1], self._bytes_per_second)
        try:
            async with contextlib.aclosing(replayed(asked)) as pictures:
                async for one in pictures:
                    if isinstance(one, ParameterSets):
                        yield one
                    elif one.taken_at is None:
                        raise EdgeRefused(EdgeRefusal.UNSUPPORTED)
                    else:
                        yield EdgePicture(one.unit, one.taken_at)
        except PullEnded as ended:
            raise EdgeRefused(_KINDS.get(ended.kind, EdgeRefusal.UNSUPPORTED)) from ended

    async def close(self) -> None:
        await self._device.close()

    def _on_known_host(self, told: str) -> str:
        try:
            live, named = urlsplit(self._live_url), urlsplit(told)
        except ValueError:
            raise EdgeRefused(EdgeRefusal.UNSUPPORTED) from None
        return urlunsplit((live.scheme, live.netloc, named.path, named.query, ""))
