"""HTTP Live Streaming playlists (RFC 8216) made on the fly: nothing is copied, a player asks for ranges of bytes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One group of pictures as a player fetches it.

    ``uri`` and ``init_uri`` are relative to the playlist; a byte range is (length, offset), None for all;
    ``init_length`` counts from the first byte, None for all. ``breaks``: its times do not follow those of the part
    before, or another init segment counts.
    """

    uri: str
    byte_range: tuple[int, int] | None
    init_uri: str
    init_length: int | None
    starts_at: datetime
    seconds: float
    breaks: bool


def playlist(parts: Sequence[Part], *, key_pictures: bool = False) -> str:
    """Return the text of a finished playlist; ``key_pictures``: every part holds one key frame and nothing else.

    ``EXT-X-PROGRAM-DATE-TIME`` gives the wall clock of each uninterrupted run, so that several cameras can be shown at
    the same instant.
    """
    longest = max((part.seconds for part in parts), default=1.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(math.ceil(longest), 1)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *(["#EXT-X-I-FRAMES-ONLY"] if key_pictures else []),
    ]
    for number, part in enumerate(parts):
        if part.breaks or number == 0:
            if number:
                lines.append("#EXT-X-DISCONTINUITY")
            lengths = f',BYTERANGE="{part.init_length}@0"' if part.init_length is not None else ""
            lines.append(f'#EXT-X-MAP:URI="{part.init_uri}"{lengths}')
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(part.starts_at)}")
        lines.append(f"#EXTINF:{part.seconds:.6f},")
        if part.byte_range is not None:
            length, offset = part.byte_range
            lines.append(f"#EXT-X-BYTERANGE:{length}@{offset}")
        lines.append(part.uri)
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _date(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
