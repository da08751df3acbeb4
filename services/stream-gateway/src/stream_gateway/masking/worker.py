"""The child that paints one stream: messages in on standard input, messages out on standard output.

It knows no camera, no address and no password, opens no connection and no file, and ends with its parent: when its
input ends, or its output breaks.
"""

import os
import resource
import sys
from collections.abc import Iterable
from typing import BinaryIO

from stream_gateway.domain.access_units import AccessUnit
from stream_gateway.masking.painting import NothingToHide, Painter, Sets, Unreadable
from stream_gateway.masking.wire import (
    HEADER_BYTES,
    Kind,
    WireBroken,
    areas_from,
    coding_from,
    header_of,
    joined,
    message,
    parted,
    stamp_from,
    unit_from,
    unit_message,
)

EXIT_BROKEN, EXIT_UNREADABLE = 2, 3
_MEMORY_BYTES = 4 * 1024**3


def paint_messages(source: BinaryIO, target: BinaryIO) -> None:
    """Paint until the input ends.

    Raises:
        WireBroken: the input is not what the gateway says.
        NothingToHide: a picture came before its masks, or before its stamp.
        Unreadable: the camera's pictures do not decode.
    """
    kind, content = _next(source) or (Kind.CODING, b"")
    if kind is not Kind.CODING:
        raise WireBroken("no coding first")
    if not content:
        return
    painter = Painter(coding_from(content))
    told: Sets = ()
    while (found := _next(source)) is not None:
        kind, content = found
        match kind:
            case Kind.AREAS:
                painter.hide(areas_from(content))
            case Kind.STAMP:
                painter.stamp(stamp_from(content))
            case Kind.CODEC:
                codec, sets = content.split(b"\x00", 1)
                painter.begin(codec.decode(), list(parted(sets)))
            case Kind.MARK:
                painter.want_key()
                target.write(message(Kind.MARK))
            case Kind.UNIT:
                told = _answer(target, painter.paint(unit_from(content)), told)
            case _:
                raise WireBroken(f"an unexpected message {kind}")
        target.flush()
    _answer(target, painter.rest(), told)
    target.flush()


def _answer(target: BinaryIO, painted: Iterable[tuple[Sets, AccessUnit]], told: Sets) -> Sets:
    """Write painted pictures, parameter sets only where they are others than those told; returns what is told now."""
    for sets, unit in painted:
        if sets and sets != told:
            told = sets
            target.write(message(Kind.SETS, joined(sets)))
        target.write(unit_message(unit))
    return told


def _next(source: BinaryIO) -> tuple[Kind, bytes] | None:
    header = source.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    kind, length = header_of(header)
    content = source.read(length)
    return (kind, content) if len(content) == length else None


def main() -> None:
    """Run as a child; the exit code says why it ended early."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold pictures
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    code = 0
    try:
        paint_messages(sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except (WireBroken, NothingToHide):
        code = EXIT_BROKEN
    except Unreadable:
        code = EXIT_UNREADABLE
    os._exit(code)  # nothing is buffered, and nobody waits for the interpreter to tidy up


if __name__ == "__main__":
    main()
