"""The fast engine: speaks RTSP itself, one process for some hundred cameras, no child, no thread, no copy to disk."""

from stream_gateway.media import OpenPull, Pull, PullSink
from stream_gateway.native.pull import NativePull
from stream_gateway.native.reading import Reading


class NativeEngine:
    """``MediaEngine`` for H.264 and H.265 over RTP over RTSP over TCP; says so when a camera wants something else."""

    name = "native"

    def __init__(self) -> None:
        self._reading = Reading()

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        return NativePull(pull, sink, self._reading)
