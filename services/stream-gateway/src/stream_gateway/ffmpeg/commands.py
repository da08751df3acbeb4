"""The command lines of ffmpeg, and how it is told a camera's address without showing it.

ffmpeg takes its input URL in ``argv``, which every user of the machine can read in ``ps``. So the URL goes
through standard input instead, as a one-line script of ffmpeg's concat demuxer, which also carries the options
of the RTSP client. Nothing secret is in ``argv``, in the environment or on disk.
"""

import shutil
from functools import cache

import imageio_ffmpeg

from stream_gateway.ports import Pull

SOCKET_SECONDS = 5
"""No byte from the camera for so long ends a pull."""

_PROTOCOLS = "pipe,rtsp,rtsps,rtp,tcp,tls,udp,crypto"
_RTSP_OPTIONS = (
    "option rtsp_transport tcp",
    "option allowed_media_types video",  # the audio track is not even asked for (DOMAIN §3: no sound)
    f"option timeout {SOCKET_SECONDS * 1_000_000}",
)
_NO_STUDY = ("option analyzeduration 0", "option fpsprobesize 0")
_COPY_VIDEO = ("-map", "0:v:0", "-c", "copy")
_FRAGMENTED = "+empty_moov+default_base_moof"


class UnusableAddress(ValueError):
    """The address cannot be given to ffmpeg; it is not shown."""


@cache
def ffmpeg_path() -> str:
    """Return the ffmpeg that came with the wheel."""
    return imageio_ffmpeg.get_ffmpeg_exe()


@cache
def _dies_with_parent() -> tuple[str, ...]:
    """Prefix that has the kernel kill ffmpeg when this process dies, so that no orphan goes on recording.

    util-linux's ``setpriv`` replaces itself by ffmpeg. Without it an orphan ends when its pipe breaks, at the
    next segment.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def input_script(pull: Pull, *, hurried: bool = False) -> bytes:
    """Return what ffmpeg reads on standard input: the address and the options of its client.

    ``hurried``: trust the camera's session description instead of studying the stream for some seconds first.
    The first picture then waits for a key frame only; a camera that describes itself badly needs the study.

    Raises:
        UnusableAddress: the address holds a control character.
    """
    if any(character < " " for character in pull.url):
        raise UnusableAddress("a control character in the address")
    quoted = pull.url.replace("'", "'\\''")
    options = _RTSP_OPTIONS if pull.url.startswith(("rtsp://", "rtsps://")) else ()
    if hurried:
        options = (*options, *_NO_STUDY)
    return "\n".join(("ffconcat version 1.0", f"file '{quoted}'", *options, "")).encode()


def _input(*before: str) -> list[str]:
    return [
        *_dies_with_parent(),
        ffmpeg_path(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error"),
        *before,
        *("-f", "concat", "-safe", "0", "-protocol_whitelist", _PROTOCOLS, "-i", "pipe:0"),
    ]


def record_command(segment_seconds: int) -> list[str]:
    """Return the command that copies a stream into files of its working folder.

    The folder is not named, for ffmpeg would read a ``%`` in it as part of a date. A CSV line on the output
    tells each closed file.

    ``-progress`` adds a few words a second to the same output, so that a stream without bytes is noticed even
    while the camera keeps its connection alive.
    """
    return [
        *_input("-stats_period", "1", "-progress", "pipe:1", "-fflags", "+genpts+nobuffer"),
        *_COPY_VIDEO,
        *("-f", "segment", "-segment_time", str(segment_seconds), "-segment_atclocktime", "1"),
        *("-reset_timestamps", "1", "-strftime", "1", "-segment_format", "mp4"),
        *("-segment_format_options", f"movflags=+frag_keyframe{_FRAGMENTED}"),
        *("-segment_list", "pipe:1", "-segment_list_type", "csv"),
        "%Y%m%dT%H%M%S.mp4",
    ]


def live_command() -> list[str]:
    """Return the command that writes one fragment per frame to its output."""
    return [
        *_input("-fflags", "+genpts"),
        *_COPY_VIDEO,
        *("-flush_packets", "1", "-f", "mp4", "-movflags", f"+frag_every_frame{_FRAGMENTED}", "pipe:1"),
    ]


def picture_command(frames: int) -> list[str]:
    """Return the command that reads fragmented MP4 and writes its last frame, number ``frames``, as JPEG."""
    return [
        *_dies_with_parent(),
        ffmpeg_path(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-threads", "1"),
        *("-f", "mp4", "-i", "pipe:0", "-vf", f"select=eq(n\\,{frames - 1})", "-frames:v", "1"),
        *("-q:v", "3", "-f", "image2pipe", "-c:v", "mjpeg", "pipe:1"),
    ]
