"""The habits, and how strongly a camera has them."""

from dataclasses import dataclass
from enum import StrEnum


class StreamQuirk(StrEnum):
    """One habit of a camera in RTSP, SDP, RTP or in how it encodes."""

    # Who may look (auth.py)
    BASIC_AUTH = "basic_auth"  # asks for Basic, not for Digest
    SHA256_DIGEST = "sha256_digest"  # asks for Digest with SHA-256 (RFC 7616)
    STALE_NONCE = "stale_nonce"  # a nonce serves `nonce_requests` requests, then it is stale
    # How it speaks RTSP (rtsp_server.py and what it names)
    UDP_ONLY = "udp_only"  # refuses RTP over TCP (461)
    TCP_ONLY = "tcp_only"  # refuses RTP over UDP (461)
    RTP_BEFORE_PLAY_ANSWER = "rtp_before_play_answer"  # the first picture comes before the answer to PLAY
    LATE_ANSWER = "late_answer"  # answers each request after `late_answer_s`
    NO_KEEPALIVE = "no_keepalive"  # GET_PARAMETER is not implemented (501): only OPTIONS keeps alive
    SESSION_DIES = "session_dies"  # ends a session that sends no request for `session_timeout_s`
    ONE_CLIENT = "one_client"  # refuses a second player of a stream (453)
    DRIP = "drip"  # sends `drip_octets_per_s` after PLAY, answers included (TCP)
    # What it describes (sdp.py)
    LYING_SDP = "lying_sdp"  # parameter sets of another resolution
    NO_SPROP = "no_sprop"  # no parameter sets
    WRONG_CODEC = "wrong_codec"  # says MJPEG
    REDIRECT_CONTROL = "redirect_control"  # control addresses on another host
    OVERSIZED_SDP = "oversized_sdp"  # claims a description of 4 GiB and sends megabytes of it
    # What it encodes (pictures.py)
    STAP = "stap"  # parameter sets and small units share aggregation packets (STAP-A)
    BIG_GOP = "big_gop"  # a keyframe every 10 s
    B_FRAMES = "b_frames"  # pictures are sent in another order than they are shown
    # What it does to its packets (packets.py)
    MUTE = "mute"  # PLAY succeeds and nothing comes
    NO_MARKER = "no_marker"  # the marker bit is never set
    LOSS = "loss"  # every `every`th packet is lost
    DUPLICATE = "duplicate"  # every `every`th packet comes twice
    REORDER = "reorder"  # every `every`th packet comes after the next one
    GARBAGE = "garbage"  # random octets as payload of true RTP packets
    NOISE = "noise"  # random octets and no packet at all
    OVERSIZED = "oversized"  # a fragment that never ends, in frames of 65 535 octets
    FALSE_LENGTHS = "false_lengths"  # the last frame of each picture claims more octets than it has


@dataclass(frozen=True, slots=True)
class StreamHabits:
    """The habits of one camera.

    Attributes:
        quirks: which.
        late_answer_s: seconds before each RTSP answer (`late_answer`).
        session_timeout_s: whole seconds that a session lasts without a request (`session_dies`).
        nonce_requests: requests that a nonce serves (`stale_nonce`).
        every: packets from one loss, duplicate or change of order to the next.
        drip_octets_per_s: rate of `drip`.
    """

    quirks: frozenset[StreamQuirk] = frozenset()
    late_answer_s: float = 3.0
    session_timeout_s: int = 4
    nonce_requests: int = 3
    every: int = 50
    drip_octets_per_s: int = 8

    def __contains__(self, quirk: StreamQuirk) -> bool:
        return quirk in self.quirks


ORDINARY = StreamHabits()
_LIMITS = {
    "late_answer_s": (0.0, 3_600.0),
    "session_timeout_s": (1, 3_600),
    "nonce_requests": (1, 1_000_000),
    "every": (2, 1_000_000),
    "drip_octets_per_s": (1, 1_000_000),
}


def habits_from(wanted: object) -> StreamHabits:
    """Read what the control endpoint was sent: a list of quirks, or an object with `quirks` and parameters.

    Raises:
        ValueError: an unknown quirk or parameter, or one out of its limits.
    """
    match wanted:
        case list():
            names, parameters = list[object](wanted), {}
        case {"quirks": list() as quirks, **others}:
            names, parameters = list[object](quirks), {str(name): value for name, value in others.items()}
        case _:
            raise ValueError("neither a list nor an object with a list of quirks")
    for name, value in parameters.items():
        if name not in _LIMITS or isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}: {value}")
        lowest, highest = _LIMITS[name]
        if not lowest <= value <= highest or (isinstance(lowest, int) and not isinstance(value, int)):
            raise ValueError(f"{name}: {value} is not from {lowest} to {highest}")
    return StreamHabits(frozenset(StreamQuirk(str(name)) for name in names), **parameters)
