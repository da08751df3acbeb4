"""CPU of the native depacketiser: our ``StreamReader`` against ffmpeg's RTP demuxer, and against the bare bytes.

    python bench/stream_depacketise.py [--json] [--seconds 60] [--read 65536]

A real film is encoded as a camera would (720p25 at 2 Mbit/s, 360p12.5 at 0.5 Mbit/s, no B-frames) and cut into RTP of
1400 bytes by the simulator's packetiser. Three things are timed over the same bytes, in the same run, by CPU time:

* ours: ``feed`` of reads of ``--read`` bytes out of memory, pictures taken and thrown away;
* walk: the least that Python can do with the same reads: one copy and the length of each frame, nothing understood;
* sockets: the bytes come from a local RTSP server as fast as they are taken: ours with ``recv_into``, and PyAV
  (ffmpeg's RTSP and RTP demuxer in C, no decoding), in one thread each.

Goal: at most 2.5 µs a packet and 0.6 ms a second of camera (main and sub).
"""

import argparse
import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

import camera_simulator
from camera_simulator.rtp import packetise, stamp
from stream_gateway.domain.access_units import AccessUnit, Codec
from stream_gateway.native.interleaved import StreamReader

FILM = Path(camera_simulator.__file__).parents[2] / "media" / "bikes_main_1280x536_25fps.mp4"
CLOCK_HZ = 90_000
ROUNDS = 7
GOAL_MICROSECONDS, GOAL_MILLISECONDS = 2.5, 0.6
PATIENCE_S = 60


@dataclass(frozen=True)
class Wire:
    """What one camera stream sends in some seconds."""

    octets: bytes
    packets: int
    pictures: int
    seconds: float
    sets: tuple[bytes, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--read", type=int, default=65_536)
    options = parser.parse_args()
    streams = {
        "main": wire(1280, 720, Fraction(25), 2_000_000, options.seconds),
        "sub": wire(640, 360, Fraction(25, 2), 500_000, options.seconds),
    }
    figures: dict[str, float] = {}
    total = 0.0
    for name, sent in streams.items():
        ours = best(lambda sent=sent: by_reader(sent, options.read))
        bare = best(lambda sent=sent: by_walk(sent, options.read))
        from_socket = best(lambda sent=sent: over_socket(sent, options.read), rounds=3)
        by_av = best(lambda sent=sent: over_av(sent), rounds=3)
        total += ours / sent.seconds
        figures |= {
            f"{name}_kbit_per_second": round(len(sent.octets) * 8 / sent.seconds / 1000),
            f"{name}_packets_per_second": round(sent.packets / sent.seconds, 1),
            f"{name}_microseconds_per_packet": round(ours / sent.packets * 1e6, 3),
            f"{name}_walk_microseconds_per_packet": round(bare / sent.packets * 1e6, 3),
            f"{name}_ratio_to_walk": round(ours / bare, 2),
            f"{name}_socket_microseconds_per_packet": round(from_socket / sent.packets * 1e6, 3),
            f"{name}_pyav_microseconds_per_packet": round(by_av / sent.packets * 1e6, 3),
            f"{name}_ratio_to_pyav": round(from_socket / by_av, 3),
        }
    figures |= {
        "milliseconds_per_camera_second": round(total * 1000, 3),
        "goal_microseconds_per_packet": GOAL_MICROSECONDS,
        "goal_milliseconds_per_camera_second": GOAL_MILLISECONDS,
    }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:40} {value}")


def wire(width: int, height: int, rate: Fraction, bits: int, seconds: int) -> Wire:
    """Encode the film at a constant rate and cut it into interleaved packets."""
    pictures, sets = encoded(width, height, rate, bits)
    octets = bytearray()
    packets = sequence = 0
    wanted = int(seconds * rate)
    step = int(CLOCK_HZ / rate)
    for index in range(wanted):
        nals, keyframe = pictures[index % len(pictures)]
        unit = packetise([*sets, *nals] if keyframe else nals, keyframe=keyframe)
        octets += stamp(unit, channel=0, sequence=sequence, timestamp=(index * step) & 0xFFFF_FFFF, ssrc=7)
        sequence = (sequence + len(unit.offsets)) & 0xFFFF
        packets += len(unit.offsets)
    return Wire(bytes(octets), packets, wanted, float(wanted / rate), sets)


