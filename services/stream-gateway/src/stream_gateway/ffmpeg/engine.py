"""The compatible engine: one supervised ffmpeg per pull, for the cameras that the native engine cannot read.

ffmpeg copies, it never decodes. It writes one fragment per picture into a pipe, so that everything behind the pull is
the same as with the native engine, and one pull serves recording and live here, too.
"""

import asyncio

from stream_gateway.domain.access_units import AccessUnit, Codec
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.demuxing import parameter_sets_of, unit_of
from stream_gateway.domain.fragments import Fragment, FragmentSplitter, InitSegment
from stream_gateway.ffmpeg.commands import UnusableAddress, input_script, pull_command
from stream_gateway.ffmpeg.process import FfmpegProcess
from stream_gateway.media import EndKind, OpenPull, Pull, PullEnded, PullSink

_READ_BYTES = 256 * 1024
_LONGEST_STEP_SECONDS = 10
_UNREADABLE = PullEnded("le flux de la caméra n'est pas lisible", EndKind.MALFORMED)


class FfmpegEngine:
    """``MediaEngine``. Remembers which cameras need a longer look at their stream, and which send by UDP only."""

    name = "ffmpeg"

    def __init__(self) -> None:
        self._needs_study: set[Pull] = set()
        self._by_udp: set[Pull] = set()

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        return _FfmpegPull(pull, sink, self._needs_study, self._by_udp)


class _FfmpegPull:
    def __init__(self, pull: Pull, sink: PullSink, needs_study: set[Pull], by_udp: set[Pull]) -> None:
        self._pull = pull
        self._sink = sink
        self._needs_study = needs_study
        self._by_udp = by_udp
        self._seen = False
        self._codec = Codec.H264
        self._timescale = 1
        self._last_time = -1
        self._shift = 0
        self._running = asyncio.get_running_loop().create_task(self._run())

    def hurry(self, *, wanted: bool) -> None:
        """Do nothing: ffmpeg hands on every picture as it comes."""

    def rest(self, *, wanted: bool) -> None:
        """Do nothing: ffmpeg has read its pictures already."""

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        ended = await self._until_it_ends()
        if ended.kind is EndKind.UNSUPPORTED and self._pull not in self._by_udp:
            self._by_udp.add(self._pull)
            ended = await self._until_it_ends()
        if not self._seen and ended.kind is EndKind.CLOSED:
            self._needs_study.add(self._pull)  # it described itself badly: next time ffmpeg studies the stream first
        self._sink.end(ended)

    async def _until_it_ends(self) -> PullEnded:
        try:
            hurried = self._pull not in self._needs_study
            script = input_script(self._pull, hurried=hurried, by_udp=self._pull in self._by_udp)
        except UnusableAddress:
            return PullEnded("l'adresse de la caméra n'est pas utilisable", EndKind.UNKNOWN_STREAM)
        process = FfmpegProcess(pull_command(), script)
        try:
            await process.start()
            splitter = FragmentSplitter()
            while chunk := await process.output.read(_READ_BYTES):
                self._take(splitter.feed(chunk))
            return await process.ended()
        except MalformedMedia:
            return _UNREADABLE
        finally:
            await process.stop()

    def _take(self, parts: list[InitSegment | Fragment]) -> None:
        units: list[AccessUnit] = []
        for part in parts:
            if isinstance(part, InitSegment):
                parameters = parameter_sets_of(part)
                self._codec, self._timescale = parameters.codec, part.timescale
                self._sink.begin(parameters)
            else:
                units.append(self._in_order(unit_of(part, self._codec, self._timescale)))
        if units:
            self._seen = True
            self._sink.take(units)

    def _in_order(self, unit: AccessUnit) -> AccessUnit:
        """Mend a jump of the camera's clock: times go on from where they were."""
        time = unit.time + self._shift
        step = time - self._last_time
        if self._last_time >= 0 and not 0 < step <= _LONGEST_STEP_SECONDS * 90_000:
            self._shift += self._last_time + 3600 - time
            time = self._last_time + 3600
        self._last_time = time
        return unit._replace(time=time)
