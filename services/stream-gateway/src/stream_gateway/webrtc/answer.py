"""The SDP answer: one H.264 picture sent, everything else of the offer refused at its place (RFC 8829 §5.3)."""

from dataclasses import dataclass

from stream_gateway.webrtc.offer import Offer, OfferedCodec


@dataclass(frozen=True, slots=True)
class OwnSide:
    """What we bring: ICE credentials, certificate, where we listen, and the numbers of our two streams.

    ``candidates``: values of ``a=candidate`` (RFC 8839 §5.1), all of them: nothing is trickled.
    """

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[str, ...]
    ssrc: int
    rtx_ssrc: int
    cname: str
    session: int


def write_answer(offer: Offer, codec: OfferedCodec, own: OwnSide) -> str:
    """Return the answer to an offer."""
    accepted = offer.media[offer.video]
    lines = ["v=0", f"o=- {own.session} 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {accepted.mid}"]
    for number, media in enumerate(offer.media):
        if number == offer.video:
            lines += _video(offer, codec, own)
        else:
            lines += [f"m={media.kind} 0 {media.protocol} {media.formats}", "c=IN IP4 0.0.0.0", f"a=mid:{media.mid}"]
            lines += ["a=inactive"]
    return "\r\n".join([*lines, ""])


def _video(offer: Offer, codec: OfferedCodec, own: OwnSide) -> list[str]:
    media, payload, rtx = offer.media[offer.video], codec.payload_type, codec.rtx
    formats = f"{payload}" if rtx is None else f"{payload} {rtx}"
    lines = [
        f"m=video 9 {media.protocol} {formats}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{media.mid}",
        "a=sendonly",
        "a=rtcp-mux",
        f"a=rtpmap:{payload} H264/90000",
        f"a=fmtp:{payload} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={codec.profile_level_id}",
    ]
    lines += [f"a=rtcp-fb:{payload} nack"] if codec.nack else []
    lines += [f"a=rtcp-fb:{payload} nack pli"] if codec.pli else []
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload}"]
        lines += [f"a=ssrc-group:FID {own.ssrc} {own.rtx_ssrc}"]
    streams = [own.ssrc] if rtx is None else [own.ssrc, own.rtx_ssrc]
    lines += [f"a=msid:{own.cname} video"]
    lines += [f"a=ssrc:{ssrc} cname:{own.cname}" for ssrc in streams]
    lines += [f"a=ssrc:{ssrc} msid:{own.cname} video" for ssrc in streams]
    lines += ["a=setup:active", f"a=ice-ufrag:{own.ufrag}", f"a=ice-pwd:{own.password}"]
    lines += [f"a=fingerprint:sha-256 {own.fingerprint}"]
    lines += [f"a=candidate:{candidate}" for candidate in own.candidates]
    return [*lines, "a=end-of-candidates"]
