"""The session description (RFC 8866, RFC 6184 §8.2, RFC 7798 §7) that a camera answers to DESCRIBE."""

import base64

from camera_simulator.clips import RTP_CLOCK_HZ, Clip, Codec
from camera_simulator.rtp import PAYLOAD_TYPE

TRACK = "trackID=0"


def describe(clip: Clip, *, camera: str, quality: str, host: str, session: int) -> str:
    """Describe one video track, played live, controlled at `trackID=0`."""
    family, nowhere = ("IP6", "::") if ":" in host else ("IP4", "0.0.0.0")  # noqa: S104 nothing is bound to it
    lines = (
        "v=0",
        f"o=- {session} 1 IN {family} {host}",
        f"s=Vigie simulated camera {camera} ({quality})",
        f"c=IN {family} {nowhere}",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"b=AS:{clip.bits_per_second // 1000}",
        f"a=rtpmap:{PAYLOAD_TYPE} {'H265' if clip.codec is Codec.H265 else 'H264'}/{RTP_CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format_parameters(clip)}",
        f"a=framerate:{float(clip.fps):g}",
        f"a=x-dimensions:{clip.width},{clip.height}",
        f"a=control:{TRACK}",
        "a=recvonly",
    )
    return "\r\n".join(lines) + "\r\n"


def _format_parameters(clip: Clip) -> str:
    sets = [base64.b64encode(nal).decode("ascii") for nal in clip.parameter_sets]
    if clip.codec is Codec.H265:
        return ";".join(f"sprop-{name}={value}" for name, value in zip(("vps", "sps", "pps"), sets, strict=True))
    return f"packetization-mode=1;profile-level-id={clip.sps[1:4].hex()};sprop-parameter-sets={','.join(sets)}"