def encoded(
    width: int, height: int, rate: Fraction, bits: int
) -> tuple[list[tuple[list[bytes], bool]], tuple[bytes, ...]]:
    """NAL units of each picture of the film, and its parameter sets."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.bit_rate = bits
    encoder.options = {
        "preset": "veryfast",
        "profile": "main",
        "x264-params": f"bframes=0:scenecut=0:keyint={int(rate * 2)}:"
        f"vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}",
    }
    pictures: list[tuple[list[bytes], bool]] = []
    sets: tuple[bytes, ...] = ()
    with av.open(str(FILM)) as film:
        frames = [frame.reformat(width, height, "yuv420p") for frame in film.decode(video=0)]
    for number, frame in enumerate([*frames, None]):
        if frame is not None:
            frame.pts, frame.time_base = number, 1 / rate
        for packet in encoder.encode(frame):
            nals = [nal.rstrip(b"\0") for nal in bytes(packet).split(b"\0\0\1") if nal.rstrip(b"\0")]
            sets = tuple(nal for nal in nals if nal[0] & 0x1F in (7, 8)) or sets
            kept = [nal for nal in nals if nal[0] & 0x1F in (1, 5, 6)]
            pictures.append((kept, packet.is_keyframe))
    whole = len(pictures) // int(rate * 2) * int(rate * 2)
    return pictures[:whole], sets


def by_reader(sent: Wire, read: int) -> float:
    """CPU seconds of our reader out of memory."""
    view = memoryview(sent.octets)
    reader = StreamReader(codec=Codec.H264, payload_type=96, channel=0, rtcp_channel=1)
    pictures = 0
    begun = time.process_time()
    for at in range(0, len(view), read):
        reader.feed(view[at : at + read])
        pictures += len(reader.found)
        reader.found.clear()
    spent = time.process_time() - begun
    assert pictures == sent.pictures + 1, "the pictures and one set of parameter sets"
    return spent


def by_walk(sent: Wire, read: int) -> float:
    """CPU seconds of a copy of each read and a step from frame to frame."""
    view = memoryview(sent.octets)
    rest = b""
    packets = 0
    begun = time.process_time()
    for at in range(0, len(view), read):
        octets = rest + view[at : at + read]
        here, size = 0, len(octets)
        while here + 4 <= size:
            end = here + 4 + (octets[here + 2] << 8 | octets[here + 3])
            if end > size:
                break
            here = end
            packets += 1
        rest = octets[here:]
    spent = time.process_time() - begun
    assert packets == sent.packets
    return spent


def over_socket(sent: Wire, read: int) -> float:
    """CPU seconds of this thread: receive from a socket and read."""
    with Blaster(sent) as blaster, socket.create_connection(("127.0.0.1", blaster.port)) as connection:
        connection.settimeout(PATIENCE_S)
        ask(connection)
        buffer = memoryview(bytearray(read))
        reader = StreamReader(codec=Codec.H264, payload_type=96, channel=0, rtcp_channel=1)
        pictures = 0
        begun = time.thread_time()
        while got := connection.recv_into(buffer):
            reader.feed(buffer[:got])
            pictures += sum(type(one) is AccessUnit for one in reader.found)
            reader.found.clear()
        spent = time.thread_time() - begun
    assert pictures == sent.pictures
    return spent


def ask(connection: socket.socket) -> None:
    """Ask for the stream as ffmpeg does."""
    for number, method in enumerate(("DESCRIBE", "SETUP", "PLAY"), 1):
        connection.sendall(f"{method} rtsp://127.0.0.1/film RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
        if method != "PLAY":
            connection.recv(65_536)


def over_av(sent: Wire) -> float:
    """CPU seconds of this thread: ffmpeg's demuxer from the first to the last packet."""
    with Blaster(sent) as blaster:
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "probesize": "32", "analyzeduration": "0"}
        with av.open(f"rtsp://127.0.0.1:{blaster.port}/film", options=options, timeout=PATIENCE_S) as container:
            stream = container.streams.video[0]
            assert isinstance(stream, VideoStream)
            pictures = 0
            begun = time.thread_time()
            try:
                for packet in container.demux(stream):
                    pictures += packet.size > 0
            except FFmpegError:
                pass  # the server hangs up at the end of the film
            spent = time.thread_time() - begun
    assert pictures >= sent.pictures - 2, f"{pictures} of {sent.pictures} pictures"
    return spent


class Blaster:
    """An RTSP server for one client, which sends a film as fast as it is taken and hangs up."""

    def __init__(self, sent: Wire) -> None:
        self._sent = sent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE_S)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE_S)
        with connection, connection.makefile("rb") as requests:
            while method := self._next_method(requests.readline):
                name, sequence = method
                body = description(self._sent) if name == "DESCRIBE" else ""
                lines = ["RTSP/1.0 200 OK", f"CSeq: {sequence}", "Session: 1", "Public: DESCRIBE, SETUP, PLAY"]
                lines += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1"] if name == "SETUP" else []
                lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"] if body else []
                try:
                    connection.sendall(("\r\n".join([*lines, "", ""]) + body).encode())
                    if name == "PLAY":
                        connection.sendall(self._sent.octets)
                        return
                except OSError:
                    return

    @staticmethod
    def _next_method(readline: Callable[[], bytes]) -> tuple[str, str] | None:
        first = readline().decode()
        sequence = "0"
        while line := readline().strip():
            if line.lower().startswith(b"cseq:"):
                sequence = line[5:].strip().decode()
        return (first.split(" ")[0], sequence) if first else None


def description(sent: Wire) -> str:
    """Describe the film."""
    sets = ",".join(base64.b64encode(nal).decode() for nal in sent.sets)
    lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=film", "t=0 0", "m=video 0 RTP/AVP 96")
    lines += ("a=rtpmap:96 H264/90000", f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}")
    return "\r\n".join((*lines, "a=control:trackID=0", ""))


def best(work: Callable[[], float], *, rounds: int = ROUNDS) -> float:
    """Return the least of some rounds: the machine's other load only ever adds."""
    return min(work() for _ in range(rounds))


if __name__ == "__main__":
    main()
