"""One camera's stream over one RTSP connection, from the wish to have it to its end."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Sequence

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.media import ClockRead, EndKind, PicturesLost, Pull, PullEnded, PullSink
from stream_gateway.native.backlog import Backlog
from stream_gateway.native.dialogue import MALFORMED, Address, Playing, connect, play
from stream_gateway.native.events import Found, Goodbye, Loss, MarkersDistrusted, Refused, RtspText, SourceChanged
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.reading import Reading
from stream_gateway.native.rtcp import receiver_report
from stream_gateway.native.rtsp_headers import RtspMalformed
from stream_gateway.native.rtsp_messages import Method, RtspRequest, answer_to, parse_message

_BUFFER = bytearray(512 * 1024)
_VIEW = memoryview(_BUFFER)
"""Every connection of a process is read into this one: nothing of it is kept between reads."""

_MOST_READS = 8
_REPORT_SECONDS = 10.0
_NO_PICTURE_SECONDS = 15.0
_PROVEN_SECONDS = 10.0
"""So long is a stream read in any case: what this engine cannot do shows in it, and not when somebody first looks."""
_SMALL_READ = 64 * 1024
_GONE = PullEnded("la caméra a cessé d'émettre", EndKind.CLOSED)
_UNAUTHORIZED, _ERRORS = 401, 400


class NativePull:
    """``OpenPull``. Everything happens in the event loop; nothing is copied but what a picture is made of."""

    def __init__(self, pull: Pull, sink: PullSink, reading: Reading) -> None:
        self._sink = sink
        self._reading = reading
        self._hurried = False
        self._rests = False
        self._backlog: Backlog | None = None
        self._read_octets = 0
        self._over = False
        self._socket: socket.socket | None = None
        self._descriptor = -1
        self._playing: Playing | None = None
        self._reader: StreamReader | None = None
        self._keep_alive = Method.GET_PARAMETER
        self._own_source = secrets.randbits(32)
        self._asked_at = self._reported_at = self._picture_at = self._playing_since = 0.0
        self._clock_read: float | None = None
        self._starting = asyncio.get_running_loop().create_task(self._start(pull))

    # --- OpenPull

    def hurry(self, *, wanted: bool) -> None:
        self._hurried = wanted
        if self._reader is not None and not self._over:
            self._reading.hurry(self, wanted=wanted)

    def rest(self, *, wanted: bool) -> None:
        self._rests = wanted  # begins when the stream is looked at next
        backlog = self._backlog
        if wanted or backlog is None:
            return
        self.read_available()
        reader, self._backlog = self._reader, None
        if reader is None:  # it has ended, perhaps in this moment
            return
        ended: PullEnded | None = None
        try:
            reader.resume(backlog)
        except RtspMalformed:
            ended = MALFORMED
        self._tell(reader, ended)

    async def close(self) -> None:
        self._over = True
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)
        if self._socket is not None and self._playing is not None:
            with contextlib.suppress(OSError, ValueError):
                headers = {"Session": self._playing.session}
                self._socket.send(
                    self._playing.dialogue.request(Method.TEARDOWN, self._playing.track.aggregate, headers)
                )
        self._drop()

    # --- Readable

    def fileno(self) -> int:
        return self._descriptor

    @property
    def patient(self) -> bool:
        return self._backlog is not None and self._read_octets < _SMALL_READ

    def read_available(self) -> None:
        reader, connection = self._reader, self._socket
        if reader is None or connection is None:
            return
        take = reader.feed if self._backlog is None else self._put_by
        self._read_octets = 0
        ended: PullEnded | None = None
        try:
            for _ in range(_MOST_READS):
                count = connection.recv_into(_BUFFER)
                if count == 0:
                    ended = _GONE
                    break
                take(_VIEW[:count])
                self._read_octets += count
                if count < len(_BUFFER):
                    break
        except BlockingIOError:
            pass
        except OSError:
            ended = _GONE
        except RtspMalformed:
            ended = MALFORMED
        self._tell(reader, ended)

    def _tell(self, reader: StreamReader, ended: PullEnded | None) -> None:
        if reader.found:
            self._deliver(reader)
        if ended is not None:
            self._end(ended)

    def _put_by(self, view: memoryview) -> None:
        """Keep what nobody wants to see now; all that is not a picture is read."""
        reader, backlog = self._reader, self._backlog
        if reader is None or backlog is None:
            return
        packets, cut = backlog.packets, backlog.cut
        aside = backlog.take(view)
        if backlog.packets > packets:
            self._picture_at = asyncio.get_running_loop().time()
            self._sink.heard(anew=backlog.cut and not cut)
        if aside:
            reader.feed(aside)

    def look(self, at: float) -> None:
        reader, playing = self._reader, self._playing
        if reader is None or playing is None or self._over:
            return
        if self._rests and self._backlog is None and at - self._playing_since > _PROVEN_SECONDS:
            self._backlog = reader.rest()
        if at - self._asked_at > playing.keep_alive_seconds:
            self._ask_to_stay(at, playing)
        if at - self._reported_at > _REPORT_SECONDS:
            self._report(at, reader, playing)
        if at - self._picture_at > _NO_PICTURE_SECONDS and reader.lost_packets == 0 and reader.skipped_units:
            self._end(PullEnded("la caméra n'envoie pas d'image clé", EndKind.UNSUPPORTED))

    # --- the way of a pull

    async def _start(self, pull: Pull) -> None:
        try:
            address = Address.of(pull.url)
            self._socket = await connect(address)
            self._playing = await play(self._socket, address)
        except PullEnded as ended:
            self._end(ended)
            return
        track, transport = self._playing.track, self._playing.transport
        self._reader = StreamReader(
            codec=track.codec,
            payload_type=track.payload_type,
            channel=transport.channel,
            rtcp_channel=transport.rtcp_channel,
            declared=track.parameter_sets,
        )
        self._descriptor = self._socket.fileno()
        at = asyncio.get_running_loop().time()
        self._asked_at = self._reported_at = self._picture_at = self._playing_since = at
        self._reading.add(self)
        try:
            self._reader.feed(self._playing.early)
        except RtspMalformed:
            self._end(MALFORMED)
            return
        if self._reader.found:
            self._deliver(self._reader)
        if self._hurried:
            self._reading.hurry(self, wanted=True)

    def _deliver(self, reader: StreamReader) -> None:
        found = list(reader.found)
        reader.found.clear()
        if reader.reordered:  # nothing of it is handed on: times would go back
            self._end(PullEnded("la caméra envoie des images dans le désordre (B)", EndKind.UNSUPPORTED))
            return
        sink = self._sink
        if _only_pictures(found):
            self._picture_at = asyncio.get_running_loop().time()
            sink.take(found)  # pyright: ignore[reportArgumentType] - just looked
        else:
            self._deliver_mixed(found)
        report = reader.sender_report
        if report is not None and report.unix_time != self._clock_read and reader.sender_report_time is not None:
            self._clock_read = report.unix_time
            sink.report(ClockRead(report.unix_time, reader.sender_report_time))

    def _deliver_mixed(self, found: Sequence[Found]) -> None:
        units: list[AccessUnit] = []
        for one in found:
            if isinstance(one, AccessUnit):
                units.append(one)
                continue
            if units:
                self._picture_at = asyncio.get_running_loop().time()
                self._sink.take(units)
                units = []
            self._happened(one)
            if self._over:
                return
        if units:
            self._picture_at = asyncio.get_running_loop().time()
            self._sink.take(units)

    def _happened(self, event: Found) -> None:
        match event:
            case ParameterSets():
                self._sink.begin(event)
            case Loss(packets=packets):
                self._sink.report(PicturesLost("des paquets de la caméra se sont perdus", packets))
            case Refused():
                self._sink.report(PicturesLost("la caméra a envoyé des images abîmées"))
            case SourceChanged() | MarkersDistrusted():
                self._sink.report(PicturesLost("la caméra a recommencé son flux"))
            case Goodbye():
                self._end(_GONE)
            case RtspText(content=content):
                self._answered(content)
            case _:
                return

    def _answered(self, content: bytes) -> None:
        """Read what the camera says between pictures: answers to our keep-alives, or questions of its own."""
        try:
            message = parse_message(content)
        except RtspMalformed:
            self._end(MALFORMED)
            return
        playing = self._playing
        if isinstance(message, RtspRequest):
            self._send(answer_to(message))
        elif playing is not None and message.status >= _ERRORS:
            if message.status == _UNAUTHORIZED and playing.dialogue.challenged(message):
                self._ask_to_stay(asyncio.get_running_loop().time(), playing)
            else:
                self._keep_alive = Method.OPTIONS  # cameras that know no GET_PARAMETER count any request

    def _ask_to_stay(self, at: float, playing: Playing) -> None:
        self._asked_at = at
        self._send(playing.dialogue.request(self._keep_alive, playing.track.aggregate, {"Session": playing.session}))

    def _report(self, at: float, reader: StreamReader, playing: Playing) -> None:
        self._reported_at = at
        reception = reader.reception()
        if reception is not None:
            middle = reader.sender_report.middle if reader.sender_report else 0
            self._send(receiver_report(playing.transport.rtcp_channel, self._own_source, reception, middle=middle))

    def _send(self, octets: bytes) -> None:
        """Send a few bytes; a camera whose window is full does not get them, and will hang up if it cares."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(octets)

    def _end(self, ended: PullEnded) -> None:
        if self._over:
            return
        self._over = True
        self._drop()
        self._sink.end(ended)

    def _drop(self) -> None:
        if self._descriptor >= 0:
            self._reading.remove(self._descriptor)
            self._descriptor = -1
        connection, self._socket, self._reader = self._socket, None, None
        if connection is not None:
            connection.close()


def _only_pictures(found: Sequence[Found]) -> bool:
    for one in found:  # noqa: SIM110 - a generator costs twice as much, and this runs for every read of every camera
        if type(one) is not AccessUnit:
            return False
    return True
