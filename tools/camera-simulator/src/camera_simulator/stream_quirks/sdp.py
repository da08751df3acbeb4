"""Session descriptions that say something else than what the camera sends."""

import re

from camera_simulator.clips import Codec
from camera_simulator.stream_quirks.kinds import StreamHabits, StreamQuirk

ELSEWHERE = "rtsp://198.51.100.7:554/elsewhere"  # TEST-NET-2 (RFC 5737): leads nowhere
CLAIMED_OCTETS = 4 << 30
SENT_OCTETS = 4 << 20
_FORMAT = re.compile(r"^a=fmtp:.*\r\n", re.MULTILINE)
# Parameter sets of a picture of 176x144, in the words of the two codecs.
_LIES = {
    Codec.H264: (
        "a=fmtp:96 packetization-mode=1;profile-level-id=42c00b;"
        "sprop-parameter-sets=Z0LAC9oLE6EAAAMAAQAAAwAyDxQqoA==,aM4PyA==\r\n"
    ),
    Codec.H265: (
        "a=fmtp:96 sprop-vps=QAEMAf//AWAAAAMAkAAAAwAAAwA8lZQJ;"
        "sprop-sps=QgEBAWAAAAMAkAAAAwAAAwA8oBYgJFllZUpMLmgIAAADAAgAAAMAyEA=;sprop-pps=RAHAc8GJ\r\n"
    ),
}
_BARE = {Codec.H264: "a=fmtp:96 packetization-mode=1\r\n", Codec.H265: ""}


def twisted(description: str, codec: Codec, habits: StreamHabits) -> str:
    """A true description as a camera with these habits writes it."""
    if StreamQuirk.LYING_SDP in habits:
        description = _FORMAT.sub(_LIES[codec], description)
    if StreamQuirk.NO_SPROP in habits:
        description = _FORMAT.sub(_BARE[codec], description)
    if StreamQuirk.WRONG_CODEC in habits:
        description = _FORMAT.sub("", description)
        description = re.sub(r"^m=video 0 RTP/AVP \d+", "m=video 0 RTP/AVP 26", description, flags=re.MULTILINE)
        description = re.sub(r"^a=rtpmap:.*?\r\n", "a=rtpmap:26 JPEG/90000\r\n", description, flags=re.MULTILINE)
    if StreamQuirk.REDIRECT_CONTROL in habits:
        session, media = f"a=control:{ELSEWHERE}", f"a=control:{ELSEWHERE}/trackID=0"
        description = description.replace("a=control:*", session).replace("a=control:trackID=0", media)
    return description


def oversized() -> bytes:
    """Megabytes of attributes, after which the answer does not end."""
    line = b"a=x-nothing:" + b"0" * 100 + b"\r\n"
    return line * (SENT_OCTETS // len(line))
