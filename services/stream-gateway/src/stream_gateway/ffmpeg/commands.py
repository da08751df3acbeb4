"""The command lines of ffmpeg, and how it is told a camera's address without showing it.

ffmpeg takes its input URL in ``argv``, which every user of the machine can read in ``ps``. So the URL goes
through standard input instead, as a one-line script of ffmpeg's concat demuxer, which also carries the options
of the RTSP client. Nothing secret is in ``argv``, in the environment or on disk.
"""

import shutil
from functools import cache

import imageio_ffmpeg

from stream_gateway.media import Pull

SOCKET_SECONDS = 5
"""No byte from the camera for so long ends a pull."""

_PROTOCOLS = "pipe,rtsp,rtsps,rtp,tcp,tls,udp,crypto"
_RTSP_OPTIONS = (
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
def dies_with_parent() -> tuple[str, ...]:
    """Return a prefix that has the kernel kill a child when this process dies, so that no orphan goes on recording.

    util-linux's ``setpriv`` replaces itself by the child. Without it an orphan ffmpeg ends when its pipe breaks.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def input_script(pull: Pull, *, hurried: bool = False, by_udp: bool = False) -> bytes:
    """Return what ffmpeg reads on standard input: the address and the options of its client.

    ``hurried``: trust the camera's session description instead of studying the stream for some seconds first.
    The first picture then waits for a key frame only; a camera that describes itself badly needs the study.
    ``by_udp``: the camera refuses to send over its RTSP connection.

    Raises:
        UnusableAddress: the address holds a control character.
    """
    if any(character < " " for character in pull.url):
        raise UnusableAddress("a control character in the address")
    quoted = pull.url.replace("'", "'\\''")
    transport = f"option rtsp_transport {'udp' if by_udp else 'tcp'}"
    options = (transport, *_RTSP_OPTIONS) if pull.url.startswith(("rtsp://", "rtsps://")) else ()
    if hurried:
        options = (*options, *_NO_STUDY)
    return "\n".join(("ffconcat version 1.0", f"file '{quoted}'", *options, "")).encode()


def _input(*before: str) -> list[str]:
    return [
        *dies_with_parent(),
        ffmpeg_path(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error"),
        *before,
        *("-f", "concat", "-safe", "0", "-protocol_whitelist", _PROTOCOLS, "-i", "pipe:0"),
    ]


def pull_command() -> list[str]:
    """Return the command that copies a stream into its output, one fragment per picture."""
    return [
        *_input("-fflags", "+genpts"),
        *_COPY_VIDEO,
        *("-flush_packets", "1", "-f", "mp4", "-movflags", f"+frag_every_frame{_FRAGMENTED}", "pipe:1"),
    ]
